import fc from "fast-check";
import { type elementwiseOperators, onnxDtype } from "../../../src/graph/infer/elementwise.ts";
import type { OpType } from "../../../src/graph/operators.ts";
import { operands, where } from "../../../src/graph/ops/elementwise.ts";
import { apply, constant } from "../../../src/graph/value.ts";
import { broadcasting, type Case, flag, nameThrees, seeds, sizes, useOf } from "./draw.ts";

type Range = readonly [number, number];
interface Kind {
  readonly range?: Range;
  readonly dtype?: "float32" | "float64";
  readonly derivative?: Case["derivative"];
  readonly attributes?: Readonly<Record<string, number>>;
}

const unary = (op: OpType, { range, attributes = {}, ...kind }: Kind = {}) =>
  fc.tuple(sizes(), flag, seeds).map(([shape, named, seed]) =>
    useOf(
      {
        ...kind,
        feeds: { x: { sizes: shape, dims: nameThrees(shape, named), range } },
        build: ({ x }) => [apply(op, [x], attributes)],
      },
      seed,
    ),
  );

const pairs = sizes().chain((shape) =>
  fc.tuple(fc.constant(shape), broadcasting(shape), flag, flag, seeds),
);

const binary = (op: OpType, { range, ...kind }: Kind = {}, second: Range | undefined = range) =>
  pairs.map(([one, other, swapped, named, seed]) => {
    const [a, b] = swapped ? [other, one] : [one, other];
    return useOf(
      {
        ...kind,
        feeds: {
          a: { sizes: a, dims: nameThrees(a, named), range },
          b: { sizes: b, dims: nameThrees(b, named), range: second },
        },
        build: (v) => [apply(op, [v.a, v.b])],
      },
      seed,
    );
  });

/** A number that takes part, to differentiate with a constant beside a value as well. */
const withNumber = (op: OpType, range?: Range) =>
  fc.tuple(sizes(), fc.constantFrom(2, 3, 0.5), flag, seeds).map(([shape, n, first, seed]) =>
    useOf(
      {
        feeds: { x: { sizes: shape, range } },
        build: ({ x }) => [apply(op, first ? operands(n, x) : operands(x, n))],
      },
      seed,
    ),
  );

const logic = (op: OpType) =>
  pairs.map(([a, b, , , seed]) =>
    useOf(
      {
        derivative: "none",
        feeds: { a: { sizes: a }, b: { sizes: b } },
        build: (v) => [apply(op, [apply("Less", [v.a, v.b]), apply("Less", [v.b, v.b])])],
      },
      seed,
    ),
  );

const none = { derivative: "none" } as const;
const positive: Range = [0.3, 3];
const untied: Range = [-1.97, 2.03];

export const elementwiseCases = {
  Add: fc.oneof(binary("Add"), withNumber("Add")),
  Sub: fc.oneof(binary("Sub"), withNumber("Sub")),
  Mul: fc.oneof(binary("Mul"), withNumber("Mul")),
  Div: fc.oneof(binary("Div", {}, positive), withNumber("Div", positive)),
  Pow: fc.oneof(binary("Pow", { range: positive }), withNumber("Pow", positive)),
  Min: fc.oneof(binary("Min"), withNumber("Min", untied)),
  Max: fc.oneof(binary("Max"), withNumber("Max", untied)),
  And: logic("And"),
  Or: logic("Or"),
  Equal: binary("Equal", none),
  Less: binary("Less", none),
  LessOrEqual: binary("LessOrEqual", none),
  Greater: binary("Greater", none),
  GreaterOrEqual: binary("GreaterOrEqual", none),
  Not: fc.tuple(sizes(), seeds).map(([shape, seed]) =>
    useOf(
      {
        derivative: "none",
        feeds: { x: { sizes: shape } },
        build: ({ x }) => [apply("Not", [apply("Less", [x, constant(0, x.dtype)])])],
      },
      seed,
    ),
  ),
  IsNaN: unary("IsNaN", none),
  IsInf: unary("IsInf", none),
  Sign: unary("Sign", none),
  Floor: unary("Floor", none),
  Ceil: unary("Ceil", none),
  Neg: unary("Neg"),
  Abs: unary("Abs"),
  Exp: unary("Exp"),
  Log: unary("Log", { range: positive }),
  Sqrt: unary("Sqrt", { range: positive }),
  Reciprocal: unary("Reciprocal", { range: positive }),
  Sin: unary("Sin"),
  Cos: unary("Cos"),
  Tanh: unary("Tanh"),
  Atanh: unary("Atanh", { range: [-0.6, 0.6], dtype: "float32" }),
  Erf: unary("Erf", { dtype: "float32" }),
  Sigmoid: unary("Sigmoid"),
  Softplus: unary("Softplus"),
  Relu: unary("Relu"),
  LeakyRelu: fc.oneof(unary("LeakyRelu", { attributes: { alpha: 0.3 } }), unary("LeakyRelu")),
  Identity: unary("Identity"),
  Where: pairs.chain(([shape, other, , named, seed]) =>
    broadcasting(shape).map((third) =>
      useOf(
        {
          feeds: {
            condition: {
              sizes: third,
              dims: nameThrees(third, named),
              dtype: "bool",
              whole: third.reduce<number[]>(
                (all, n) =>
                  all.flatMap((v) => Array.from({ length: n }, (_, i) => (v + i + seed) % 2)),
                [0],
              ),
            },
            a: { sizes: other, dims: nameThrees(other, named) },
            b: { sizes: shape, dims: nameThrees(shape, named) },
          },
          build: ({ condition, a, b }) => [where(condition, a, b), where(condition, b, 2)],
        },
        seed,
      ),
    ),
  ),
  // From float32, since rounding to it leaves no difference of the size of a float64 step.
  Cast: fc.oneof(
    unary("Cast", { dtype: "float32", attributes: { to: onnxDtype.float64 } }),
    unary("Cast", { dtype: "float32", attributes: { to: onnxDtype.float32 } }),
    unary("Cast", { derivative: "none", attributes: { to: onnxDtype.int64 } }),
  ),
} satisfies Record<keyof typeof elementwiseOperators, fc.Arbitrary<Case>>;
