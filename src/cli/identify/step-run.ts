import { decodeStep } from "../../identification/step-file.ts";
import { stepPredictor } from "../../identification/step-model.ts";
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

/** `eigenflow simulate MODEL -i U.csv`: the outputs to inputs, from the state 0, as CSV. */
export async function simulateFile(
  path: string,
  {
    input,
    out,
    missing,
  }: Pick<ExperimentFlags, "missing"> & { readonly input: string; readonly out?: string },
): Promise<Outcome> {
  const model = decodeStep(await readModelFile(path), path);
  const asked = missing === undefined ? {} : { missing };
  const { values, count, warnings } = await signalsOf(input, model.inputs, asked);
  for (const warning of warnings) note(`warning: ${warning}`);
  const predictor = stepPredictor(model);
  const { y } = predictor.simulate(values, new Float64Array(predictor.states));
  const l = model.outputs.length;
  const lines = Array.from({ length: count }, (_, t) =>
    [t * model.sampleTime, ...y.subarray(t * l, (t + 1) * l)].map((v) => short(v, 9)).join(","),
  );
  const csv = `${[["time", ...model.outputs].map(cellOf).join(","), ...lines].join("\n")}\n`;
  if (out !== undefined) writeFile(out, csv);
  return {
    document: { samples: count, outputs: model.outputs, y: Array.from(y), ...(out && { out }) },
    text: out === undefined ? csv : `${count} rows written to ${out}`,
  };
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
  const start =
    initial === "estimate" || initial === "zero" ? initial : whole("--initial", initial);
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
