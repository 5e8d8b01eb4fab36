import type { Value } from "../../graph/node.ts";
import type { Values } from "../../graph/ops/control.ts";
import { add, mul } from "../../graph/ops/elementwise.ts";
import { affine } from "../../graph/ops/linear.ts";
import { reshape, slice } from "../../graph/ops/movement.ts";
import { tensorOf, zerosOf } from "../../graph/tensor.ts";
import type { SequenceModel } from "../../models/sequence.ts";

/** Columns of the input: of the model itself, of the measurement at the first sample, of the weight. */
export const columnsOf = (inner: SequenceModel, measured: number) => ({
  own: { end: inner.inputs },
  measurement: { start: inner.inputs, end: inner.inputs + measured },
  weight: { start: inner.inputs + measured },
  width: inner.inputs + measured + 1,
});

/**
 * A model whose state at the first sample is a linear map of what is measured there,
 *
 *   x₀ = E y₀ + e,
 *
 * trained with the rest. It starts as the measurement itself in the first states and 0 in the others,
 * where Martinelli et al. (2023) leave it. The input of each sample holds three things side by side: the
 * model's own input, y₀ (read at the first sample) and a weight, by which the outputs are multiplied:
 * 0 where nothing was sampled.
 *
 * The guarantees of the inner model are its own: what leads to x₀ is no part of them.
 */
export function measuredStart(inner: SequenceModel, measured: number): SequenceModel {
  const { own, measurement, weight, width } = columnsOf(inner, measured);
  const { states } = inner;
  const within = (values: Values) =>
    Object.fromEntries(Object.entries(values).filter(([name]) => !name.startsWith("start.")));
  const weighted = (y: Value, u: Value, axis: number) => mul(y, slice(u, axis, weight));
  return {
    ...inner,
    kind: inner.kind,
    inputs: width,
    initialise: (seed) => ({
      ...inner.initialise(seed),
      "start.weight": tensorOf(
        Float32Array.from({ length: states * measured }, (_, k) => +(k % (measured + 1) === 0)),
        [states, measured],
      ),
      "start.bias": zerosOf("float32", [states]),
    }),
    explicit: (p) => ({
      ...inner.explicit(within(p)),
      "start.weight": p["start.weight"],
      "start.bias": p["start.bias"],
    }),
    simulate: (e, u, x0) => {
      const first = slice(slice(u, 1, { end: 1 }), 2, measurement);
      const y0 = reshape(first, [u.shape[0], measured]);
      const x = add(x0, affine(y0, e["start.weight"], e["start.bias"]));
      const found = inner.simulate(within(e), slice(u, 2, own), x);
      return { ...found, y: weighted(found.y, u, 2) };
    },
    step: (e, u, x) => {
      const found = inner.step(within(e), slice(u, 1, own), x);
      return { ...found, y: weighted(found.y, u, 1) };
    },
  };
}
