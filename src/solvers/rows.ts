import { ShapeError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { concat, reshape, split } from "../graph/ops/movement.ts";
import { type DType, elementCount, formatType } from "../graph/shape.ts";

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

/** The distance from 1 to the next number. */
export const epsilon: Readonly<Record<DType, number>> = {
  float32: 2 ** -23,
  float64: 2 ** -52,
  int64: 1,
  bool: 1,
};
