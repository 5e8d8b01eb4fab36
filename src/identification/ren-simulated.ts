import type { Experiment } from "../data/experiment/experiment.ts";
import type { SignalScaling } from "../data/experiment/prepare.ts";
import { DataError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Ren } from "../models/ren/ren.ts";
import { scalingTensors } from "./linear-step.ts";
import { stepPredictor } from "./step-model.ts";

/** Fit of what follows the part that is trained on, simulated from the beginning. */
export function simulatedFit(
  scaled: readonly Experiment[],
  ends: readonly number[],
  tensors: Readonly<Record<string, Tensor>>,
  { activation, form: { feedback } }: Ren,
): number {
  const [{ inputs, outputs, sampleTime }] = scaled;
  const base = { kind: "ren", inputs, outputs, sampleTime, activation, feedback } as const;
  const predictor = stepPredictor({ ...base, tensors, certificate: null });
  const l = outputs.length;
  let [error, spread] = [0, 0];
  scaled.forEach(({ u, y, count }, which) => {
    const found = predictor.simulate(u, new Float64Array(predictor.states)).y;
    const from = ends[which];
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

/** Tensors of a scaling that leaves signals as they are. */
export const identityScaling = ({ inputs, outputs }: SignalScaling) => {
  const plain = ({ offset }: SignalScaling["inputs"]) => ({
    offset: offset.map(() => 0),
    scale: offset.map(() => 1),
  });
  return scalingTensors({ inputs: plain(inputs), outputs: plain(outputs) });
};
