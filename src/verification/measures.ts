import {
  type Bounded,
  gamma,
  smallestEigenvalue,
  spectralNormBound,
  unitRoundoff,
} from "../linalg/bounds.ts";
import {
  frobeniusNorm,
  identity,
  type Matrix,
  matrix,
  multiply,
  scale,
  shift,
  subtract,
  symmetricPart,
  transpose,
} from "../linalg/matrix.ts";
import type { Weights } from "./weights.ts";

/**
 * The numbers that claims are made of, from the stored weights in float64. Each comes with a proven
 * margin, which includes the rounding made in forming the matrix: errors of its entries are bounded
 * in the Frobenius norm, which is never below the spectral norm.
 */

/** Half the distance from 1 to the next float32. */
export const float32Roundoff = 2 ** -24;

/** m = λmin(I − (W + Wᵀ)/2) ≥ value − margin. W [n × n] */
export function monotonicity(W: Matrix): Bounded {
  const symmetric = subtract(identity(W.rows), symmetricPart(W));
  return smallestEigenvalue(symmetric, 4 * unitRoundoff * sizeOf(W, 1));
}

/** Contraction of Peaceman–Rachford, ‖R‖₂ ≤ value + margin. R [n × n] */
export const reflectedRate = (R: Matrix): Bounded => spectralNormBound(R);

/** Contraction of forward–backward, ‖I − α(I − W)‖₂ ≤ value + margin. W [n × n] */
export const forwardRate = (W: Matrix, alpha: number): Bounded =>
  spectralNormBound(
    shift(scale(W, alpha), 1 - alpha),
    4 * unitRoundoff * sizeOf(scale(W, alpha), 1 + alpha),
  );

/** How R relates to W. */
export interface Relation {
  readonly distance: Bounded; // δ = ‖W_R − W‖₂ ≤ value + margin; infinite where R need have no W_R
  readonly residual: number; // ‖MV − I‖_F
  readonly tolerance: number; // what an inversion in float32 may leave of it
  readonly sensitivity: number; // how far δ moves per unit of one entry of R, at most
}

/**
 * δ = ‖W_R − W‖₂, where W_R is what R belongs to: R = 2(I + α(I − W_R))⁻¹ − I.
 *
 * With M = I + α(I − W), V = (R + I)/2 and MV = I + E: α(W − W_R) = V⁻¹ − M = −(I + E)⁻¹ E M, so
 * δ ≤ ‖E M‖₂ / (α (1 − ‖E‖)) where ‖E‖ < 1.
 *
 * @param W, R  [n × n]
 */
export function resolventRelation(W: Matrix, R: Matrix, alpha: number): Relation {
  const { E, EM, ...rest } = resolventResidual(W, R, alpha);
  const { residual } = rest;
  const norm = E.value + E.margin;
  if (!(norm < 1)) return { ...rest, distance: { value: Infinity, margin: 0 } };
  const distance = EM.value / (alpha * (1 - residual));
  const bound = (EM.value + EM.margin) / (alpha * (1 - norm));
  const margin = (bound - distance) * (1 + 8 * unitRoundoff);
  return { ...rest, distance: { value: distance, margin } };
}

/** E = MV − I and EM, in the notation of `resolventRelation`. */
export interface Residual extends Omit<Relation, "distance"> {
  readonly E: Bounded; // ‖E‖_F
  readonly EM: Bounded; // ‖EM‖₂
}

export function resolventResidual(W: Matrix, R: Matrix, alpha: number): Residual {
  const n = W.rows;
  const M = shift(scale(W, -alpha), 1 + alpha);
  const V = scale(shift(R, 1), 0.5);
  const E = shift(multiply(M, V), -1);
  const residual = frobeniusNorm(E);
  // ONNX Runtime's inverse leaves 0.2 in place of the 8 for n from 40 to 100 (measured).
  const tolerance = 8 * float32Roundoff * frobeniusNorm(M) * (frobeniusNorm(V) + frobeniusNorm(R));

  // A change dR moves W_R by V⁻¹ dR V⁻¹ / 2α to first order, and V⁻¹ is M but for rounding.
  const sensitivity = (longestRow(M) * longestRow(transpose(M))) / alpha;

  const size = sizeOf(scale(W, alpha), 1 + alpha);
  const roundingOfE = 8 * gamma(n + 8) * size * sizeOf(V, 1);
  const roundingOfEM = 2 * size * (roundingOfE + gamma(n + 8) * residual);
  return {
    residual,
    tolerance,
    sensitivity,
    E: { value: residual, margin: roundingOfE },
    EM: spectralNormBound(multiply(E, M), roundingOfEM),
  };
}

/** ‖W_o‖₂ ‖U D‖₂ ≤ value + margin, D = diag(1/scale): the gain around the equilibrium. */
export function outerGain({ U, W_o, inputScale }: Weights): Bounded {
  const input = inputScale
    ? matrix(U.rows, U.cols, (i, j) => U.data[i * U.cols + j] / inputScale[j])
    : U;
  const enter = spectralNormBound(input, 2 * unitRoundoff * frobeniusNorm(input));
  const leave = spectralNormBound(W_o);
  const value = enter.value * leave.value;
  const bound = (enter.value + enter.margin) * (leave.value + leave.margin);
  return { value, margin: (bound - value) * (1 + 8 * unitRoundoff) + 8 * unitRoundoff * bound };
}

/** ‖A‖_F + t ‖I‖_F: what A + tI and the numbers it is formed from do not exceed. */
const sizeOf = (A: Matrix, t: number): number => frobeniusNorm(A) + t * Math.sqrt(A.rows);

/** max ‖row‖₂ */
const longestRow = ({ rows, cols, data }: Matrix): number =>
  Math.max(
    ...Array.from({ length: rows }, (_, i) =>
      frobeniusNorm({ rows: 1, cols, data: data.subarray(i * cols, (i + 1) * cols) }),
    ),
  );
