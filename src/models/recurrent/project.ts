import type { Value } from "../../graph/node.ts";
import { gemm } from "../../graph/ops/linear.ts";
import { reshape, shapeVector } from "../../graph/ops/movement.ts";
import { apply } from "../../graph/value.ts";

/*
 * Products over all times and samples at once. As one of matrices: the derivative of a batched
 * product would make a weight's cotangent for each time and add them up.
 */

/** x [T, B, n] as T·B rows. */
const rowsOf = (x: Value) => reshape(x, [-1, Number(x.shape[2])]);

/** W x + b at every time: x [T, B, n], W [m, n], b [m] → [T, B, m]. */
export function project(x: Value, weight: Value, bias: Value): Value {
  const flat = gemm(rowsOf(x), weight, bias, { transB: true });
  return apply("Reshape", [flat, shapeVector([...x.shape.slice(0, 2), weight.shape[0]], x)]);
}

/** Σ aᵀ b over times and samples: a [T, B, m], b [T, B, n] → [m, n]. */
export function sumOfProducts(a: Value, b: Value): Value {
  const rows = rowsOf(a);
  // By the size that the rows of `a` turned out to have: T·B has no name of its own.
  const beside = apply("Reshape", [b, shapeVector([rows.shape[0], b.shape[2]], rows)]);
  return gemm(rows, beside, null, { transA: true });
}
