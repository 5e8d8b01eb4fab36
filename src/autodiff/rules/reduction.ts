import { reducedAxes } from "../../graph/infer/reduction.ts";
import type { Node, Value } from "../../graph/node.ts";
import { cast, div, equal, exp, mul, sub } from "../../graph/ops/elementwise.ts";
import { expandTo, unsqueeze } from "../../graph/ops/movement.ts";
import { reducedCount, reduceSum } from "../../graph/ops/reduction.ts";
import { apply, attribute } from "../../graph/value.ts";
import { noDerivative } from "../broadcast.ts";
import type { Rule } from "../rules.ts";

/** A result or its cotangent with the reduced axes put back as size 1, so that it broadcasts to x. */
function restored(value: Value, { inputs: [x, axes], attributes }: Node): Value {
  return (attributes.keepdims ?? 1) ? value : unsqueeze(value, reducedAxes(x!, axes));
}

/** ȳ where x is the extreme entry, shared among equals. */
const extreme: Rule = (node, [ybar]) => {
  const x = node.inputs[0]!;
  const axes = reducedAxes(x, node.inputs[1]);
  const taken = cast(equal(x, restored(node.outputs[0], node)), x.dtype);
  const count = reduceSum(taken, axes, { keepdims: true });
  return [mul(taken, div(restored(ybar!, node), count)), null];
};

export const reductionRules = {
  ReduceSum: (node, [ybar]) => [expandTo(restored(ybar!, node), node.inputs[0]!), null],
  ReduceMean: (node, [ybar]) => {
    const x = node.inputs[0]!;
    const count = reducedCount(x, reducedAxes(x, node.inputs[1]));
    return [expandTo(div(restored(ybar!, node), count), x), null];
  },
  ReduceMax: extreme,
  ReduceMin: extreme,
  ReduceSumSquare: (node, [ybar]) => [mul(mul(restored(ybar!, node), 2), node.inputs[0]!), null],

  // y = softmax(x)  ⇒  x̄ = y (ȳ − Σ ȳ y)
  Softmax: (node, [ybar]) => {
    const [y] = node.outputs;
    const axis = attribute<number>(node, "axis");
    return [mul(y, sub(ybar!, reduceSum(mul(ybar!, y), [axis], { keepdims: true })))];
  },
  // y = x − log Σ eˣ  ⇒  x̄ = ȳ − eʸ Σ ȳ
  LogSoftmax: (node, [ybar]) => {
    const axis = attribute<number>(node, "axis");
    return [sub(ybar!, mul(exp(node.outputs[0]), reduceSum(ybar!, [axis], { keepdims: true })))];
  },

  ArgMax: noDerivative,
  // Sums to the left become sums to the right.
  CumSum: (node, [ybar]) => [
    apply("CumSum", [ybar!, node.inputs[1]], {
      ...node.attributes,
      reverse: 1 - attribute<number>(node, "reverse"),
    }),
    null,
  ],
} satisfies Record<string, Rule>;
