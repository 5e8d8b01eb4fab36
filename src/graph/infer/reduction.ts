import { ShapeError } from "../../errors.ts";
import { constantNumbers, type Value } from "../node.ts";
import type { Operator } from "../operators.ts";
import { normalizeAxis } from "../shape.ts";
import { demand, operator, required } from "./elementwise.ts";

/** Axes given as a constant second input; all of them when it is left out or empty. */
export function reducedAxes(x: Value, axes: Value | null | undefined): readonly number[] {
  const rank = x.shape.length;
  if (!axes) return Array.from({ length: rank }, (_, i) => i);
  const numbers = constantNumbers(axes);
  if (numbers === null) throw new ShapeError("axes must be constant");
  if (numbers.length === 0) return reducedAxes(x, null);
  return numbers.map((axis) => normalizeAxis(axis, rank));
}

const reduction = operator(
  ([first, second], { keepdims = 1 }) => {
    const x = required(first, 0);
    demand(x, "number");
    const axes = reducedAxes(x, second);
    const shape = keepdims
      ? x.shape.map((dim, i) => (axes.includes(i) ? 1 : dim))
      : x.shape.filter((_, i) => !axes.includes(i));
    return [{ dtype: x.dtype, shape }];
  },
  { keepdims: { kind: "int", default: 1 } },
);

const softmax = operator(
  ([first], { axis = -1 }) => {
    const x = required(first, 0);
    demand(x, "float");
    normalizeAxis(Number(axis), x.shape.length);
    return [{ dtype: x.dtype, shape: x.shape }];
  },
  { axis: { kind: "int", default: -1 } },
);

export const reductionOperators = {
  ReduceSum: reduction,
  ReduceMean: reduction,
  ReduceMax: reduction,
  ReduceMin: reduction,
  ReduceSumSquare: reduction,
  Softmax: softmax,
  LogSoftmax: softmax,

  ArgMax: operator(
    ([first], { axis = 0, keepdims = 1 }) => {
      const x = required(first, 0);
      demand(x, "number");
      const reduced = normalizeAxis(Number(axis), x.shape.length);
      const shape = keepdims
        ? x.shape.map((dim, i) => (i === reduced ? 1 : dim))
        : x.shape.filter((_, i) => i !== reduced);
      return [{ dtype: "int64", shape }];
    },
    { axis: { kind: "int", default: 0 }, keepdims: { kind: "int", default: 1 } },
  ),

  CumSum: operator(
    ([first, axis]) => {
      const x = required(first, 0);
      demand(x, "number");
      const numbers = constantNumbers(required(axis, 1));
      if (numbers?.length !== 1) throw new ShapeError("the axis must be one constant");
      normalizeAxis(numbers[0], x.shape.length);
      return [{ dtype: x.dtype, shape: x.shape }];
    },
    { exclusive: { kind: "int", default: 0 }, reverse: { kind: "int", default: 0 } },
  ),
} satisfies Record<string, Operator>;
