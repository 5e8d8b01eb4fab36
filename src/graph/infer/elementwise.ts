import { ShapeError } from "../../errors.ts";
import type { Value } from "../node.ts";
import type { AttributeSpec, Operator } from "../operators.ts";
import { broadcastShapes, type DType, formatType, isFloat, type TensorType } from "../shape.ts";

type Demand = "float" | "number" | "bool" | "any";

export const required = (x: Value | null | undefined, position: number): Value => {
  if (x === null || x === undefined) throw new ShapeError(`input ${position} is missing`);
  return x;
};

export function demand(x: TensorType, kind: Demand): void {
  const fits =
    kind === "any" ||
    (kind === "float" && isFloat(x.dtype)) ||
    (kind === "number" && x.dtype !== "bool") ||
    (kind === "bool" && x.dtype === "bool");
  if (!fits) throw new ShapeError(`${formatType(x)} where ${kind} is wanted`);
}

export const operator = (
  infer: Operator["infer"],
  attributes: Record<string, AttributeSpec> = {},
  domain: Operator["domain"] = "",
): Operator => ({ domain, attributes, infer });

const unary = (kind: Demand, result?: DType, attributes?: Record<string, AttributeSpec>) =>
  operator(([first]) => {
    const x = required(first, 0);
    demand(x, kind);
    return [{ dtype: result ?? x.dtype, shape: x.shape }];
  }, attributes);

export function sameDtype(...values: readonly TensorType[]): DType {
  const odd = values.find(({ dtype }) => dtype !== values[0].dtype);
  if (odd !== undefined) {
    throw new ShapeError(`dtypes ${values[0].dtype} and ${odd.dtype} differ; use cast`);
  }
  return values[0].dtype;
}

const binary = (kind: Demand, result?: DType) =>
  operator(([first, second]) => {
    const [a, b] = [required(first, 0), required(second, 1)];
    const dtype = sameDtype(a, b);
    demand(a, kind);
    return [{ dtype: result ?? dtype, shape: broadcastShapes(a.shape, b.shape) }];
  });

export const elementwiseOperators = {
  Add: binary("number"),
  Sub: binary("number"),
  Mul: binary("number"),
  Div: binary("number"),
  Pow: binary("float"),
  Min: binary("number"),
  Max: binary("number"),
  And: binary("bool"),
  Or: binary("bool"),
  Equal: binary("any", "bool"),
  Less: binary("number", "bool"),
  LessOrEqual: binary("number", "bool"),
  Greater: binary("number", "bool"),
  GreaterOrEqual: binary("number", "bool"),
  Not: unary("bool"),
  IsNaN: unary("float", "bool"),
  IsInf: unary("float", "bool"),
  Neg: unary("number"),
  Abs: unary("number"),
  Sign: unary("number"),
  Floor: unary("float"),
  Ceil: unary("float"),
  Exp: unary("float"),
  Log: unary("float"),
  Sqrt: unary("float"),
  Reciprocal: unary("float"),
  Sin: unary("float"),
  Cos: unary("float"),
  Tanh: unary("float"),
  Atanh: unary("float"),
  Erf: unary("float"),
  Sigmoid: unary("float"),
  Softplus: unary("float"),
  Relu: unary("float"),
  LeakyRelu: unary("float", undefined, { alpha: { kind: "float", default: 0.01 } }),
  Identity: unary("any"),

  Where: operator(([condition, first, second]) => {
    const [c, a, b] = [required(condition, 0), required(first, 1), required(second, 2)];
    demand(c, "bool");
    const shape = broadcastShapes(c.shape, broadcastShapes(a.shape, b.shape));
    return [{ dtype: sameDtype(a, b), shape }];
  }),

  Cast: operator(
    ([first], { to }) => {
      const found = Object.entries(onnxDtype).find(([, code]) => code === to);
      if (found === undefined) throw new ShapeError(`ONNX data type ${to} is not supported`);
      return [{ dtype: found[0] as DType, shape: required(first, 0).shape }];
    },
    { to: { kind: "int" } },
  ),
} satisfies Record<string, Operator>;

/** ONNX's TensorProto.DataType of each dtype. */
export const onnxDtype: Readonly<Record<DType, number>> = {
  float32: 1,
  int64: 7,
  bool: 9,
  float64: 11,
};
