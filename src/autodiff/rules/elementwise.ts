import type { Value } from "../../graph/node.ts";
import {
  cast,
  cos,
  div,
  exp,
  greater,
  greaterOrEqual,
  log,
  mul,
  neg,
  pow,
  sigmoid,
  sign,
  sin,
  square,
  sub,
  where,
} from "../../graph/ops/elementwise.ts";
import { isFloat } from "../../graph/shape.ts";
import { floatAttribute, noDerivative, of, unbroadcast } from "../broadcast.ts";
import type { Rule } from "../rules.ts";

/** ȳ times the slope at x. */
const slope = (derivative: (x: Value, y: Value) => Value): Rule =>
  of((y, ybar, x) => [mul(ybar, derivative(x, y))]);

/** Max and Min: ȳ goes to the entry taken, to the first where both are equal. */
const select = (first: (a: Value, b: Value) => Value): Rule =>
  of((_, ybar, a, b) => {
    const taken = first(a, b);
    return [unbroadcast(where(taken, ybar, 0), a), unbroadcast(where(taken, 0, ybar), b)];
  });

export const elementwiseRules = {
  Add: of((_, ybar, a, b) => [unbroadcast(ybar, a), unbroadcast(ybar, b)]),
  Sub: of((_, ybar, a, b) => [unbroadcast(ybar, a), unbroadcast(neg(ybar), b)]),
  Mul: of((_, ybar, a, b) => [unbroadcast(mul(ybar, b), a), unbroadcast(mul(ybar, a), b)]),
  // ∂(a/b)/∂b = −y/b
  Div: of((y, ybar, a, b) => [
    unbroadcast(div(ybar, b), a),
    unbroadcast(neg(div(mul(ybar, y), b)), b),
  ]),
  // ∂aᵇ/∂a = b aᵇ⁻¹; ∂aᵇ/∂b = aᵇ ln a, for a > 0 only
  Pow: of((y, ybar, a, b) => [
    unbroadcast(mul(ybar, mul(b, pow(a, sub(b, 1)))), a),
    unbroadcast(mul(ybar, mul(y, log(a))), b),
  ]),
  Max: select(greaterOrEqual),
  Min: select((a, b) => greaterOrEqual(b, a)),

  And: noDerivative,
  Or: noDerivative,
  Not: noDerivative,
  Equal: noDerivative,
  Less: noDerivative,
  LessOrEqual: noDerivative,
  Greater: noDerivative,
  GreaterOrEqual: noDerivative,
  IsNaN: noDerivative,
  IsInf: noDerivative,
  Sign: noDerivative,
  Floor: noDerivative,
  Ceil: noDerivative,

  Identity: of((_, ybar) => [ybar]),
  Neg: of((_, ybar) => [neg(ybar)]),
  Abs: slope(sign),
  Exp: slope((_, y) => y),
  Log: of((_, ybar, x) => [div(ybar, x)]),
  Sqrt: of((y, ybar) => [div(mul(ybar, 0.5), y)]),
  Reciprocal: of((y, ybar) => [neg(mul(ybar, square(y)))]),
  Sin: slope(cos),
  Cos: slope((x) => neg(sin(x))),
  Tanh: of((y, ybar) => [sub(ybar, mul(ybar, square(y)))]), // tanh′ = 1 − tanh²
  Atanh: of((_, ybar, x) => [div(ybar, sub(1, square(x)))]),
  Erf: slope((x) => mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))),
  Sigmoid: slope((_, y) => sub(y, square(y))),
  Softplus: slope(sigmoid),
  // One operator more than the sign of y, and three times as quick.
  Relu: slope((_, y) => cast(greater(y, 0), y.dtype)),
  LeakyRelu: (node, [ybar]) => [
    where(greater(node.inputs[0]!, 0), ybar!, mul(ybar!, floatAttribute(node, "alpha"))),
  ],

  Where: of((_, ybar, condition, a, b) => [
    null,
    unbroadcast(where(condition, ybar, 0), a),
    unbroadcast(where(condition, 0, ybar), b),
  ]),
  Cast: of((_, ybar, x) => [isFloat(x.dtype) && isFloat(ybar.dtype) ? cast(ybar, x.dtype) : null]),
} satisfies Record<string, Rule>;
