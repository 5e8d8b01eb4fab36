import { refuseUnknown } from "../../errors/suggest.ts";
import { DataError, UsageError } from "../../errors.ts";
import { type Experiment, experimentOf, fewestSamples } from "./experiment.ts";

/** Samples `from` … `to` − 1 as an experiment of their own. @throws DataError  for fewer than 10 */
export function cut(experiment: Experiment, from: number, to: number): Experiment {
  const { inputs, outputs, u, y } = experiment;
  return experimentOf({
    ...experiment,
    u: u.slice(from * inputs.length, to * inputs.length),
    y: y.slice(from * outputs.length, to * outputs.length),
  });
}

/**
 * The beginning to work on and the end to check on, with a gap between them that neither has: what
 * the system still remembers of the first part would make the second look better than it is.
 *
 * @param options  `at`: the share of the samples before the split, 0.7 unless given; `gap`: seconds, 0
 * @throws UsageError  for a share that is not between 0 and 1, or a negative gap
 * @throws DataError  when a part would have fewer than 10 samples or a constant output
 */
export function splitExperiment(
  experiment: Experiment,
  options: { readonly at?: number; readonly gap?: number } = {},
): { readonly work: Experiment; readonly check: Experiment } {
  refuseUnknown("splitExperiment", options, ["at", "gap"]);
  const { at = 0.7, gap = 0 } = options;
  if (!(at > 0 && at < 1)) throw new UsageError(`split: at is ${at}, wanted between 0 and 1`);
  if (!(gap >= 0 && Number.isFinite(gap)))
    throw new UsageError(`split: the gap is ${gap}, wanted seconds from 0`);
  const { count, sampleTime, name } = experiment;
  const end = Math.round(at * count);
  const start = end + Math.ceil(gap / sampleTime - 1e-9);
  if (end < fewestSamples || count - start < fewestSamples)
    throw new DataError(
      `${name}: ${count} samples split into ${end} and ${Math.max(0, count - start)} with a gap of ` +
        `${start - end}; each part needs ${fewestSamples}`,
      { hint: "move the split, shorten the gap, or measure longer" },
    );
  return { work: cut(experiment, 0, end), check: cut(experiment, start, count) };
}
