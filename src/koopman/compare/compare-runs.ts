import { refuseUnknown } from "../../errors/suggest.ts";
import { DataError, UsageError } from "../../errors.ts";
import { columnNorms } from "../../linalg/blocks.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import { compressTall } from "../../linalg/tall.ts";
import type { TallSource } from "../../linalg/tall-source.ts";
import { noiseFloor } from "../dmd/truncation.ts";
import { tallBetween, tallIncrements, tallNorms } from "../snapshots/tall-increments.ts";
import type { SeriesInput } from "../verdict/analysis.ts";
import { signal, storageRounding } from "../verdict/motion.ts";
import { spacingOf } from "../verdict/spacing.ts";
import { noiseOf } from "../verdict/window.ts";
import { type Comparison, compareDynamics } from "./compare.ts";

export interface CompareRunsOptions {
  /** Values or snapshots looked at, at most: the last ones that both runs have. */
  readonly window: number;
  readonly seed: number;
}

export const compareRunsDefaults: CompareRunsOptions = { window: 60, seed: 0 };

/** Two runs over the same stretch, with the same delays and the same rule for the rank. */
export interface RunsComparison extends Comparison {
  /** Which values or snapshots of both, from 0; `to` is the last. */
  readonly window: { readonly from: number; readonly to: number; readonly length: number };
  readonly delays: number;
}

/** Fewer values, or snapshots, say nothing. */
const fewestValues = 40;
const fewestSnapshots = 10;

/**
 * Whether the losses of two runs could come from one dynamics: `compareDynamics` of the last `window`
 * values that both have, delayed by half of it, with the rank from the larger noise of the two.
 *
 * @throws DataError  for fewer than 40 common values, one of them not finite, or other distances of the steps
 * @throws UsageError  for an unknown option or one out of range
 */
export function compareSeries(
  a: SeriesInput,
  b: SeriesInput,
  options: Partial<CompareRunsOptions> = {},
): RunsComparison {
  const { window, seed } = chosen("compareSeries", options, fewestValues);
  requireSameSpacing(a.steps, b.steps);
  const stretch = common(a.values.length, b.values.length, window, fewestValues, "values");
  const [x, y] = [a, b].map(({ values, name, source }) => {
    const taken = Float64Array.from(values).slice(stretch.from, stretch.to + 1);
    const odd = taken.findIndex((value) => !Number.isFinite(value));
    if (odd >= 0)
      throw new DataError(`"${name}" of ${source}: value ${stretch.from + odd} is ${taken[odd]}`);
    return taken;
  });
  const noise = Math.max(noiseOf(x), noiseOf(y));
  const delays = Math.floor(stretch.length / 2);
  const row = (data: Float64Array): Matrix => ({ rows: 1, cols: data.length, data });
  const found = compareDynamics(row(x), row(y), {
    delays: [delays, delays],
    truncation: noiseFloor(noise),
    seed,
  });
  return { ...found, window: stretch, delays };
}

/**
 * The same of weights, which may be of models of different sizes: spectra of their increments, whose
 * inner products are all that counts, so that each is first reduced to a triangle.
 *
 * @throws DataError  for fewer than 10 common snapshots, entries that are not finite, or other distances of
 *   the steps
 * @throws UsageError  for an unknown option or one out of range
 */
export async function compareWeights(
  a: { readonly data: TallSource; readonly steps: ArrayLike<number> },
  b: { readonly data: TallSource; readonly steps: ArrayLike<number> },
  options: Partial<CompareRunsOptions> = {},
): Promise<RunsComparison> {
  const { window, seed } = chosen("compareWeights", options, fewestSnapshots);
  requireSameSpacing(a.steps, b.steps);
  const stretch = common(a.data.cols, b.data.cols, window, fewestSnapshots, "snapshots");
  const parts: { R: Matrix; rounding: number }[] = [];
  for (const { data } of [a, b]) {
    const taken = tallBetween(data, stretch.from, stretch.to + 1);
    const { R } = await compressTall(tallIncrements(taken));
    parts.push({ R, rounding: storageRounding(taken, await tallNorms(taken), columnNorms(R)) });
  }
  const [x, y] = parts;
  // Few coordinates need delays for as many modes; the same for both.
  const delays = Math.max(1, Math.ceil(40 / Math.min(x.R.rows, y.R.rows)));
  const most = Math.floor(x.R.cols / 2);
  const found = compareDynamics(x.R, y.R, {
    delays: [Math.min(delays, most), Math.min(delays, most)],
    truncation: signal(Math.max(x.rounding, y.rounding)),
    seed,
  });
  return { ...found, window: stretch, delays: Math.min(delays, most) };
}

function common(a: number, b: number, window: number, fewest: number, what: string) {
  const end = Math.min(a, b);
  const length = Math.min(window, end);
  if (length < fewest)
    throw new DataError(`${a} and ${b} ${what}: the two have ${end} in common`, {
      hint: `a spectrum needs ${fewest}`,
    });
  return { from: end - length, to: end - 1, length };
}

function requireSameSpacing(a: ArrayLike<number>, b: ArrayLike<number>): void {
  const [first, second] = [spacingOf(a), spacingOf(b)];
  if (Math.abs(first.spacing - second.spacing) > 1e-9 * first.spacing)
    throw new DataError(
      `one run is logged every ${first.spacing} steps, the other every ${second.spacing}`,
      { hint: "eigenvalues are factors from one value to the next: log both alike" },
    );
}

function chosen(where: string, options: Partial<CompareRunsOptions>, fewest: number) {
  refuseUnknown(where, options, Object.keys(compareRunsDefaults));
  const all = { ...compareRunsDefaults, ...options };
  if (!(Number.isInteger(all.window) && all.window >= fewest))
    throw new UsageError(`${where}: window ${all.window}`, `whole, at least ${fewest}`);
  return all;
}
