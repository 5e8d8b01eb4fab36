import { UsageError } from "../../errors.ts";
import { constantNumbers, type Node, type Value } from "../../graph/node.ts";
import { scatterND } from "../../graph/ops/indexing.ts";
import {
  concat,
  reshape,
  shapeOf,
  slice,
  split,
  squeeze,
  transpose,
  unsqueeze,
  zerosLike,
} from "../../graph/ops/movement.ts";
import { apply, attribute, constant } from "../../graph/value.ts";
import { noDerivative, of, unbroadcast } from "../broadcast.ts";
import type { Rule } from "../rules.ts";

export const movementRules = {
  Reshape: of((_, ybar, x) => [
    x.shape.filter((dim) => typeof dim === "string").length < 2
      ? reshape(ybar, x.shape)
      : apply("Reshape", [ybar, shapeOf(x)]),
    null,
  ]),
  // The inverse permutation puts every axis back.
  Transpose: (node, [ybar]) => {
    const rank = node.outputs[0].shape.length;
    const perm =
      (node.attributes.perm as readonly number[]) ??
      Array.from({ length: rank }, (_, i) => rank - 1 - i);
    return [
      transpose(
        ybar!,
        perm.map((_, axis) => perm.indexOf(axis)),
      ),
    ];
  },
  Squeeze: of((_, ybar, __, axes) => [unsqueeze(ybar, constantNumbers(axes)!), null]),
  Unsqueeze: of((_, ybar, __, axes) => [squeeze(ybar, constantNumbers(axes)!), null]),
  Expand: of((_, ybar, x) => [unbroadcast(ybar, x), null]),

  Concat: (node, [ybar]) => {
    const axis = attribute<number>(node, "axis");
    const sizes = node.inputs.map((part) => part!.shape.at(axis)!);
    if (!sizes.every((size) => typeof size === "number")) {
      throw new UsageError(`the derivative of Concat needs known sizes, got [${sizes}]`);
    }
    return split(ybar!, axis, sizes);
  },
  Split: (node, ybars) => [
    concat(
      ybars.map((ybar, i) => ybar ?? zerosLike(node.outputs[i])),
      attribute<number>(node, "axis"),
    ),
    null,
  ],

  Slice: (node, [ybar]) => [sliceAdjoint(node, ybar!), ...node.inputs.slice(1).map(() => null)],
  // Padding by the negative crops.
  Pad: (node, [ybar]) => {
    const pads = constantNumbers(node.inputs[1]!)!.map((n) => -n);
    return [apply("Pad", [ybar!, constant(pads, "int64")]), null, null];
  },
  Shape: noDerivative,
} satisfies Record<string, Rule>;

/** ȳ put back at the places it was taken from, one axis after another. */
function sliceAdjoint({ inputs }: Node, ybar: Value): Value {
  const [starts, ends, axes, steps] = inputs.slice(1).map((x) => x && constantNumbers(x)!);
  const along = axes ?? starts!.map((_, i) => i);
  const cuts = along.map((axis, i) => ({
    axis,
    start: starts![i],
    end: ends![i],
    step: steps?.[i] ?? 1,
  }));
  const stages = [inputs[0]!];
  for (const { axis, ...range } of cuts) stages.push(slice(stages.at(-1)!, axis, range));
  return cuts.reduceRight((bar, { axis, ...range }, i) => {
    const x = stages[i];
    const front = axis < 0 ? axis + x.shape.length : axis;
    const size = x.shape[front];
    if (typeof size === "number") {
      const places = indicesOf(size, range);
      if (range.step === 1) return padded(bar, front, places, size);
    }
    // Rows that the slice takes, found by slicing the row numbers.
    const numbers = apply("Range", [
      constant(0, "int64"),
      squeeze(shapeOf(x, front, front + 1), [0]),
      constant(1, "int64"),
    ]);
    const rows = unsqueeze(slice(numbers, 0, range), [1]);
    const order = [front, ...[...x.shape.keys()].filter((k) => k !== front)];
    const back = order.map((_, k) => order.indexOf(k));
    return transpose(scatterND(zerosLike(transpose(x, order)), rows, transpose(bar, order)), back);
  }, ybar);
}

/** First index and count of a unit slice. */
function indicesOf(size: number, { start, end }: { start: number; end: number }) {
  const clamp = (i: number) => Math.min(Math.max(i < 0 ? i + size : i, 0), size);
  return { first: clamp(start), count: Math.max(0, clamp(end) - clamp(start)) };
}

function padded(
  bar: Value,
  axis: number,
  { first, count }: { first: number; count: number },
  size: number,
) {
  const pads = Array<number>(2 * bar.shape.length).fill(0);
  pads[axis] = first;
  pads[axis + bar.shape.length] = size - first - count;
  return pads.every((n) => n === 0) ? bar : apply("Pad", [bar, constant(pads, "int64")]);
}
