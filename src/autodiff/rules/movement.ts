import { UsageError } from "../../errors.ts";
import { constantNumbers } from "../../graph/node.ts";
import { sub } from "../../graph/ops/elementwise.ts";
import {
  concat,
  pad,
  reshape,
  shapeOf,
  split,
  squeeze,
  transpose,
  unsqueeze,
  zerosLike,
} from "../../graph/ops/movement.ts";
import { reduceSum } from "../../graph/ops/reduction.ts";
import { apply, attribute } from "../../graph/value.ts";
import { noDerivative, of, unbroadcast } from "../broadcast.ts";
import type { Rule } from "../rules.ts";
import { sliceAdjoint } from "./slice.ts";

export const movementRules = {
  Reshape: of((_, ybar, x) => [
    x.shape.every((dim) => typeof dim === "number" || ybar.shape.includes(dim))
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
  // Padding by the negative crops. What is not of x is of the number padded with.
  Pad: (node, [ybar]) => {
    const xbar = pad(
      ybar!,
      constantNumbers(node.inputs[1]!)!.map((n) => -n),
    );
    return [xbar, null, sub(reduceSum(ybar!), reduceSum(xbar))];
  },
  Shape: noDerivative,
} satisfies Record<string, Rule>;
