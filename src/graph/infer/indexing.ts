import { ShapeError } from "../../errors.ts";
import { constantNumbers, type Value } from "../node.ts";
import type { Operator } from "../operators.ts";
import { formatShape, freshDim, normalizeAxis, sameShape } from "../shape.ts";
import { operator, required, sameDtype } from "./elementwise.ts";

const axisAttribute = { axis: { kind: "int", default: 0 } } as const;

const indices = (x: Value | null | undefined, position: number): Value => {
  const value = required(x, position);
  if (value.dtype !== "int64") throw new ShapeError(`indices must be int64, not ${value.dtype}`);
  return value;
};

/** Into how many axes of x rows of indices [..., k] point: k. */
function depthOf({ shape }: Value, x: Value): number {
  const depth = shape.at(-1);
  if (typeof depth !== "number") throw new ShapeError("the depth of the indices is not known");
  if (depth < 1 || depth > x.shape.length) {
    throw new ShapeError(`indices of depth ${depth} into rank ${x.shape.length}`);
  }
  return depth;
}

export const indexOperators = {
  /** Slices of x along an axis, one for each index: the axis is replaced by the shape of the indices. */
  Gather: operator(([first, second], { axis = 0 }) => {
    const [x, index] = [required(first, 0), indices(second, 1)];
    const along = normalizeAxis(Number(axis), x.shape.length);
    const shape = [...x.shape.slice(0, along), ...index.shape, ...x.shape.slice(along + 1)];
    return [{ dtype: x.dtype, shape }];
  }, axisAttribute),

  GatherElements: operator(([first, second], { axis = 0 }) => {
    const [x, index] = [required(first, 0), indices(second, 1)];
    normalizeAxis(Number(axis), x.shape.length);
    if (index.shape.length !== x.shape.length) throw new ShapeError("the ranks differ");
    return [{ dtype: x.dtype, shape: index.shape }];
  }, axisAttribute),

  ScatterElements: operator(
    ([first, second, third], { axis = 0 }) => {
      const [x, index, updates] = [required(first, 0), indices(second, 1), required(third, 2)];
      normalizeAxis(Number(axis), x.shape.length);
      if (!sameShape(index.shape, updates.shape)) {
        throw new ShapeError(
          `indices ${formatShape(index.shape)}, updates ${formatShape(updates.shape)}`,
        );
      }
      return [{ dtype: sameDtype(x, updates), shape: x.shape }];
    },
    { ...axisAttribute, reduction: { kind: "string", default: "none" } },
  ),

  /** Writes (or adds) slices of x at rows of indices [..., k] into its first k axes. */
  ScatterND: operator(
    ([first, second, third]) => {
      const [x, index, updates] = [required(first, 0), indices(second, 1), required(third, 2)];
      const depth = depthOf(index, x);
      const wanted = [...index.shape.slice(0, -1), ...x.shape.slice(depth)];
      if (!sameShape(wanted, updates.shape)) {
        throw new ShapeError(
          `updates ${formatShape(updates.shape)}, wanted ${formatShape(wanted)}`,
        );
      }
      return [{ dtype: sameDtype(x, updates), shape: x.shape }];
    },
    { reduction: { kind: "string", default: "none" } },
  ),

  /** Slices of x at rows of indices [..., k] into its first k axes: the adjoint of ScatterND. */
  GatherND: operator(([first, second]) => {
    const [x, index] = [required(first, 0), indices(second, 1)];
    const depth = depthOf(index, x);
    return [{ dtype: x.dtype, shape: [...index.shape.slice(0, -1), ...x.shape.slice(depth)] }];
  }),

  /** indices, depth, [off, on] → the indices' shape with an axis of that depth */
  OneHot: operator(
    ([first, second, third], { axis = -1 }) => {
      const [index, values] = [indices(first, 0), required(third, 2)];
      if (index.shape.length === 0) throw new ShapeError("ONNX wants indices of rank 1 or more");
      if (!sameShape(values.shape, [2])) {
        throw new ShapeError(`the values off and on are [2], not ${formatShape(values.shape)}`);
      }
      const depth = constantNumbers(required(second, 1));
      const at = normalizeAxis(Number(axis), index.shape.length + 1);
      const shape = index.shape.toSpliced(at, 0, depth ? depth[0] : freshDim());
      return [{ dtype: values.dtype, shape }];
    },
    { axis: { kind: "int", default: -1 } },
  ),

  /** start, limit, delta → a vector */
  Range: operator(([start, limit, delta]) => {
    const [a, b, d] = [required(start, 0), required(limit, 1), required(delta, 2)];
    for (const { shape } of [a, b, d]) {
      if (shape.length > 0) throw new ShapeError(`scalars are wanted, not ${formatShape(shape)}`);
    }
    const [from, to, step] = [a, b, d].map((x) => constantNumbers(x)?.[0]);
    const known = from !== undefined && to !== undefined && step !== undefined;
    const length = known ? Math.max(0, Math.ceil((to - from) / step)) : freshDim();
    return [{ dtype: sameDtype(a, b, d), shape: [length] }];
  }),
} satisfies Record<string, Operator>;
