import { zerosOf } from "../src/graph/tensor.ts";
import { mlp } from "../src/models/mlp.ts";
import type { Parameters } from "../src/models/model.ts";
import { adam, sgd } from "../src/training/optimisers.ts";
import type { Options } from "./measure.ts";
import { draw, trainCase } from "./train.ts";

const nets: readonly (readonly [widths: readonly number[], batch: number])[] = [
  [[4, 8, 6, 4, 3], 32],
  [[10, 64, 64, 10], 64],
  [[784, 128, 64, 10], 128],
];

/** A training step of small perceptrons with ReLU and cross-entropy: the peers' torch_mlp.py. */
export async function mlpCases(options: Options): Promise<void> {
  for (const [widths, size] of nets) {
    const parameters: Record<string, Parameters[string]> = {};
    widths.slice(1).forEach((outputs, i) => {
      const inputs = widths[i];
      parameters[`layer${i}.weight`] = draw(10 + i, (3 / inputs) ** 0.5, outputs, inputs);
      parameters[`layer${i}.bias`] = zerosOf("float32", [outputs]);
    });
    const batch = { x: draw(6, 1, size, widths[0]), size, classes: widths.at(-1)! };
    for (const optimiser of [sgd(), adam()]) {
      const name = `mlp/${widths.join("-")}/train-${optimiser.kind}/b${size}`;
      await trainCase(options, name, mlp(widths), parameters, batch, { optimiser, rate: 1e-3 });
    }
  }
}
