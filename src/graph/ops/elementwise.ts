import { onnxDtype } from "../infer/elementwise.ts";
import type { Value } from "../node.ts";
import type { OpType } from "../operators.ts";
import type { DType } from "../shape.ts";
import { apply, constant } from "../value.ts";

/** A value, or a number that takes the dtype of the value beside it. */
export type Operand = Value | number;

/** The operands as values of one dtype. At least one is a value. */
export function operands(a: Operand, b: Operand): readonly [Value, Value] {
  if (typeof a !== "number") return [a, typeof b === "number" ? constant(b, a.dtype) : b];
  if (typeof b === "number") throw new TypeError("two numbers need no graph");
  return [constant(a, b.dtype), b];
}

const unary = (op: OpType) => (x: Value) => apply(op, [x]);
const binary = (op: OpType) => (a: Operand, b: Operand) => apply(op, operands(a, b));

// Elementwise, broadcasting by NumPy's rule: [m, 1] with [n] gives [m, n].
export const add = binary("Add");
export const sub = binary("Sub");
export const mul = binary("Mul");
export const div = binary("Div");
export const pow = binary("Pow");
export const minimum = binary("Min");
export const maximum = binary("Max");
export const equal = binary("Equal");
export const less = binary("Less");
export const lessOrEqual = binary("LessOrEqual");
export const greater = binary("Greater");
export const greaterOrEqual = binary("GreaterOrEqual");
export const and = (a: Value, b: Value) => apply("And", [a, b]);
export const or = (a: Value, b: Value) => apply("Or", [a, b]);
export const not = unary("Not");
export const isnan = unary("IsNaN");
export const isinf = unary("IsInf");

export const neg = unary("Neg");
export const abs = unary("Abs");
export const sign = unary("Sign");
export const floor = unary("Floor");
export const ceil = unary("Ceil");
export const exp = unary("Exp");
export const log = unary("Log");
export const sqrt = unary("Sqrt");
export const reciprocal = unary("Reciprocal");
export const sin = unary("Sin");
export const cos = unary("Cos");
export const tanh = unary("Tanh");
export const atanh = unary("Atanh");
export const erf = unary("Erf");
export const sigmoid = unary("Sigmoid");
/** log(1 + eˣ) */
export const softplus = unary("Softplus");
/** max(x, 0) */
export const relu = unary("Relu");
/** x for x ≥ 0, slope·x below */
export const leakyRelu = (x: Value, slope: number) => apply("LeakyRelu", [x], { alpha: slope });
/** x·Φ(x), Φ the normal distribution function: GELU without approximation */
export const gelu = (x: Value) => mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));
/** x·sigmoid(x), also called swish */
export const silu = (x: Value) => mul(x, sigmoid(x));
export const identity = unary("Identity");
export const square = (x: Value) => mul(x, x);

/** `a` where the condition holds, `b` elsewhere. */
export const where = (condition: Value, a: Operand, b: Operand) =>
  apply("Where", [condition, ...operands(a, b)]);

/** Neither NaN nor infinite: x − x is 0 exactly for finite x. One comparison instead of two tests. */
export const isfinite = (x: Value) => {
  const difference = sub(x, x);
  return equal(difference, difference);
};

export const cast = (x: Value, dtype: DType) =>
  x.dtype === dtype ? x : apply("Cast", [x], { to: onnxDtype[dtype] });
