import type { Value } from "../../src/graph/node.ts";
import type { OpType } from "../../src/graph/operators.ts";
import { cond, loop, scan } from "../../src/graph/ops/control.ts";
import { add, cast, greater, less, mul } from "../../src/graph/ops/elementwise.ts";
import { gather } from "../../src/graph/ops/indexing.ts";
import { reduceSum } from "../../src/graph/ops/reduction.ts";
import { type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { apply, applyNode, constant, input } from "../../src/graph/value.ts";

const floats = (shape: readonly number[], start = 0.1, step = 0.07) =>
  tensorOf(
    Float32Array.from({ length: shape.reduce((n, d) => n * d, 1) }, (_, i) => start + step * i),
    shape,
  );

/** What every case may use; numbers in (0, 1), where all operators are defined. */
export const feeds: Readonly<Record<string, Tensor>> = {
  x: floats([2, 3]),
  y: floats([2, 3], 0.9, -0.1),
  square: floats([3, 3], 0.1, 0.1 ** 0.5),
  image: floats([1, 2, 5, 5], 0, 0.01),
  rows: tensorOf(BigInt64Array.of(1n, 0n, 1n), [3]),
  condition: tensorOf(Uint8Array.of(1, 0, 1, 1, 0, 0), [2, 3]),
  scalar: tensorOf(Float32Array.of(0.5), []),
};

export const inputs = {
  x: input("x", "float32", ["N", 3]),
  y: input("y", "float32", ["N", 3]),
  square: input("square", "float32", [3, 3]),
  image: input("image", "float32", ["B", 2, 5, 5]),
  rows: input("rows", "int64", ["K"]),
  condition: input("condition", "bool", ["N", 3]),
  scalar: input("scalar", "float32", []),
};
const { x, y, square, image, rows, condition, scalar } = inputs;

const ints = (...numbers: number[]) => constant(numbers, "int64");
const one = (value: Value) => ({ value });
const unary = (op: OpType) => () => one(apply(op, [x]));
const binary = (op: OpType) => () => one(apply(op, [x, y]));
const reduction = (op: OpType) => () => ({
  all: apply(op, [x]),
  some: apply(op, [x, ints(-1)], { keepdims: 0 }),
});

/** At least one graph for each operator, with attributes other than the defaults. */
export const catalogue: { readonly [T in OpType]: () => Readonly<Record<string, Value>> } = {
  Add: binary("Add"),
  Sub: binary("Sub"),
  Mul: binary("Mul"),
  Div: binary("Div"),
  Pow: binary("Pow"),
  Min: binary("Min"),
  Max: binary("Max"),
  And: () => one(apply("And", [condition, apply("Less", [x, y])])),
  Or: () => one(apply("Or", [condition, apply("Less", [x, y])])),
  Equal: () => ({ same: apply("Equal", [x, x]), whole: apply("Equal", [rows, ints(1)]) }),
  Less: binary("Less"),
  LessOrEqual: binary("LessOrEqual"),
  Greater: binary("Greater"),
  GreaterOrEqual: binary("GreaterOrEqual"),
  Not: () => one(apply("Not", [condition])),
  IsNaN: unary("IsNaN"),
  IsInf: unary("IsInf"),
  Neg: unary("Neg"),
  Abs: unary("Abs"),
  Sign: unary("Sign"),
  Floor: unary("Floor"),
  Ceil: unary("Ceil"),
  Exp: unary("Exp"),
  Log: unary("Log"),
  Sqrt: unary("Sqrt"),
  Reciprocal: unary("Reciprocal"),
  Sin: unary("Sin"),
  Cos: unary("Cos"),
  Tanh: unary("Tanh"),
  Atanh: unary("Atanh"),
  Erf: unary("Erf"),
  Sigmoid: unary("Sigmoid"),
  Softplus: unary("Softplus"),
  Relu: unary("Relu"),
  LeakyRelu: () => ({
    usual: apply("LeakyRelu", [x]),
    given: apply("LeakyRelu", [x], { alpha: 0.3 }),
  }),
  Identity: () => one(apply("Exp", [apply("Identity", [x])])),
  Where: () => one(apply("Where", [condition, x, y])),
  Cast: () => ({
    double: cast(x, "float64"),
    whole: cast(mul(x, 10), "int64"),
    truth: cast(rows, "bool"),
  }),
  MatMul: () => one(apply("MatMul", [x, square])),
  Gemm: () => ({
    usual: apply("Gemm", [x, square]),
    given: apply("Gemm", [square, x, scalar], { alpha: 0.5, beta: -2, transA: 1, transB: 1 }),
  }),
  Inverse: () =>
    one(apply("Inverse", [add(square, constant([5, 0, 0, 0, 5, 0, 0, 0, 5], "float32", [3, 3]))])),
  ReduceSum: reduction("ReduceSum"),
  ReduceMean: reduction("ReduceMean"),
  ReduceMax: reduction("ReduceMax"),
  ReduceMin: reduction("ReduceMin"),
  ReduceSumSquare: reduction("ReduceSumSquare"),
  Softmax: () => ({ usual: apply("Softmax", [x]), first: apply("Softmax", [x], { axis: 0 }) }),
  LogSoftmax: unary("LogSoftmax"),
  ArgMax: () => ({
    usual: apply("ArgMax", [x]),
    given: apply("ArgMax", [x], { axis: -1, keepdims: 0 }),
  }),
  CumSum: () => one(apply("CumSum", [x, constant(1, "int64")], { exclusive: 1, reverse: 1 })),
  Reshape: () => one(apply("Reshape", [x, ints(3, -1)])),
  Transpose: () => ({
    usual: apply("Transpose", [x]),
    given: apply("Transpose", [image], { perm: [3, 0, 2, 1] }),
  }),
  Squeeze: () => one(apply("Squeeze", [apply("ReduceMax", [x, ints(1)]), ints(1)])),
  Unsqueeze: () => one(apply("Unsqueeze", [x, ints(0, -1)])),
  Expand: () =>
    one(apply("Expand", [scalar, apply("Concat", [apply("Shape", [x]), ints(2)], { axis: 0 })])),
  Concat: () => one(apply("Concat", [x, y, square], { axis: -2 })),
  Slice: () => ({
    plain: apply("Slice", [x, ints(0), ints(1)]),
    backwards: apply("Slice", [image, ints(-1, 0), ints(-100, 4), ints(2, 3), ints(-1, 2)]),
    steps: apply("Slice", [x, ints(0, 2), ints(2, 0), null, ints(1, -1)]),
  }),
  Split: () => {
    const [left, right] = applyNode("Split", [x, ints(1, 2)], { axis: 1 }).outputs;
    return { right, left };
  },
  Pad: () => ({
    usual: apply("Pad", [x, ints(0, 1, 2, 0)]),
    value: apply("Pad", [x, ints(1, 0, 0, 0), constant(7, "float32")]),
  }),
  Shape: () => ({
    all: apply("Shape", [image]),
    part: apply("Shape", [image], { start: 1, end: -1 }),
  }),
  Gather: () => one(apply("Gather", [x, rows], { axis: 1 })),
  GatherElements: () => one(apply("GatherElements", [x, constant([1, 0, 1], "int64", [1, 3])])),
  ScatterElements: () => {
    const at = constant([1, 0, 1], "int64", [1, 3]);
    const updates = constant([7, 8, 9], "float32", [1, 3]);
    return {
      set: apply("ScatterElements", [x, at, updates]),
      added: apply("ScatterElements", [x, at, updates], { axis: 0, reduction: "add" }),
    };
  },
  ScatterND: () => {
    const at = constant([2, 0], "int64", [2, 1]);
    const updates = constant([1, 2, 3, 4, 5, 6], "float32", [2, 3]);
    return {
      set: apply("ScatterND", [square, at, updates]),
      added: apply("ScatterND", [square, at, updates], { reduction: "add" }),
    };
  },
  GatherND: () => one(apply("GatherND", [square, constant([2, 0, 1, 1], "int64", [2, 2])])),
  OneHot: () =>
    one(apply("OneHot", [rows, constant(2, "int64"), constant([0, 1], "float32")], { axis: 0 })),
  Range: () => ({
    known: apply("Range", [constant(1, "int64"), constant(9, "int64"), constant(3, "int64")]),
    run: apply("Range", [constant(0, "float32"), scalar, constant(0.125, "float32")]),
  }),
  Conv: () => ({
    usual: apply("Conv", [image, kernels(3, 2)]),
    given: apply("Conv", [image, kernels(4, 1), constant([1, 2, 3, 4], "float32")], {
      group: 2,
      strides: [2, 1],
      pads: [1, 0, 1, 2],
      dilations: [1, 2],
    }),
  }),
  ConvTranspose: () =>
    one(
      apply("ConvTranspose", [image, kernels(2, 3)], {
        strides: [2, 2],
        pads: [1, 1, 1, 1],
        output_padding: [1, 0],
      }),
    ),
  MaxPool: () =>
    one(apply("MaxPool", [image], { kernel_shape: [2, 3], strides: [2, 1], dilations: [2, 1] })),
  AveragePool: () =>
    one(
      apply("AveragePool", [image], {
        kernel_shape: [3, 3],
        pads: [1, 1, 1, 1],
        count_include_pad: 1,
      }),
    ),

  Loop: () => {
    const { state, outputs } = loop(
      { times: 5 },
      { s: x, k: constant(0, "int64") },
      ({ s, k }, i) => {
        // A body within a body, with captures from both sides and from the outermost graph.
        const inner = loop({ times: add(i, 1), proceed: constant1(true) }, { t: s }, ({ t }) => ({
          state: { t: add(mul(t, scalar), gather(square, k)) },
          proceed: less(reduceSum(t), 50),
        }));
        return {
          state: { s: inner.state.t, k: constant(2, "int64") },
          outputs: { trace: s, same: s, captured: scalar, iteration: i },
        };
      },
    );
    return { ...state, ...outputs };
  },
  Scan: () => {
    const step = ({ s }: { s: Value }, { row }: { row: Value }) => {
      const next = add(mul(s, scalar), row);
      return {
        state: { s: next },
        outputs: { next, row, weighed: mul(next, constant(3, "float32")) },
      };
    };
    const zero = constant([0, 0, 0], "float32");
    const forward = scan({ s: zero }, { row: x }, step);
    const backward = scan({ s: zero }, { row: x }, step, { reverse: true });
    return { last: forward.state.s, ...forward.outputs, back: backward.outputs.weighed };
  },
  If: () => {
    const nested = (flag: Value) =>
      cond(
        flag,
        () => ({ a: mul(x, scalar), b: y, c: constant(7, "int64") }),
        () =>
          cond(
            greater(scalar, 0),
            () => ({ a: x, b: x, c: constant(8, "int64") }),
            () => ({ a: y, b: add(y, 1), c: constant(9, "int64") }),
          ),
      );
    const [yes, no] = [nested(less(scalar, 1)), nested(greater(scalar, 1))];
    return { ya: yes.a, yb: yes.b, yc: yes.c, na: no.a, nb: no.b, nc: no.c };
  },
};

const kernels = (out: number, channels: number) =>
  constant(
    Array.from({ length: out * channels * 9 }, (_, i) => ((i * 7) % 11) / 10 - 0.5),
    "float32",
    [out, channels, 3, 3],
  );
const constant1 = (truth: boolean) => constant(+truth, "bool");
