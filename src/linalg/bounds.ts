import { NumericError } from "../errors.ts";
import { cholesky } from "./cholesky.ts";
import {
  binaryScale,
  frobeniusNorm,
  gram,
  type Matrix,
  scale,
  shift,
  transpose,
} from "./matrix.ts";
import { requireSymmetric, symmetricEigenvalues } from "./symmetric.ts";

/**
 * A number as computed, and a proven bound of how far the true one lies beyond it on the side that
 * matters. All constants are doubled against the theorems, which pays for the rounding of the
 * bounds themselves and for underflow.
 */
export interface Bounded {
  readonly value: number;
  readonly margin: number; // ≥ 0
}

/** Half the distance from 1 to the next float64. */
export const unitRoundoff = 2 ** -53;

/** γ_n = n u/(1 − n u): the relative rounding error of a sum of n products is at most this. */
export const gamma = (n: number): number => (n * unitRoundoff) / (1 - n * unitRoundoff);

/**
 * The smallest eigenvalue of a symmetric matrix [n × n]: λmin(A) ≥ value − margin, proven.
 *
 * The eigenvalue solver is not trusted: the proof is that Cholesky's method runs to its end on
 * Ã = A − cI in floating point, which implies λmin(Ã) ≥ −γ_{n+1}/(1 − γ_{n+1}) · tr Ã. Demmel (1989),
 * "On floating point errors in Cholesky", LAPACK Working Note 14; Rump (2006), "Verification of
 * positive definiteness", BIT 46, 433–452.
 *
 * @param uncertainty  bound of ‖A − true A‖₂, such as the rounding made in forming A
 * @throws ShapeError, DataError  for a matrix that is not square, symmetric and finite
 */
export function smallestEigenvalue(A: Matrix, uncertainty = 0): Bounded {
  requireSymmetric(A);
  const n = A.rows;
  const unit = binaryScale(A);
  const scaled = scale(A, 1 / unit);
  const value = symmetricEigenvalues(scaled)[0];
  let diagonal = 0;
  for (let i = 0; i < n; i++) diagonal += Math.abs(scaled.data[i * (n + 1)]);

  // What the theorem takes off, with |c| ≤ |value| + 1, and the rounding of the diagonal of A − cI.
  const trace = diagonal + n * (Math.abs(value) + 1);
  const slack = 2 * gamma(n + 2) * trace + 4 * unitRoundoff * (4 + n);
  for (let step = slack; step < 1; step *= 4) {
    if (cholesky(shift(scaled, step - value)) === null) continue;
    const margin = step + 2 * slack + 4 * unitRoundoff * Math.abs(value);
    return { value: value * unit, margin: margin * unit + uncertainty };
  }
  throw new NumericError(
    `the smallest eigenvalue of a matrix of ${n} × ${n}, ${value * unit}, could not be confirmed`,
  );
}

/**
 * The spectral norm, ‖A‖₂ ≤ value + margin, proven: the largest eigenvalue of the smaller of AAᵀ
 * and AᵀA, by the theorem above.
 *
 * @param uncertainty  bound of ‖A − true A‖₂
 * @throws DataError  for a NaN or infinite entry
 */
export function spectralNormBound(A: Matrix, uncertainty = 0): Bounded {
  const unit = binaryScale(A);
  const wide = scale(A.rows <= A.cols ? A : transpose(A), 1 / unit);
  const rounding = 2 * gamma(wide.cols + 2) * frobeniusNorm(wide) ** 2;
  const { value, margin } = smallestEigenvalue(scale(gram(wide), -1), rounding);
  const norm = Math.sqrt(Math.max(0, -value));
  const bound = Math.sqrt(Math.max(0, -value) + margin) * (1 + 8 * unitRoundoff);
  return { value: norm * unit, margin: (bound - norm) * unit + uncertainty };
}
