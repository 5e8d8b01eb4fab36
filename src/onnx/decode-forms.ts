import { constantNumbers, type Value } from "../graph/node.ts";
import type { AttributeSpec, Attributes, OpType } from "../graph/operators.ts";
import { constant } from "../graph/value.ts";
import type { NodeRecord } from "./read-model.ts";
import { fault } from "./read-wire.ts";

/**
 * The inputs that each operator takes at most: x of any type, i of int64, b of bool, * for more of
 * the last. What a file gives beyond them would have a meaning that our graphs cannot hold.
 */
export const signatures: { readonly [T in OpType]: string } = {
  Add: "xx",
  Sub: "xx",
  Mul: "xx",
  Div: "xx",
  Pow: "xx",
  Min: "x*",
  Max: "x*",
  And: "bb",
  Or: "bb",
  Equal: "xx",
  Less: "xx",
  LessOrEqual: "xx",
  Greater: "xx",
  GreaterOrEqual: "xx",
  Not: "b",
  IsNaN: "x",
  IsInf: "x",
  Neg: "x",
  Abs: "x",
  Sign: "x",
  Floor: "x",
  Ceil: "x",
  Exp: "x",
  Log: "x",
  Sqrt: "x",
  Reciprocal: "x",
  Sin: "x",
  Cos: "x",
  Tanh: "x",
  Atanh: "x",
  Erf: "x",
  Sigmoid: "x",
  Softplus: "x",
  Relu: "x",
  LeakyRelu: "x",
  Identity: "x",
  Where: "bxx",
  Cast: "x",
  MatMul: "xx",
  Gemm: "xxx",
  Inverse: "x",
  ReduceSum: "xi",
  ReduceMean: "xi",
  ReduceMax: "xi",
  ReduceMin: "xi",
  ReduceSumSquare: "xi",
  Softmax: "x",
  LogSoftmax: "x",
  ArgMax: "x",
  CumSum: "xi",
  Reshape: "xi",
  Transpose: "x",
  Squeeze: "xi",
  Unsqueeze: "xi",
  Expand: "xi",
  Concat: "x*",
  Slice: "xiiii",
  Split: "xi",
  Pad: "xix",
  Shape: "x",
  Gather: "xi",
  GatherElements: "xi",
  ScatterElements: "xix",
  ScatterND: "xix",
  GatherND: "xi",
  OneHot: "xxx",
  Range: "xxx",
  Conv: "xxx",
  ConvTranspose: "xx",
  MaxPool: "x",
  AveragePool: "x",
  Loop: "ibx*",
  Scan: "x*",
  If: "b",
};

/** Attributes without which there is no telling what an operator does. */
export const requiredAttributes: { readonly [T in OpType]?: readonly string[] } = {
  Cast: ["to"],
  Concat: ["axis"],
  MaxPool: ["kernel_shape"],
  AveragePool: ["kernel_shape"],
  Scan: ["num_scan_inputs"],
};

interface Restriction {
  readonly kind: AttributeSpec["kind"];
  readonly values: readonly (number | string)[]; // of every entry; where it is one, it is left out
}

const flag: Restriction = { kind: "int", values: [0, 1] };

/** Attributes of ONNX's of which we read some values only, those that files usually have. */
export const restrictions: { readonly [T in OpType]?: Readonly<Record<string, Restriction>> } = {
  Reshape: { allowzero: { kind: "int", values: [0] } },
  Cast: { saturate: { kind: "int", values: [1] } },
  IsInf: {
    detect_negative: { kind: "int", values: [1] },
    detect_positive: { kind: "int", values: [1] },
  },
  ArgMax: { keepdims: flag, select_last_index: { kind: "int", values: [0] } },
  CumSum: { exclusive: flag, reverse: flag },
  Gemm: { transA: flag, transB: flag },
  ReduceSum: { keepdims: flag },
  ReduceMean: { keepdims: flag },
  ReduceMax: { keepdims: flag },
  ReduceMin: { keepdims: flag },
  ReduceSumSquare: { keepdims: flag },
  GatherND: { batch_dims: { kind: "int", values: [0] } },
  Pad: { mode: { kind: "string", values: ["constant"] } },
  MaxPool: {
    ceil_mode: { kind: "int", values: [0] },
    storage_order: { kind: "int", values: [0] },
  },
  AveragePool: {
    ceil_mode: { kind: "int", values: [0] },
    count_include_pad: flag,
    dilations: { kind: "ints", values: [1] }, // not in opset 18, which we write
  },
  Scan: {
    scan_input_axes: { kind: "ints", values: [0] },
    scan_output_axes: { kind: "ints", values: [0] },
  },
};

