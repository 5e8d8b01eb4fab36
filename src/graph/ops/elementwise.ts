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

/** a + b. As all of these, entry by entry, broadcasting by NumPy's rule: [m, 1] with [n] gives [m, n]. */
export const add = binary("Add");
/** a − b */
export const sub = binary("Sub");
/** a · b */
export const mul = binary("Mul");
/** a / b; of integers, towards zero */
export const div = binary("Div");
/** aᵇ */
export const pow = binary("Pow");
/** The smaller of a and b; NaN where one is. */
export const minimum = binary("Min");
/** The larger of a and b; NaN where one is. */
export const maximum = binary("Max");
/** a = b, as booleans */
export const equal = binary("Equal");
/** a < b, as booleans */
export const less = binary("Less");
/** a ≤ b, as booleans */
export const lessOrEqual = binary("LessOrEqual");
/** a > b, as booleans */
export const greater = binary("Greater");
/** a ≥ b, as booleans */
export const greaterOrEqual = binary("GreaterOrEqual");
/** Both, of booleans. */
export const and = (a: Value, b: Value) => apply("And", [a, b]);
/** One or both, of booleans. */
export const or = (a: Value, b: Value) => apply("Or", [a, b]);
/** The opposite, of booleans. */
export const not = unary("Not");
/** Whether an entry is NaN. */
export const isnan = unary("IsNaN");
/** Whether an entry is infinite, of either sign. */
export const isinf = unary("IsInf");

/** −x */
export const neg = unary("Neg");
/** |x| */
export const abs = unary("Abs");
/** −1, 0 or 1 */
export const sign = unary("Sign");
/** The largest whole number ≤ x. */
export const floor = unary("Floor");
/** The smallest whole number ≥ x. */
export const ceil = unary("Ceil");
/** eˣ */
export const exp = unary("Exp");
/** ln x */
export const log = unary("Log");
/** √x */
export const sqrt = unary("Sqrt");
/** 1 / x */
export const reciprocal = unary("Reciprocal");
/** sin x, of radians */
export const sin = unary("Sin");
/** cos x, of radians */
export const cos = unary("Cos");
/** tanh x */
export const tanh = unary("Tanh");
/** artanh x, |x| < 1 */
export const atanh = unary("Atanh");
/** The error function, 2/√π ∫₀ˣ exp(−t²) dt. */
export const erf = unary("Erf");
/** 1 / (1 + e⁻ˣ) */
export const sigmoid = unary("Sigmoid");
/** log(1 + eˣ) */
export const softplus = unary("Softplus");
/** max(x, 0) */
export const relu = unary("Relu");
/** x for x ≥ 0, slope·x below */
export const leakyRelu = (x: Value, slope: number) => apply("LeakyRelu", [x], { alpha: slope });
/** x·Φ(x), Φ the normal distribution function: GELU without approximation */
export const gelu = (x: Value) => mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));
/**
 * x·sigmoid(x), also called swish. In float64 as −((−x)·sigmoid(x)), the same number: ONNX Runtime
 * fuses the plain form into an operator without a float64 kernel.
 */
export const silu = (x: Value) =>
  x.dtype === "float64" ? neg(mul(neg(x), sigmoid(x))) : mul(x, sigmoid(x));
/** x */
export const identity = unary("Identity");
/** x² */
export const square = (x: Value) => mul(x, x);

/** `a` where the condition holds, `b` elsewhere. */
export const where = (condition: Value, a: Operand, b: Operand) =>
  apply("Where", [condition, ...operands(a, b)]);

/** Neither NaN nor infinite: x − x is 0 exactly for finite x. One comparison instead of two tests. */
export const isfinite = (x: Value) => {
  const difference = sub(x, x);
  return equal(difference, difference);
};

/** x in another type; x itself where it has that type. */
export const cast = (x: Value, dtype: DType) =>
  x.dtype === dtype ? x : apply("Cast", [x], { to: onnxDtype[dtype] });
