import { randomStream } from "../../data/random.ts";
import { scan } from "../../graph/ops/control.ts";
import { affine, gemm } from "../../graph/ops/linear.ts";
import { transpose } from "../../graph/ops/movement.ts";
import { tensorOf } from "../../graph/tensor.ts";
import type { SequenceModel } from "../../models/sequence.ts";

/** A linear system x⁺ = A x + B u, y = C x, as a model that is trained as the others are. */
export function linearModel(inputs: number, states: number, outputs: number): SequenceModel {
  const shapes = { A: [states, states], B: [states, inputs], C: [outputs, states] };
  const next = (e: Parameters<SequenceModel["step"]>[0], u: typeof e.A, x: typeof e.A) =>
    gemm(x, e.A, affine(u, e.B), { transB: true });
  return {
    kind: "linear",
    inputs,
    outputs,
    states,
    initialise: (seed) =>
      Object.fromEntries(
        Object.entries(shapes).map(([name, shape]) => {
          const random = randomStream(seed, "initialise", name);
          const entry = (k: number) => {
            const diagonal = name !== "B" && k % (shape[1] + 1) === 0 ? 0.95 : 0;
            return diagonal + 0.1 * random.normal();
          };
          const data = Float32Array.from({ length: shape[0] * shape[1] }, (_, k) => entry(k));
          return [name, tensorOf(data, shape)];
        }),
      ),
    explicit: (parameters) => parameters,
    step: (e, u, x) => ({ y: affine(x, e.C), x: next(e, u, x) }),
    simulate: (e, u, x0) => {
      const run = scan({ x: x0 }, { u: transpose(u, [1, 0, 2]) }, ({ x }, row) => ({
        state: { x: next(e, row.u, x) },
        outputs: { y: affine(x, e.C) },
      }));
      return { y: transpose(run.outputs.y, [1, 0, 2]), x: run.state.x };
    },
  };
}
