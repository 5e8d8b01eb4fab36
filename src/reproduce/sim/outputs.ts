import type { Dataset } from "../../data/dataset.ts";
import { tensorOf } from "../../graph/tensor.ts";
import { input } from "../../graph/value.ts";
import type { Model } from "../../models/model.ts";
import { compile } from "../../runtime/program.ts";
import { solverHealth } from "../../solvers/fixed-point.ts";
import { layoutOf, unpack } from "../../training/flat.ts";

/** Outputs of a model on a set, row after row, under parameters end to end; compiled once. */
export interface Outputs {
  readonly of: (theta: Float32Array) => Promise<number[]>;
  readonly release: () => Promise<void>;
}

/** @param rows  in one call */
export async function outputsOf(model: Model, set: Dataset, rows: number): Promise<Outputs> {
  const layout = layoutOf(model.initialise(0));
  const theta = input("theta", "float32", [layout.size]);
  const x = input("x", "float32", ["N", model.inputs]);
  const y = model.apply(model.explicit(unpack(layout, theta)), x, solverHealth());
  const program = await compile({ theta, x }, { y }, { threads: 1 });
  return {
    of: async (numbers) => {
      const outputs: number[] = [];
      for (let from = 0; from < set.count; from += rows) {
        const to = Math.min(from + rows, set.count);
        const found = await program.run({
          theta: tensorOf(numbers, [layout.size]),
          x: tensorOf(set.features.subarray(from * set.width, to * set.width), [
            to - from,
            set.width,
          ]),
        });
        for (const value of found.y.data) outputs.push(Number(value));
      }
      return outputs;
    },
    release: () => program.release(),
  };
}
