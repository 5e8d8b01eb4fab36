import { UsageError } from "../../errors.ts";
import { type Experiment, requireAlike, valuesOf } from "./experiment.ts";

/** s ↦ (s − offset) / scale of each signal. */
export interface SignalScaling {
  readonly inputs: { readonly offset: Float64Array; readonly scale: Float64Array };
  readonly outputs: { readonly offset: Float64Array; readonly scale: Float64Array };
}

/**
 * Mean and standard deviation of each signal over all experiments together, so that one model serves
 * them all. A signal that never changes gets scale 1.
 *
 * @throws UsageError  for experiments of different signals
 */
export function fitScaling(experiments: readonly Experiment[]): SignalScaling {
  requireAlike(experiments);
  const [{ inputs, outputs }] = experiments;
  const fit = (of: "u" | "y", width: number) => {
    const each = Array.from({ length: width }, (_, j) => moments(experiments, of, width, j));
    return {
      offset: Float64Array.from(each, ([mean]) => mean),
      scale: Float64Array.from(each, ([, deviation]) => deviation),
    };
  };
  return { inputs: fit("u", inputs.length), outputs: fit("y", outputs.length) };
}

function moments(all: readonly Experiment[], of: "u" | "y", width: number, j: number) {
  const values = all.flatMap((experiment) => [...valuesOf(experiment[of], width, j)]);
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
  const constant = values.every((v) => v === values[0]);
  return [mean, constant || variance === 0 ? 1 : Math.sqrt(variance)];
}

/** The experiment with every signal standardised. @throws UsageError  for other numbers of signals */
export function applyScaling(experiment: Experiment, scaling: SignalScaling): Experiment {
  const { inputs, outputs, u, y } = experiment;
  for (const [what, names, { offset }] of [
    ["inputs", inputs, scaling.inputs],
    ["outputs", outputs, scaling.outputs],
  ] as const) {
    if (names.length !== offset.length)
      throw new UsageError(
        `${experiment.name}: ${names.length} ${what}, the scaling was fitted to ${offset.length}`,
      );
  }
  const apply = (values: Float64Array, { offset, scale }: SignalScaling["inputs"]) =>
    values.map((v, k) => (v - offset[k % offset.length]) / scale[k % offset.length]);
  return { ...experiment, u: apply(u, scaling.inputs), y: apply(y, scaling.outputs) };
}

/** Outputs [count × outputs] of a model of standardised signals, in the units of the data. */
export function unscaleOutputs(y: Float64Array, { outputs }: SignalScaling): Float64Array {
  const width = outputs.offset.length;
  return y.map((v, k) => v * outputs.scale[k % width] + outputs.offset[k % width]);
}

/**
 * The experiment less the mean of each signal, or less its straight line by least squares: a drift
 * that no input explains.
 */
export function detrend(experiment: Experiment, kind: "mean" | "linear" = "mean"): Experiment {
  if (kind !== "mean" && kind !== "linear")
    throw new UsageError(`detrend: "${kind}" is neither "mean" nor "linear"`);
  const { inputs, outputs, u, y, count } = experiment;
  const centre = (count - 1) / 2;
  const spread = (count * (count ** 2 - 1)) / 12; // Σ (t − centre)²
  const apply = (values: Float64Array, width: number) => {
    const out = values.slice();
    for (let j = 0; j < width; j++) {
      const signal = valuesOf(values, width, j);
      const mean = signal.reduce((sum, v) => sum + v, 0) / count;
      const moment = signal.reduce((sum, v, t) => sum + (t - centre) * (v - mean), 0);
      const slope = kind === "linear" ? moment / spread : 0;
      for (let t = 0; t < count; t++) out[t * width + j] -= mean + slope * (t - centre);
    }
    return out;
  };
  return { ...experiment, u: apply(u, inputs.length), y: apply(y, outputs.length) };
}
