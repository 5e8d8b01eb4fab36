import type { Value } from "../node.ts";
import { apply } from "../value.ts";
import { add } from "./elementwise.ts";
import { transpose } from "./movement.ts";

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
