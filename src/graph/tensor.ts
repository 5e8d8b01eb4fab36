import { ShapeError } from "../errors.ts";
import type { TensorData, Value } from "./node.ts";
import { type DType, elementCount, formatShape } from "./shape.ts";
import { tensor as constantTensor, dtypeOf, typedArray } from "./value.ts";

/** Numbers with a shape, row-major. bool is held as bytes 0 and 1. */
export interface Tensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** Wraps an array without copying it. @throws ShapeError when the count is not that of the shape */
export function tensorOf(data: TensorData, shape: readonly number[]): Tensor {
  if (elementCount(shape) !== data.length) {
    throw new ShapeError(`${data.length} numbers for a tensor of shape ${formatShape(shape)}`);
  }
  return { dtype: dtypeOf(data), shape, data };
}

/** A scalar tensor. */
export const scalarOf = (number: number, dtype: DType): Tensor => ({
  dtype,
  shape: [],
  data: typedArray(dtype, [number]),
});

/** A tensor of nothing but zeros. */
export const zerosOf = (dtype: DType, shape: readonly number[]): Tensor => ({
  dtype,
  shape,
  data: typedArray(dtype, Array<number>(elementCount(shape)!).fill(0)),
});

/** The same numbers in another dtype. */
export const castTensor = ({ data, shape }: Tensor, dtype: DType): Tensor => ({
  dtype,
  shape,
  data: typedArray(dtype, data),
});

/** A tensor as a constant of the graph. */
export const constantOf = ({ data, shape }: Tensor, name?: string): Value =>
  constantTensor(data, shape, name);
