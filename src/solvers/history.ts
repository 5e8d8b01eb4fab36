import type { Value } from "../graph/node.ts";
import { matmul } from "../graph/ops/linear.ts";
import { concat, filled, matrixTranspose, reshape, slice, split } from "../graph/ops/movement.ts";
import { width } from "./rows.ts";

// Rows of a history are [N, 1, D]: they are stacked by Concat and multiplied by MatMul as they are.

/** A state of one or several tensors [N, ...] laid end to end, [N, 1, D]. */
export const toRow = (state: readonly Value[]): Value =>
  concat(
    state.map((value) => reshape(value, [value.shape[0], 1, width(value)])),
    2,
  );

/** A row [N, 1, D] as a state of the types of `like`. */
export function fromRow(row: Value, like: readonly Value[]): readonly Value[] {
  const parts = like.length === 1 ? [row] : split(row, 2, like.map(width));
  return parts.map((part, i) => reshape(part, like[i].shape));
}

/** A row times each of a stack [N, m, D], per sample: [N, 1, m]. */
export const products = (row: Value, stack: Value) => matmul(row, matrixTranspose(stack));

/** A number for each sample, [N, 1, 1]. */
export const perSample = (number: number, row: Value) => filled(number, slice(row, 2, { end: 1 }));
