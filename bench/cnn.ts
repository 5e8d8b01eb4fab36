import { cnn } from "../src/models/cnn.ts";
import { adam, sgd } from "../src/training/optimisers.ts";
import type { Options } from "./measure.ts";
import { draw, trainCase } from "./train.ts";

const size = 128;

/**
 * A training step of a digit classifier with two convolutions: the peers' torch_cnn.py. Data and
 * distribution of the weights are the peers'; the weights themselves come from torch's generator there.
 */
export async function cnnCases(options: Options): Promise<void> {
  for (const padding of ["valid", "same"] as const) {
    const shape = { image: [1, 28, 28], channels: [16, 32], hidden: [100], outputs: 10 } as const;
    const model = cnn({ ...shape, padding });
    const batch = { x: draw(6, 1, size, 28 * 28), size, classes: 10 };
    for (const [optimiser, rate] of [
      [sgd(), 1e-3],
      [adam(), 1e-4],
    ] as const) {
      const name = `cnn/${padding}/train-${optimiser.kind}`;
      await trainCase(options, name, model, model.initialise(1), batch, { optimiser, rate });
    }
  }
}
