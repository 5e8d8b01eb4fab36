import type { Value } from "../graph/node.ts";
import { add, mul, sub } from "../graph/ops/elementwise.ts";
import { inverse, matmul } from "../graph/ops/linear.ts";
import { transpose } from "../graph/ops/movement.ts";
import { identityLike } from "../solvers/splitting.ts";

/**
 * A [n, n] and B [n, p] with AAᵀ + BBᵀ = I from any X [n, n] and Y [p, n], by the Cayley transform:
 *
 *   Z = X − Xᵀ + YᵀY,  Aᵀ = (I + Z)⁻¹(I − Z),  Bᵀ = −2Y(I + Z)⁻¹
 *
 * I + Z has a symmetric part of at least I, so it can always be inverted.
 *
 * Trockman & Kolter (2021), "Orthogonalizing convolutional layers with the Cayley transform",
 * arXiv:2104.07167; Wang & Manchester (2023), arXiv:2301.11526, equation 8.
 */
export function cayley(X: Value, Y: Value): { readonly At: Value; readonly Bt: Value } {
  const identity = identityLike(X);
  const Z = add(sub(X, transpose(X)), matmul(transpose(Y), Y));
  const resolvent = inverse(add(identity, Z));
  return { At: matmul(resolvent, sub(identity, Z)), Bt: mul(matmul(Y, resolvent), -2) };
}
