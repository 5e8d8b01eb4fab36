import { cast, mul, sub } from "../../graph/ops/elementwise.ts";
import { gatherElements, gatherND, scatterElements, scatterND } from "../../graph/ops/indexing.ts";
import { concat, filled, transpose, unsqueeze, zerosLike } from "../../graph/ops/movement.ts";
import { reduceSum } from "../../graph/ops/reduction.ts";
import { apply, attribute, constant } from "../../graph/value.ts";
import { of } from "../broadcast.ts";
import type { Rule } from "../rules.ts";

export const indexRules = {
  // Every slice taken gives its cotangent back; indices may repeat, so they add up.
  Gather: (node, [ybar]) => {
    const [x, indices] = [node.inputs[0]!, node.inputs[1]!];
    const rank = x.shape.length;
    const axis = (attribute<number>(node, "axis") + rank) % rank;
    const rows = unsqueeze(indices, [indices.shape.length]);
    if (axis === 0) return [scatterND(zerosLike(x), rows, ybar!, "add"), null];
    // The gathered axes of ȳ, and the axis of x, moved to the front.
    const gathered = [...indices.shape.keys()].map((i) => i + axis);
    const others = [...ybar!.shape.keys()].filter((i) => !gathered.includes(i));
    const order = [axis, ...[...x.shape.keys()].filter((i) => i !== axis)];
    const sums = scatterND(
      zerosLike(transpose(x, order)),
      rows,
      transpose(ybar!, [...gathered, ...others]),
      "add",
    );
    return [
      transpose(
        sums,
        order.map((_, i) => order.indexOf(i)),
      ),
      null,
    ];
  },
  GatherElements: (node, [ybar]) => [
    scatterElements(
      zerosLike(node.inputs[0]!),
      node.inputs[1]!,
      ybar!,
      attribute<number>(node, "axis"),
      "add",
    ),
    null,
  ],
  GatherND: of((_, ybar, x, indices) => [scatterND(zerosLike(x), indices, ybar, "add"), null]),

  // Entries written over pass nothing on; where entries are added, everything passes.
  ScatterElements: (node, [ybar]) => {
    const [, indices, updates] = node.inputs;
    const axis = attribute<number>(node, "axis");
    const added = attribute<string>(node, "reduction") === "add";
    return [
      added ? ybar! : scatterElements(ybar!, indices!, zerosLike(updates!), axis),
      null,
      gatherElements(ybar!, indices!, axis),
    ];
  },
  ScatterND: (node, [ybar]) => {
    const [, indices, updates] = node.inputs;
    const added = attribute<string>(node, "reduction") === "add";
    return [
      added ? ybar! : scatterND(ybar!, indices!, zerosLike(updates!)),
      null,
      gatherND(ybar!, indices!),
    ];
  },

  // y = off (1 − h) + on h, with h the same of 0 and 1. Float64 has no kernel, so h is cast.
  OneHot: (node, [ybar]) => {
    const [indices, depth, values] = node.inputs;
    const bits = apply("OneHot", [indices, depth, constant([0, 1], "int64")], node.attributes);
    const on = reduceSum(mul(ybar!, cast(bits, values!.dtype)));
    return [
      null,
      null,
      concat(
        [sub(reduceSum(ybar!), on), on].map((x) => unsqueeze(x, [0])),
        0,
      ),
    ];
  },
  // yᵢ = start + i delta
  Range: (_, [ybar]) => {
    const place = apply("CumSum", [filled(1, ybar!), constant(0, "int64")], { exclusive: 1 });
    return [reduceSum(ybar!), null, reduceSum(mul(ybar!, place))];
  },
} satisfies Record<string, Rule>;
