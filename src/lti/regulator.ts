import type { Matrix } from "../linalg/matrix.ts";
import { multiply, subtract } from "../linalg/matrix.ts";
import { discreteRiccati } from "../linalg/riccati.ts";

/** The feedback u = −K x, and what it leads to. */
export interface Regulator {
  readonly K: Matrix; // [m × n]
  readonly X: Matrix; // [n × n]; the cost from x is xᵀXx
  readonly closedLoop: Matrix; // A − BK
}

/**
 * The linear-quadratic regulator of x_{k+1} = A x_k + B u_k: the K of u = −K x that minimises
 * Σ xᵀQx + uᵀRu.
 *
 * @throws NumericError  where an unstable mode is out of the input's reach
 */
export function lqr(A: Matrix, B: Matrix, Q: Matrix, R: Matrix): Regulator {
  const { X, K } = discreteRiccati(A, B, Q, R);
  return { K, X, closedLoop: subtract(A, multiply(B, K)) };
}
