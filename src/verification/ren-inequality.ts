import { DataError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import { beside } from "../linalg/blocks.ts";
import { type Bounded, gamma, smallestEigenvalue } from "../linalg/bounds.ts";
import {
  add,
  frobeniusNorm,
  type Matrix,
  matrix,
  matrixOf,
  multiply,
  requireFinite,
  subtract,
  symmetricPart,
  transpose,
} from "../linalg/matrix.ts";
import type { Supply } from "../models/ren/guarantee.ts";
import { requireAdded, requiredNumbers } from "./weights.ts";

/** The stored matrices of a recurrent equilibrium network that claims are about: float32, widened. */
export interface RenWeights {
  readonly A: Matrix; // [n × n]
  readonly B1: Matrix; // [n × q]
  readonly B2: Matrix; // [n × m]
  readonly C1: Matrix; // [q × n]
  readonly D11: Matrix; // [q × q]
  readonly D12: Matrix; // [q × m]
  readonly C2: Matrix; // [p × n]
  readonly D21: Matrix; // [p × q]
  readonly D22: Matrix; // [p × m]
}

/** How a matrix inequality was proven, as certificates keep it. */
export interface ProvenInequality {
  /** λmin of the matrix of the inequality as computed, and a proven bound of its rounding error. */
  readonly measured: number;
  readonly roundingMargin: number;
  /** Rows of the lower triangle of 𝒫, and the diagonal of Λ. */
  readonly P: readonly (readonly number[])[];
  readonly Lambda: readonly number[];
}

/** What proves the inequality: 𝒫 ≻ 0 [n × n] and the diagonal of Λ > 0 [q]. */
export interface Witness {
  readonly P: Matrix;
  readonly Lambda: Float64Array;
}

/**
 * The matrices by name from the tensors of a file, checked once. Biases drop out of all differences.
 *
 * @throws DataError, ShapeError  for one that is missing, not float32, not finite or misshapen
 */
export function renWeights(tensors: Readonly<Record<string, Tensor>>): RenWeights {
  requireAdded(tensors);
  const sizes: Record<string, number> = {};
  const read = (name: string, rows: string, cols: string): Matrix => {
    const { shape, data } = requiredNumbers(tensors, name, [rows, cols], sizes);
    [sizes[rows], sizes[cols]] = shape;
    return { rows: shape[0], cols: shape[1], data };
  };
  return {
    A: read("A", "n", "n"),
    B1: read("B1", "n", "q"),
    B2: read("B2", "n", "m"),
    C1: read("C1", "q", "n"),
    D11: read("D11", "q", "q"),
    D12: read("D12", "q", "m"),
    C2: read("C2", "p", "n"),
    D21: read("D21", "p", "q"),
    D22: read("D22", "p", "m"),
  };
}

/** The witness as certificates keep it, from 𝒫 [n × n] and the diagonal of Λ [q] in float64. */
export function keptWitness(metric: {
  readonly P: Tensor;
  readonly Lambda: Tensor;
}): Pick<ProvenInequality, "P" | "Lambda"> {
  const n = metric.P.shape[0];
  const flat = Float64Array.from(metric.P.data, Number);
  return {
    P: Array.from({ length: n }, (_, i) => Array.from(flat.subarray(i * n, i * n + i + 1))),
    Lambda: Array.from(metric.Lambda.data, Number),
  };
}

/**
 * A witness from a certificate's rows of the lower triangle of 𝒫 and the diagonal of Λ.
 *
 * @throws DataError  for rows that are no lower triangle, and for numbers that are not finite
 */
export function witnessOf(
  lower: readonly (readonly number[])[],
  diagonal: readonly number[],
): Witness {
  const odd = lower.findIndex((row, i) => row.length !== i + 1);
  if (lower.length === 0 || odd >= 0)
    throw new DataError(`certificate.P: row ${Math.max(0, odd)} is not of a lower triangle`);
  const P: Matrix = matrix(lower.length, lower.length, (i, j) =>
    j <= i ? lower[i][j] : lower[j][i],
  );
  const Lambda = Float64Array.from(diagonal);
  requireFinite(matrixOf(1, Lambda.length, Lambda));
  return { P, Lambda };
}

/**
 * λmin of the matrix that must be positive definite for V(Δx⁺) ≤ ᾱ²V(Δx) + s, V(Δx) = Δxᵀ𝒫Δx, with a
 * proven margin:
 *
 *   [ᾱ²𝒫, −C1ᵀΛ, 0; ·, 2Λ − ΛD11 − D11ᵀΛ, −ΛD12; ·, ·, 0] − [A B1 B2]ᵀ𝒫[A B1 B2] + YᵀQY + YᵀSᵀU + UᵀSY + UᵀRU
 *
 * Y = [C2 D21 D22], U = [0 0 I]; without the last block and s where there is no supply rate. The middle
 * block is what the slopes of the neurons in [0, 1] give: 2Δwᵀ Λ(Δv − Δw) ≥ 0.
 *
 * Revay, Wang & Manchester (2023), "Recurrent equilibrium networks", arXiv:2104.05942v3.
 */
export function renInequality(
  weights: RenWeights,
  { P, Lambda }: Witness,
  rate: number,
  supply: Supply | null,
): Bounded {
  const { A, B1, B2, C1, D11, D12, C2, D21, D22 } = weights;
  const [n, q, m] = [A.rows, D11.rows, supply === null ? 0 : B2.cols];
  if (P.rows !== n || Lambda.length !== q) {
    throw new DataError(
      `a witness for ${P.rows} states and ${Lambda.length} neurons beside ${n} and ${q}`,
    );
  }
  const size = n + q + m;
  const sector = matrix(size, size, (i, j) => {
    // Of the blocks above the diagonal; those below are the same.
    const [row, col] = i <= j ? [i, j] : [j, i];
    if (col < n) return rate ** 2 * P.data[row * n + col];
    if (col < n + q) {
      const k = col - n;
      if (row < n) return -Lambda[k] * C1.data[k * n + row];
      const l = row - n;
      const pair = Lambda[k] * D11.data[k * q + l] + Lambda[l] * D11.data[l * q + k];
      return (k === l ? 2 * Lambda[k] : 0) - pair;
    }
    if (row < n || row >= n + q) return 0;
    return -Lambda[row - n] * D12.data[(row - n) * m + col - n - q];
  });
  const next = beside(m > 0 ? [A, B1, B2] : [A, B1]);
  let M = subtract(sector, congruent(next, P));
  // Of every entry the sum of the moduli of its terms.
  let moduli = add(modulus(sector), congruent(modulus(next), modulus(P)));
  if (supply !== null) {
    const { Q, S, R } = supply;
    const Y = beside([C2, D21, D22]);
    const U = matrix(m, size, (i, j) => +(j === n + q + i));
    const of = (y: Matrix, Q: Matrix, S: Matrix, R: Matrix) => {
      const mixed = multiply(transpose(U), multiply(S, y));
      return add(congruent(y, Q), add(add(mixed, transpose(mixed)), congruent(U, R)));
    };
    M = add(M, of(Y, Q, S, R));
    moduli = add(moduli, of(modulus(Y), modulus(Q), modulus(S), modulus(R)));
  }
  // Each entry is a sum of products of three numbers, a sum of up to `size` terms in one of as many.
  const rounding = 2 * gamma(2 * size + 8) * frobeniusNorm(moduli);
  return smallestEigenvalue(symmetricPart(M), rounding);
}

const modulus = (A: Matrix): Matrix => ({ ...A, data: A.data.map(Math.abs) });

/** YᵀQY */
const congruent = (Y: Matrix, Q: Matrix): Matrix => multiply(transpose(Y), multiply(Q, Y));
