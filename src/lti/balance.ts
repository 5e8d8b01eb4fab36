import { NumericError } from "../errors.ts";
import { cholesky } from "../linalg/cholesky.ts";
import { discreteLyapunov } from "../linalg/lyapunov.ts";
import {
  gram,
  identity,
  largestEntry,
  type Matrix,
  matrix,
  multiply,
  scale,
  shift,
  symmetricPart,
  transpose,
} from "../linalg/matrix.ts";
import { symmetricEigen } from "../linalg/symmetric.ts";
import { solveUpper } from "../linalg/triangular.ts";
import type { StateSpace } from "./state-space.ts";

/** Coordinates x̃ = T x in which inputs reach each state as well as outputs see it. */
export interface Balanced {
  readonly system: StateSpace; // in the coordinates x̃
  readonly T: Matrix;
  readonly inverse: Matrix; // of T
  readonly hankel: Float64Array; // Hankel singular values, descending: how much each state matters
}

/**
 * The balanced form of a stable system: both Gramians W_c = A W_c Aᵀ + BBᵀ and W_o = AᵀW_oA + CᵀC are
 * the diagonal matrix of Hankel singular values. States that inputs hardly reach or outputs hardly see
 * count as if by 1e-10 of the best, which bounds T. Laub, Heath, Paige & Ward (1987), IEEE Trans.
 * Automatic Control 32(2).
 *
 * @throws NumericError  for a system that is not stable
 */
export function balance({ A, B, C, D, dt }: StateSpace): Balanced {
  const raised = (W: Matrix) => {
    const symmetric = symmetricPart(W);
    return shift(symmetric, 1e-10 * largestEntry(symmetric) || 1);
  };
  const reach = raised(discreteLyapunov(A, gram(B)));
  const sight = raised(discreteLyapunov(transpose(A), gram(transpose(C))));
  const L = cholesky(reach);
  if (L === null) throw new NumericError("the controllability Gramian is not positive definite");
  const { values, vectors } = symmetricEigen(
    symmetricPart(multiply(transpose(L), multiply(sight, L))),
  );
  const n = A.rows;
  // ascending → descending
  const U = matrix(n, n, (i, j) => vectors.data[i * n + n - 1 - j]);
  const hankel = Float64Array.from({ length: n }, (_, j) =>
    Math.sqrt(Math.max(values[n - 1 - j], 1e-20 * values[n - 1])),
  );
  // T⁻¹ = L U Σ^{−1/2}, T = Σ^{1/2} Uᵀ L⁻¹.
  const inverse = multiply(
    L,
    matrix(n, n, (i, j) => U.data[i * n + j] / Math.sqrt(hankel[j])),
  );
  const lower = transpose(solveUpper(transpose(L), identity(n)));
  const rotated = multiply(transpose(U), lower);
  const T = matrix(n, n, (i, j) => rotated.data[i * n + j] * Math.sqrt(hankel[i]));
  const system = {
    A: multiply(multiply(T, A), inverse),
    B: multiply(T, B),
    C: multiply(C, inverse),
    D,
    dt,
  };
  return { system, T, inverse, hankel };
}

/** The first `states` balanced states alone: an error in H∞ of at most twice the Hankel values left out. */
export function truncate({ system: { A, B, C, D, dt } }: Balanced, states: number): StateSpace {
  const corner = (M: Matrix, rows: number, cols: number) =>
    matrix(rows, cols, (i, j) => M.data[i * M.cols + j]);
  return {
    A: corner(A, states, states),
    B: corner(B, states, B.cols),
    C: corner(C, C.rows, states),
    D: scale(D, 1),
    dt,
  };
}
