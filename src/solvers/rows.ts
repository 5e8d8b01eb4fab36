import { ShapeError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { greater, mul, sqrt, square, where } from "../graph/ops/elementwise.ts";
import { matmul } from "../graph/ops/linear.ts";
import { concat, reshape, split } from "../graph/ops/movement.ts";
import { reduceSum } from "../graph/ops/reduction.ts";
import { type DType, elementCount, formatType } from "../graph/shape.ts";
import { constant } from "../graph/value.ts";
import type { StateMap } from "./iterate.ts";

/** How many numbers each sample of a tensor [N, ...] has. @throws ShapeError unless that is known */
export function width(value: Value): number {
  const count = elementCount(value.shape.slice(1));
  if (count === null) {
    throw new ShapeError(
      `a solve over ${formatType(value)}: a history of iterates needs all sizes but the first`,
    );
  }
  return count;
}

/** A state of one or several tensors [N, ...] laid end to end, [N, D]. */
export const toRows = (state: readonly Value[]): Value =>
  concat(
    state.map((value) => reshape(value, [value.shape[0], width(value)])),
    1,
  );

/** The rows [N, D] as a state of the types of `like`. */
export function fromRows(rows: Value, like: readonly Value[]): readonly Value[] {
  const parts = like.length === 1 ? [rows] : split(rows, 1, like.map(width));
  return parts.map((part, i) => reshape(part, like[i].shape));
}

/**
 * The sum along the last axis, which is kept, in an order that does not depend on the batch: a
 * reduction adds in one that depends on where in memory a row begins, unless all begin alike.
 */
export function sums(x: Value): Value {
  const size = x.shape.at(-1)!;
  if (typeof size !== "number" || size % 8 === 0)
    return reduceSum(x, [x.shape.length - 1], { keepdims: true });
  return matmul(x, constant(Array<number>(size).fill(1), x.dtype, [size, 1]));
}

/** The distance from 1 to the next number. */
export const epsilon: Readonly<Record<DType, number>> = {
  float32: 2 ** -23,
  float64: 2 ** -52,
  int64: 1,
  bool: 1,
};

/** f as a map of rows [N, D]. */
export const onRows = (f: StateMap, like: readonly Value[]) => (rows: Value) =>
  toRows(f(...fromRows(rows, like)));

/** ‖·‖² of each row of [N, D], [N, 1] */
export const rowSquares = (rows: Value) => sums(square(rows));
/** Products of the rows of two matrices, [N, 1] */
export const rowProducts = (a: Value, b: Value) => sums(mul(a, b));

/** The sum of the rows of a stack [N, m, D] with weights [N, 1, m], per sample: [N, D]. */
export const combine = (weights: Value, stack: Value): Value => {
  const [n, , d] = stack.shape;
  return reshape(matmul(weights, stack), [n, d]);
};

/** The length at which to take products with A of f(z) = Az + b: f(sp) − b then loses nothing to rounding. */
export const scaleOf = (b: Value) => {
  const length = sqrt(rowSquares(b));
  return where(greater(length, 0), length, 1);
};
