import { reducedAxes } from "../infer/reduction.ts";
import type { Value } from "../node.ts";
import type { OpType } from "../operators.ts";
import { elementCount } from "../shape.ts";
import { apply, constant } from "../value.ts";
import { cast, div, mul, sub } from "./elementwise.ts";
import { shapeOf } from "./movement.ts";

export interface ReduceOptions {
  readonly keepdims?: boolean;
}

/** Over the axes named, or over all; reduced axes are dropped unless `keepdims`. */
const reduction =
  (op: OpType) =>
  (x: Value, axes?: readonly number[], { keepdims = false }: ReduceOptions = {}) =>
    axes?.length === 0
      ? apply("Identity", [x])
      : apply(op, axes === undefined ? [x] : [x, constant(axes, "int64")], { keepdims: +keepdims });

/** Σ x over axes, all of them unless given; as the others, see `ReduceOptions`. */
export const reduceSum = reduction("ReduceSum");
/** The mean over axes. */
export const reduceMean = reduction("ReduceMean");
/** The largest over axes. */
export const reduceMax = reduction("ReduceMax");
/** The smallest over axes. */
export const reduceMin = reduction("ReduceMin");
/** Σ x² */
export const reduceSumSquare = reduction("ReduceSumSquare");

/** How many entries each result of a reduction is made of, as a scalar of x's dtype. */
export function reducedCount(x: Value, axes?: readonly number[]): Value {
  const along = reducedAxes(x, axes === undefined ? null : constant(axes, "int64"));
  const known = elementCount(along.map((axis) => x.shape[axis]));
  if (known !== null) return constant(known, x.dtype);
  return along
    .map((axis) => cast(apply("ReduceSum", [shapeOf(x, axis, axis + 1)], { keepdims: 0 }), x.dtype))
    .reduce(mul);
}

/** Mean of (x − mean)² */
export function variance(x: Value, axes?: readonly number[], options: ReduceOptions = {}): Value {
  const centred = sub(x, reduceMean(x, axes, { keepdims: true }));
  return div(reduceSumSquare(centred, axes, options), reducedCount(x, axes));
}

/** eˣ / Σ eˣ along an axis */
export const softmax = (x: Value, axis = -1) => apply("Softmax", [x], { axis });
/** x − log Σ eˣ along an axis */
export const logSoftmax = (x: Value, axis = -1) => apply("LogSoftmax", [x], { axis });

/** Index of the largest entry along an axis, the first of equals. */
export const argMax = (x: Value, axis: number) => apply("ArgMax", [x], { axis, keepdims: 0 });

/** Running sums along an axis, from its end when `reverse`. */
export const cumSum = (x: Value, axis: number, { reverse = false } = {}) =>
  apply("CumSum", [x, constant(axis, "int64")], { reverse: +reverse });
