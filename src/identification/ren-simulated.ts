import type { Experiment } from "../data/experiment/experiment.ts";
import type { SignalScaling } from "../data/experiment/prepare.ts";
import { DataError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Ren } from "../models/ren/ren.ts";
import { scalingTensors } from "./linear-step.ts";
import { estimateInitialState } from "./predictor.ts";
import { stepPredictor } from "./step-model.ts";

/**
 * Fit of what follows the part that is trained on, simulated from the beginning: from the state 0, or where that
 * is not forgotten until then, from the state that fits the part that is trained on.
 */
export function simulatedFit(
  scaled: readonly Experiment[],
  ends: readonly number[],
  tensors: Readonly<Record<string, Tensor>>,
  { activation, form: { feedback, rate } }: Ren,
): number {
  const [{ inputs, outputs, sampleTime }] = scaled;
  const base = { kind: "ren", inputs, outputs, sampleTime, activation, feedback } as const;
  const predictor = stepPredictor({ ...base, tensors, certificate: null });
  const l = outputs.length;
  let [error, spread] = [0, 0];
  scaled.forEach((experiment, which) => {
    const { u, y, count } = experiment;
    const from = ends[which];
    const start =
      rate ** from > forgotten
        ? estimateInitialState(predictor, beginning(experiment, from), "simulate", 1e-2)
        : new Float64Array(predictor.states);
    const found = predictor.simulate(u, start).y;
    for (let j = 0; j < l; j++) {
      let mean = 0;
      for (let t = from; t < count; t++) mean += y[t * l + j] / (count - from);
      for (let t = from; t < count; t++) {
        error += (y[t * l + j] - found[t * l + j]) ** 2;
        spread += (y[t * l + j] - mean) ** 2;
      }
    }
  });
  if (spread === 0)
    throw new DataError("the outputs are constant in the data kept for stopping", {
      hint: "measure longer, or keep another share",
    });
  return 100 * (1 - Math.sqrt(error / spread));
}

/** The share of an initial state that no longer counts. */
const forgotten = 1e-3;

const beginning = (experiment: Experiment, count: number): Experiment => ({
  ...experiment,
  u: experiment.u.subarray(0, count * experiment.inputs.length),
  y: experiment.y.subarray(0, count * experiment.outputs.length),
  count,
});

/** Tensors of a scaling that leaves signals as they are. */
export const identityScaling = ({ inputs, outputs }: SignalScaling) => {
  const plain = ({ offset }: SignalScaling["inputs"]) => ({
    offset: offset.map(() => 0),
    scale: offset.map(() => 1),
  });
  return scalingTensors({ inputs: plain(inputs), outputs: plain(outputs) });
};
