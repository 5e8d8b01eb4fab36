import { fewestSamples } from "../../data/experiment/experiment.ts";
import { counted } from "../../data/run/run.ts";
import { DataError, UsageError } from "../../errors.ts";
import { estimateInitialState } from "../../identification/predictor.ts";
import { decodeStep } from "../../identification/step-file.ts";
import { type StepModel, stepPredictor } from "../../identification/step-model.ts";
import { formatValidation, validate } from "../../identification/validate.ts";
import { writeFile } from "../../training/atomic-file.ts";
import {
  type ExperimentFlags,
  experimentsOf,
  signalsOf,
  whole,
} from "../input/experiment-input.ts";
import { readModelFile } from "../input/model-file.ts";
import { short } from "../output/numbers.ts";
import { note, type Outcome } from "../output/output.ts";
import { cellOf } from "../train/predict.ts";
import { validationDocument } from "./validation-document.ts";

type Initial = "estimate" | "zero" | number;

/** `--initial` of simulate and validate. @throws UsageError */
function initialOf(text: string): Initial {
  if (text === "estimate" || text === "zero") return text;
  if (/^\d+$/.test(text)) return whole("--initial", text);
  throw new UsageError(
    `--initial ${text}`,
    "wanted: zero, estimate, or a whole number of samples to run from zero before",
  );
}

/**
 * `eigenflow simulate MODEL -i U.csv`: the outputs to inputs as CSV, from the state 0; from that which meets the
 * outputs in the file best; or from 0 without the first samples, in which the model forgets where it began.
 */
export async function simulateFile(
  path: string,
  {
    input,
    out,
    missing,
    initial = "zero",
  }: Pick<ExperimentFlags, "missing"> & {
    readonly input: string;
    readonly out?: string;
    readonly initial?: string;
  },
): Promise<Outcome> {
  const start = initialOf(initial);
  const model = decodeStep(await readModelFile(path), path);
  const asked = missing === undefined ? {} : { missing };
  const { values, count, warnings } = await signalsOf(input, model.inputs, asked);
  for (const warning of warnings) note(`warning: ${warning}`);
  const left = typeof start === "number" ? start : 0;
  if (left >= count)
    throw new UsageError(
      `--initial ${left} leaves nothing of the ${counted(count, "row")} of ${input}`,
    );
  const predictor = stepPredictor(model);
  const x0 =
    start === "estimate"
      ? await startIn(input, model, values, asked)
      : new Float64Array(predictor.states);
  const l = model.outputs.length;
  const y = predictor.simulate(values, x0).y.subarray(left * l);
  const lines = Array.from({ length: count - left }, (_, t) =>
    [(left + t) * model.sampleTime, ...y.subarray(t * l, (t + 1) * l)]
      .map((v) => short(v, 9))
      .join(","),
  );
  const csv = `${[["time", ...model.outputs].map(cellOf).join(","), ...lines].join("\n")}\n`;
  if (out !== undefined) writeFile(out, csv);
  return {
    document: {
      samples: lines.length,
      outputs: model.outputs,
      initial: start,
      y: Array.from(y),
      ...(out && { out }),
    },
    text: out === undefined ? csv : `${lines.length} rows written to ${out}`,
  };
}

/**
 * The state from which the model meets the outputs in a file best.
 *
 * @throws DataError  for a file without them, or with fewer than 10 rows
 */
async function startIn(
  input: string,
  model: StepModel,
  u: Float64Array,
  asked: Pick<ExperimentFlags, "missing">,
): Promise<Float64Array> {
  const { inputs, outputs, sampleTime } = model;
  const { values: y, count } = await signalsOf(input, outputs, asked).catch((error: unknown) => {
    if (!(error instanceof DataError)) throw error;
    throw new DataError(`--initial estimate wants the outputs in the file: ${error.message}`, {
      hint: "without them: --initial zero, or a number of samples to run from zero before",
      cause: error,
    });
  });
  if (count < fewestSamples)
    throw new DataError(
      `${input}: ${counted(count, "row")}, too few to estimate an initial state; wanted ${fewestSamples}`,
    );
  const experiment = { name: input, sampleTime, inputs, outputs, count, u, y, warnings: [] };
  return estimateInitialState(stepPredictor(model), experiment, "simulate");
}

/** `eigenflow validate MODEL DATA…`: how well the model simulates data, and what it leaves. */
export async function validateFile(
  path: string,
  data: readonly string[],
  {
    initial = "estimate",
    ...flags
  }: Pick<ExperimentFlags, "time" | "experiment" | "missing" | "irregular"> & {
    readonly initial?: string;
  },
): Promise<Outcome> {
  const model = decodeStep(await readModelFile(path), path);
  const start = initialOf(initial);
  const { inputs, outputs, sampleTime } = model;
  const experiments = await experimentsOf(data, { ...flags }, { inputs, outputs, sampleTime });
  // Of what was mended; that an input hardly moves is no fault of data to validate on.
  if (flags.missing !== undefined || flags.irregular !== undefined)
    for (const { warnings } of experiments)
      for (const warning of warnings) note(`warning: ${warning}`);
  const shortest = Math.min(...experiments.map(({ count }) => count));
  const found = validate(stepPredictor(model), experiments, {
    horizons: ["simulate"],
    initial: start,
    lags: Math.max(1, Math.min(20, Math.floor(shortest / 8))),
  });
  return { document: validationDocument(found), text: formatValidation(found) };
}
