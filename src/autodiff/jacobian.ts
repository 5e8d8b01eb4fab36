import { ShapeError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { scan } from "../graph/ops/control.ts";
import { expandTo, transpose, zerosLike } from "../graph/ops/movement.ts";
import { formatType } from "../graph/shape.ts";
import { constant } from "../graph/value.ts";
import { vjp } from "./gradient.ts";

/**
 * Jacobian–vector products Σⱼ ∂outputsₖ/∂inputsⱼ tangentsⱼ, one for each output: u ↦ Jᵀu is linear,
 * and its transpose is J. Needs the derivative of every derivative rule on the way, no new rule.
 */
export function jvp(
  outputs: readonly Value[],
  inputs: readonly Value[],
  tangents: readonly Value[],
): readonly Value[] {
  // Jᵀu does not depend on where u stands, so its value is never computed.
  const u = outputs.map(zerosLike);
  const products = vjp(outputs, inputs, u);
  const reached = [...inputs.keys()].filter((i) => products[i] !== null);
  const transposed = vjp(
    reached.map((i) => products[i]!),
    u,
    reached.map((i) => tangents[i]),
  );
  return transposed.map((product, i) => product ?? zerosLike(outputs[i]));
}

/**
 * The Jacobian of each sample, [N, m, n], of y [N, m] by x [N, n] where a row of y depends on no other
 * row of x: m vector–Jacobian products over the whole batch.
 *
 * @throws ShapeError unless both are matrices and the width of y is known
 */
export function sampleJacobian(y: Value, x: Value): Value {
  const m = y.shape[1];
  if (y.shape.length !== 2 || x.shape.length !== 2 || typeof m !== "number") {
    throw new ShapeError(`Jacobian of ${formatType(y)} by ${formatType(x)}: matrices are wanted`);
  }
  const { outputs } = scan({}, { unit: identity(m, y) }, (_, { unit }) => {
    const [row] = vjp([y], [x], [expandTo(unit, y)]);
    return { state: {}, outputs: { row: row ?? zerosLike(x) } };
  });
  return transpose(outputs.row, [1, 0, 2]);
}

/** The identity of size n, of the dtype of the value beside it. */
export const identity = (n: number, { dtype }: Value) =>
  constant(
    Array.from({ length: n * n }, (_, i) => +(i % (n + 1) === 0)),
    dtype,
    [n, n],
  );
