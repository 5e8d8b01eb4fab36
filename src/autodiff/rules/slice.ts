import { type Places, slicePlaces } from "../../graph/infer/movement.ts";
import { constantNumbers, type Node, type Value } from "../../graph/node.ts";
import { gather, scatterND } from "../../graph/ops/indexing.ts";
import { matmul } from "../../graph/ops/linear.ts";
import {
  concat,
  pad,
  type Range,
  shapeOf,
  slice,
  squeeze,
  transpose,
  zerosLike,
} from "../../graph/ops/movement.ts";
import { apply, constant } from "../../graph/value.ts";
import { named } from "../broadcast.ts";

/** ȳ put back at the places it was taken from, one axis after another. */
export function sliceAdjoint({ inputs }: Node, ybar: Value): Value {
  const [starts, ends, axes, steps] = inputs.slice(1).map((x) => x && constantNumbers(x)!);
  const rank = inputs[0]!.shape.length;
  const cuts = starts!.map((start, i) => ({
    axis: ((axes?.[i] ?? i) + rank) % rank,
    range: { start, end: ends![i], step: steps?.[i] ?? 1 },
  }));
  const stages = [inputs[0]!];
  for (const { axis, range } of cuts) stages.push(slice(stages.at(-1)!, axis, range));
  // Each slice of a named axis has a new name.
  const whole = cuts.length === 1 ? ybar : named(ybar, stages.at(-1)!);
  return cuts.reduceRight((bar, { axis, range }, i) => {
    const size = stages[i].shape[axis];
    if (typeof size === "string") return putBackNamed(bar, axis, range, stages[i]);
    const places = slicePlaces(size, range.start, range.end, range.step);
    return places.count === 0 ? zerosLike(stages[i]) : putBack(bar, axis, places, size);
  }, whole);
}

/** Up to this size a product with a 0/1 matrix moves single numbers quicker than Gather: 8 ns each. */
const shortAxis = 64;

/** Zeros of `size` places along an axis, with the entries of `bar` at first, first + step, … */
export function putBack(bar: Value, axis: number, places: Places, size: number): Value {
  const { first, step, count } = places;
  const rank = bar.shape.length;
  const padAxis = (before: number, after: number) => {
    const none = Array<number>(2 * rank).fill(0);
    return pad(bar, none.with(axis, before).with(axis + rank, after));
  };
  if (step === 1) return padAxis(first, size - first - count);
  const targets = Array.from({ length: count }, (_, k) => first + k * step);
  if (axis === rank - 1 && rank > 1 && size <= shortAxis) {
    const cells = Array<number>(count * size).fill(0);
    for (const [k, at] of targets.entries()) cells[k * size + at] = 1;
    return matmul(bar, constant(cells, bar.dtype, [count, size]));
  }
  // Entry `count` is the zero that goes to all other places.
  const origin = Array<number>(size).fill(count);
  for (const [k, at] of targets.entries()) origin[at] = k;
  return gather(padAxis(0, 1), constant(origin, "int64"), axis);
}

/** The same for an axis whose size is known when the program runs: by slicing the row numbers. */
function putBackNamed(bar: Value, axis: number, range: Range, x: Value): Value {
  const numbers = apply("Range", [
    constant(0, "int64"),
    squeeze(shapeOf(x, axis, axis + 1), [0]),
    constant(1, "int64"),
  ]);
  const column = concat([shapeOf(bar, axis, axis + 1), constant([1], "int64")], 0);
  const rows = apply("Reshape", [slice(numbers, 0, range), column]);
  const order = [axis, ...[...x.shape.keys()].filter((k) => k !== axis)];
  const back = order.map((_, k) => order.indexOf(k));
  return transpose(scatterND(zerosLike(transpose(x, order)), rows, transpose(bar, order)), back);
}
