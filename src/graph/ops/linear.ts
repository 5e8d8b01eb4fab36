import type { Value } from "../node.ts";
import { sameShape } from "../shape.ts";
import { apply } from "../value.ts";
import { add } from "./elementwise.ts";
import { reshape, transpose } from "./movement.ts";

/** Matrix product over the last two axes: [...batch, m, k] · [...batch, k, n] → [...batch, m, n]. */
export const matmul = (a: Value, b: Value) => apply("MatMul", [a, b]);

export interface GemmOptions {
  readonly alpha?: number;
  readonly beta?: number;
  readonly transA?: boolean;
  readonly transB?: boolean;
}

/** α A′ B′ + β C for matrices, with A′ = Aᵀ where `transA`, B′ = Bᵀ where `transB`, C broadcast. */
export const gemm = (
  a: Value,
  b: Value,
  c: Value | null = null,
  { alpha = 1, beta = 1, transA = false, transB = false }: GemmOptions = {},
) =>
  apply("Gemm", c === null ? [a, b] : [a, b, c], { alpha, beta, transA: +transA, transB: +transB });

/**
 * c + x, in one operator where x is a matrix product that nothing is added to yet, or the only row of
 * one as a vector, and c has its shape.
 */
export function plus(c: Value, x: Value): Value {
  const row = x.node.op === "Reshape" && x.shape.length === 1 ? x.node.inputs[0]! : x;
  const { op, inputs, attributes } = row.node;
  const [a, b, shift] = inputs;
  const alike = row !== x ? row.shape[0] === 1 : c.shape.length === 2;
  if (op !== "Gemm" || shift || !alike || !sameShape(c.shape, x.shape)) return add(c, x);
  const sum = apply("Gemm", [a, b, c], { ...attributes, beta: 1 });
  return row === x ? sum : reshape(sum, x.shape);
}

/** x Wᵀ + b: rows of x [..., n] through a weight [m, n] and a bias [m] (or none) → [..., m]. */
export function affine(x: Value, weight: Value, bias: Value | null = null): Value {
  if (x.shape.length === 2) return gemm(x, weight, bias, { transB: true });
  const product = matmul(x, transpose(weight, [1, 0]));
  return bias === null ? product : add(product, bias);
}

/**
 * Inverse of each matrix over the last two axes, by ONNX Runtime's own operator
 * `com.microsoft::Inverse`. Training graphs may hold it; export folds it into constants.
 */
export const inverse = (x: Value) => apply("Inverse", [x]);
