import type { Split } from "../../data/dataset.ts";
import { NumericError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import type { Values } from "../../graph/ops/control.ts";
import { constantOf, tensorOf } from "../../graph/tensor.ts";
import { input } from "../../graph/value.ts";
import type { Model, Parameters } from "../../models/model.ts";
import { compile } from "../../runtime/program.ts";
import { solverHealth } from "../../solvers/fixed-point.ts";
import { fit } from "../../training/fit.ts";
import { adam } from "../../training/optimisers.ts";
import { cosineRate } from "../../training/schedules.ts";
import { parametersOf } from "../../training/state.ts";

export interface Budget {
  readonly epochs: number;
  readonly batch: number;
  readonly rate: number;
  readonly seed: number;
}

/** Parameters after Adam along half a cosine, on one thread: the same bytes for the same seed. */
export async function trainedOn(
  model: Model,
  data: Split,
  { epochs, batch, rate, seed }: Budget,
): Promise<Parameters> {
  for await (const event of fit(model, data, {
    seed,
    epochs,
    batch,
    optimiser: adam(),
    schedule: cosineRate(rate),
    clipNorm: 1,
    compile: { threads: 1 },
  })) {
    if (event.type !== "end") continue;
    if (event.status === "completed") return parametersOf(model, event.state);
    throw new NumericError(`training of ${model.kind} ended: ${event.reason}`);
  }
  throw new NumericError(`training of ${model.kind} has no end`);
}

/** A function of rows [N, width] under fixed parameters, compiled once. */
export async function mapOf(
  parameters: Parameters,
  width: number,
  build: (p: Values, x: Value) => Value,
) {
  const p = Object.fromEntries(
    Object.entries(parameters).map(([name, tensor]) => [name, constantOf(tensor)]),
  );
  const x = input("x", "float32", ["N", width]);
  const program = await compile({ x }, { y: build(p, x) }, { threads: 1 });
  return {
    rows: async (rows: readonly (readonly number[])[]): Promise<number[][]> => {
      const fed = tensorOf(Float32Array.from(rows.flat()), [rows.length, width]);
      const { y } = await program.run({ x: fed });
      const size = y.shape[1];
      const flat = Array.from(y.data, Number);
      return rows.map((_, i) => flat.slice(i * size, (i + 1) * size));
    },
    release: () => program.release(),
  };
}

/** A model under fixed parameters as a function of rows. */
export const modelMap = (model: Model, parameters: Parameters) =>
  mapOf(parameters, model.inputs, (p, x) => model.apply(model.explicit(p), x, solverHealth()));

/** √(mean ‖a − b‖²) over rows. */
export const distance = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]) =>
  Math.sqrt(
    a.reduce((sum, row, i) => sum + row.reduce((s, v, j) => s + (v - b[i][j]) ** 2, 0), 0) /
      a.length,
  );
