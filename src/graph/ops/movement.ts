import { ShapeError } from "../../errors.ts";
import type { Value } from "../node.ts";
import { type Dim, formatShape, type Shape, sameShape } from "../shape.ts";
import { apply, applyNode, constant } from "../value.ts";

/** Sizes at run time, as an int64 vector; of axes start … end − 1. */
export const shapeOf = (x: Value, start = 0, end = x.shape.length) =>
  apply("Shape", [x], { start, end });

/** A shape as an int64 vector: a constant, or sizes read from `source`, which holds the names. */
export function shapeVector(shape: Shape, source: Value): Value {
  if (shape.every((dim) => typeof dim === "number")) return constant(shape, "int64");
  if (sameShape(shape, source.shape)) return shapeOf(source);
  const parts = shape.map((dim) => {
    if (typeof dim === "number") return constant([dim], "int64");
    const axis = source.shape.indexOf(dim);
    if (axis < 0) throw new ShapeError(`size ${dim} is no size of ${formatShape(source.shape)}`);
    return shapeOf(source, axis, axis + 1);
  });
  return apply("Concat", parts, { axis: 0 });
}

/** The same entries in row-major order under another shape; one size may be −1: what is left. */
export function reshape(x: Value, shape: readonly Dim[]): Value {
  if (sameShape(shape, x.shape)) return x;
  const names = shape.filter((dim) => typeof dim === "string");
  // One name needs no size at run time: it is what the other sizes leave.
  if (names.length === 1 && !shape.includes(-1)) {
    const target = shape.map((dim) => (typeof dim === "string" ? -1 : dim));
    const result = apply("Reshape", [x, constant(target, "int64")]);
    if (sameShape(result.shape, shape)) return result;
  }
  return apply("Reshape", [x, shapeVector(shape, x)]);
}

/** Axes in another order; reversed unless given. */
export const transpose = (x: Value, perm?: readonly number[]) =>
  apply("Transpose", [x], { perm: perm ?? x.shape.map((_, i) => x.shape.length - 1 - i) });

/** The last two axes exchanged. */
export const matrixTranspose = (x: Value) => {
  const rank = x.shape.length;
  return transpose(
    x,
    x.shape.map((_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i)),
  );
};

/** Drops axes of size 1. */
export const squeeze = (x: Value, axes: readonly number[]) =>
  axes.length === 0 ? x : apply("Squeeze", [x, constant(axes, "int64")]);
/** Inserts axes of size 1 at these places of the result. */
export const unsqueeze = (x: Value, axes: readonly number[]) =>
  axes.length === 0 ? x : apply("Unsqueeze", [x, constant(axes, "int64")]);

/** Repeats axes of size 1 until the shape is that of `like` (by broadcasting). */
export const expandTo = (x: Value, like: Value) =>
  sameShape(x.shape, like.shape) ? x : apply("Expand", [x, shapeVector(like.shape, like)]);

/** Values end to end along an axis; all other sizes must agree. */
export const concat = (parts: readonly Value[], axis: number) =>
  parts.length === 1 ? parts[0] : apply("Concat", parts, { axis });

export interface Range {
  readonly start?: number;
  readonly end?: number;
  readonly step?: number;
}

const farEnd = 2 ** 31 - 1;
/** Indices start … end of one axis, negative ones counted from its end. */
export const slice = (x: Value, axis: number, { start, end, step = 1 }: Range) =>
  apply("Slice", [
    x,
    ...[start ?? (step > 0 ? 0 : farEnd), end ?? (step > 0 ? farEnd : -farEnd), axis, step].map(
      (n) => constant([n], "int64"),
    ),
  ]);

/** Consecutive parts of an axis. */
export const split = (x: Value, axis: number, sizes: readonly number[]) =>
  applyNode("Split", [x, constant(sizes, "int64")], { axis }).outputs;

/** Zeros (or `value`) before and after each axis: pads = all begins, then all ends; negative crops. */
export const pad = (x: Value, pads: readonly number[], value = 0) =>
  pads.every((n) => n === 0)
    ? x
    : apply("Pad", [x, constant(pads, "int64"), constant(value, x.dtype)], { mode: "constant" });

/** Zeros of the type of `like`. */
export const zerosLike = (like: Value) => filled(0, like);
/** A number repeated to the type of `like`. */
export const filled = (number: number, like: Value) => full(number, like.shape, like);
/** A number repeated to a shape, in the dtype of `source`, which holds the sizes with names. */
export const full = (number: number, shape: Shape, source: Value) =>
  shape.length === 0
    ? constant(number, source.dtype)
    : apply("Expand", [constant(number, source.dtype), shapeVector(shape, source)]);