/** What a node of the file applies an operator to. */
export interface Call {
  readonly inputs: readonly (Value | null)[];
  readonly attributes: Attributes;
}

const reductionAttributes = {
  axes: { kind: "ints" },
  noop_with_empty_axes: { kind: "int" },
} as const;

/** Attributes by which a form below is told, and which it takes away. */
export const formAttributes: { readonly [T in OpType]?: Readonly<Record<string, AttributeSpec>> } =
  {
    ReduceSum: { noop_with_empty_axes: { kind: "int" } },
    ReduceMean: reductionAttributes,
    ReduceMax: reductionAttributes,
    ReduceMin: reductionAttributes,
    ReduceSumSquare: reductionAttributes,
    Split: { num_outputs: { kind: "int" } },
  };

/** An operator as other opsets or other exporters write it, in the form that our table holds. */
type Form = (call: Call, node: NodeRecord, opset: number) => Call;

/** Before opset 18 the axes were an attribute; axes that are left out or empty mean all. */
const reduction: Form = ({ inputs: [x, given], attributes }, node, opset) => {
  const { axes: old, noop_with_empty_axes: noop, ...rest } = attributes;
  if (old !== undefined && (opset >= 18 || given)) {
    throw fault(node, 'attribute "axes" of a reduction is an input since opset 18');
  }
  const axes = old === undefined ? given : constant(old as readonly number[], "int64");
  if (axes && constantNumbers(axes)?.length !== 0) return { inputs: [x, axes], attributes: rest };
  if (noop) {
    throw fault(node, "noop_with_empty_axes without axes: this reduction does nothing");
  }
  return { inputs: [x], attributes: rest };
};

export const forms: { readonly [T in OpType]?: Form } = {
  ReduceSum: reduction,
  ReduceMean: reduction,
  ReduceMax: reduction,
  ReduceMin: reduction,
  ReduceSumSquare: reduction,

  /** Without sizes: as many equal parts as there are results, the last one smaller where it must. */
  Split: ({ inputs: [x, sizes], attributes }, node) => {
    const { num_outputs: wanted, ...rest } = attributes;
    const count = node.outputs.length;
    if (wanted !== undefined && (sizes || wanted !== count)) {
      throw fault(node, `num_outputs = ${wanted} for ${count} outputs${sizes ? " and sizes" : ""}`);
    }
    if (sizes || !x) return { inputs: [x, sizes], attributes: rest };
    const size = x.shape.at(Number(rest.axis ?? 0));
    if (typeof size !== "number") throw fault(node, "Split without sizes of an unknown size");
    const part = Math.ceil(size / count);
    const parts = node.outputs.map((_, i) => Math.min(part, size - i * part));
    if (parts.some((n) => n < 0)) throw fault(node, `${count} parts of an axis of size ${size}`);
    return { inputs: [x, constant(parts, "int64")], attributes: rest };
  },

  /** Without axes, or with none in the list: all of size 1. */
  Squeeze: ({ inputs: [x, axes], attributes }, node) => {
    if (!x || (axes && constantNumbers(axes)?.length !== 0))
      return { inputs: [x, axes], attributes };
    if (x.shape.some((size) => typeof size === "string")) {
      throw fault(node, "Squeeze without axes of a shape that is not wholly known");
    }
    const ones = [...x.shape.keys()].filter((i) => x.shape[i] === 1);
    return { inputs: [x, constant(ones, "int64")], attributes };
  },
};
