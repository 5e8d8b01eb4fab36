import { ShapeError } from "../errors.ts";

export type DType = "float32" | "float64" | "int64" | "bool";

/** A size: known now (a number), or known when the program runs (a name). Equal names are equal sizes. */
export type Dim = number | string;
export type Shape = readonly Dim[];

/** What is known of a value before it is computed. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** `float32[N, 3]` */
export const formatType = ({ dtype, shape }: TensorType): string => `${dtype}${formatShape(shape)}`;
export const formatShape = (shape: Shape): string => `[${shape.join(", ")}]`;

export const isFloat = (dtype: DType): boolean => dtype === "float32" || dtype === "float64";

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((dim, i) => dim === b[i]);

let unnamed = 0;
/** A name for a size that nothing is known of, equal to no other. */
export const freshDim = (): string => `_${unnamed++}`;

/**
 * The shape of an elementwise result, by NumPy's rule: shapes are aligned at their last axis, and
 * sizes agree when they are equal or one of them is 1. Two different names never agree, since
 * nothing says that they will be equal.
 *
 * @throws ShapeError naming both shapes
 */
export function broadcastShapes(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const p = a[i - rank + a.length] ?? 1;
    const q = b[i - rank + b.length] ?? 1;
    if (p === q || q === 1) return p;
    if (p === 1) return q;
    throw new ShapeError(
      `${formatShape(a)} and ${formatShape(b)} do not broadcast: ${p} against ${q}`,
    );
  });
}

/** The axis counted from the front. @throws ShapeError outside −rank … rank − 1 */
export function normalizeAxis(axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ShapeError(`axis ${axis} of a value of rank ${rank}`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** Product of the sizes, or null when one of them is a name. */
export function elementCount(shape: Shape): number | null {
  let count = 1;
  for (const dim of shape) {
    if (typeof dim === "string") return null;
    count *= dim;
  }
  return count;
}
