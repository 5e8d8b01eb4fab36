import fc from "fast-check";
import type { linearOperators } from "../../../src/graph/infer/linear.ts";
import type { reductionOperators } from "../../../src/graph/infer/reduction.ts";
import type { OpType } from "../../../src/graph/operators.ts";
import { add } from "../../../src/graph/ops/elementwise.ts";
import { gemm, inverse, matmul } from "../../../src/graph/ops/linear.ts";
import { apply, constant } from "../../../src/graph/value.ts";
import {
  axisOf,
  between,
  broadcasting,
  type Case,
  flag,
  list,
  nameThrees,
  seeds,
  sizes,
  useOf,
} from "./draw.ts";

/** A reduction over some axes or all, counted from either end. */
const reduction = (op: OpType) =>
  sizes().chain((shape) =>
    fc
      .tuple(fc.subarray([...shape.keys()]), fc.nat({ max: 3 }), flag, flag, seeds)
      .map(([axes, fromEnd, keepdims, named, seed]) =>
        useOf(
          {
            feeds: { x: { sizes: shape, dims: nameThrees(shape, named) } },
            build: ({ x }) => {
              const places = axes.map((axis) => (axis < fromEnd ? axis : axis - shape.length));
              const over = fromEnd === 3 ? [] : [constant(places, "int64")];
              return [apply(op, [x, ...over], { keepdims: +keepdims })];
            },
          },
          seed,
        ),
      ),
  );

const alongAxis = (
  op: OpType,
  attributes: (axis: number) => Record<string, number>,
  derivative: Case["derivative"] = "checked",
) =>
  sizes(1).chain((shape) =>
    fc.tuple(axisOf(shape.length), flag, seeds).map(([axis, named, seed]) =>
      useOf(
        {
          derivative,
          feeds: { x: { sizes: shape, dims: nameThrees(shape, named) } },
          build: ({ x }) => [apply(op, [x], attributes(axis))],
        },
        seed,
      ),
    ),
  );

const swapped = (shape: readonly number[], swap: boolean) => (swap ? [shape[1], shape[0]] : shape);

export const matrixCases = {
  MatMul: sizes(0, 2).chain((batch) =>
    fc
      .tuple(list(between(1, 3), 3), broadcasting(batch), broadcasting(batch), flag, flag, seeds)
      .map(([[m, k, n], first, second, whole, named, seed]) => {
        const a = [...(whole ? batch : first), m, k];
        const b = [...second, k, n];
        return useOf(
          {
            feeds: {
              a: { sizes: a, dims: nameThrees(a, named) },
              b: { sizes: b, dims: nameThrees(b, named) },
            },
            build: (v) => [matmul(v.a, v.b)],
          },
          seed,
        );
      }),
  ),

  Gemm: fc
    .tuple(list(between(1, 3), 3), flag, flag, flag, seeds)
    .chain(([[m, k, n], transA, transB, named, seed]) =>
      fc
        .tuple(fc.option(broadcasting([m, n])), fc.constantFrom(1, 0.3), fc.constantFrom(1, -0.7))
        .map(([c, alpha, beta]) => {
          const [a, b] = [swapped([m, k], transA), swapped([k, n], transB)];
          return useOf(
            {
              feeds: {
                a: { sizes: a, dims: nameThrees(a, named) },
                b: { sizes: b, dims: nameThrees(b, named) },
                ...(c && { c: { sizes: c, dims: nameThrees(c, named) } }),
              },
              build: (v) => [gemm(v.a, v.b, v.c ?? null, { alpha, beta, transA, transB })],
            },
            seed,
          );
        }),
    ),

  Inverse: fc.tuple(sizes(0, 1), between(1, 3), seeds).map(([batch, n, seed]) =>
    useOf(
      {
        feeds: { x: { sizes: [...batch, n, n], range: [-1, 1] } },
        build: ({ x }) => {
          const entries = Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 4 : 0));
          return [inverse(add(x, constant(entries, x.dtype, [n, n])))];
        },
      },
      seed,
    ),
  ),

  ReduceSum: reduction("ReduceSum"),
  ReduceMean: reduction("ReduceMean"),
  ReduceMax: reduction("ReduceMax"),
  ReduceMin: reduction("ReduceMin"),
  ReduceSumSquare: reduction("ReduceSumSquare"),
  Softmax: alongAxis("Softmax", (axis) => ({ axis })),
  LogSoftmax: alongAxis("LogSoftmax", (axis) => ({ axis })),
  ArgMax: alongAxis("ArgMax", (axis) => ({ axis, keepdims: +(axis > 0) }), "none"),
  CumSum: sizes(1).chain((shape) =>
    fc
      .tuple(axisOf(shape.length), flag, flag, flag, seeds)
      .map(([axis, exclusive, reverse, named, seed]) =>
        useOf(
          {
            feeds: { x: { sizes: shape, dims: nameThrees(shape, named) } },
            build: ({ x }) => [
              apply("CumSum", [x, constant(axis, "int64")], {
                exclusive: +exclusive,
                reverse: +reverse,
              }),
            ],
          },
          seed,
        ),
      ),
  ),
} satisfies Record<
  keyof typeof linearOperators | keyof typeof reductionOperators,
  fc.Arbitrary<Case>
>;
