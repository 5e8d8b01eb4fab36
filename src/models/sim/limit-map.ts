import { NumericError, ShapeError } from "../../errors.ts";
import { beside } from "../../linalg/blocks.ts";
import { spectralRadius } from "../../linalg/eigenvalues.ts";
import { leastSquares } from "../../linalg/least-squares.ts";
import {
  frobeniusNorm,
  type Matrix,
  matrix,
  matrixOf,
  multiply,
  subtract,
  transpose,
} from "../../linalg/matrix.ts";
import { solve } from "../../linalg/solve.ts";
import { svd } from "../../linalg/svd.ts";

/** Steps of an iteration z ← f(z; x), observed: one pair a row. */
export interface ObservedSteps {
  /** Observables ψ(z, x) before and after a step [N, l]; the first `states` of them are z itself. */
  readonly before: Matrix;
  readonly after: Matrix;
  readonly states: number;
  /** Features of x alone [N, m], which no step changes: eigenfunctions with λ = 1. */
  readonly fixed: Matrix;
}

/** The limit of an iteration as a linear map of rank k, and the parameters V, U of a `sim` that has it. */
export interface LimitMap {
  readonly V: Matrix; // [k, m], orthonormal rows
  readonly U: Matrix; // [m, k] = Vᵀ: UV is a projector
  /** `z* ≈ readout · V φ(x)`, [states, k]. */
  readonly readout: Matrix;
  /** Largest modulus of the eigenvalues that vanish in the limit. */
  readonly radius: number;
  /** Share of the steps' changes that the fitted map misses, ‖after − fit‖/‖after‖. */
  readonly misfit: number;
  /** What had to be added to the squares of the observables for the map to be stable, relative. */
  readonly ridge: number;
}

/**
 * The limit t → ∞ of an iteration from its steps, by extended DMD on [ψ(z, x), φ(x)]: the operator is
 * [[A, B], [0, I]], of which the identity's eigenvalues survive and those of A must not; its spectral
 * projector takes [0, φ] to [(I − A)⁻¹Bφ, φ]. Kept are the k directions of φ that matter most to the
 * limit over the data. Where the fit has |λ(A)| ≥ 1, which plain EDMD may give of a stable iteration,
 * a growing ridge shrinks A until it has not.
 *
 * @throws ShapeError  for observables and features of different counts, or a rank that is too large
 * @throws NumericError  where no ridge makes A stable
 */
export function limitMap({ before, after, states, fixed }: ObservedSteps, rank: number): LimitMap {
  const [N, l, m] = [before.rows, before.cols, fixed.cols];
  if (after.rows !== N || after.cols !== l || fixed.rows !== N || states > l) {
    throw new ShapeError(
      `steps ${N} × ${l} → ${after.rows} × ${after.cols} beside ${fixed.rows} × ${m}, ${states} states`,
    );
  }
  if (!(Number.isInteger(rank) && rank > 0 && rank <= Math.min(states, m)))
    throw new ShapeError(`a limit of rank ${rank} of ${states} states and ${m} features`);
  const all = beside([before, fixed]);
  const scale = frobeniusNorm(before) / Math.sqrt(l);
  for (let ridge = 1e-6; ridge <= 1; ridge *= 10) {
    const X = ridged(all, after, l, ridge * scale);
    const A = matrix(l, l, (i, j) => X.data[j * l + i]);
    const radius = spectralRadius(A);
    if (!(radius < 1)) continue;
    const B = matrix(l, m, (i, j) => X.data[(l + j) * l + i]);
    const reached = solve(
      matrix(l, l, (i, j) => +(i === j) - A.data[i * l + j]),
      B,
    );
    const limit = matrixOf(states, m, reached.data.slice(0, states * m));
    const misfit = frobeniusNorm(subtract(multiply(all, X), after)) / frobeniusNorm(after);
    return { ...lowRank(limit, fixed, rank), radius, misfit, ridge };
  }
  throw new NumericError(
    "no stable map fits the steps: the iteration may not converge, or the observables are too few",
  );
}

/** Ridge regression after ≈ all · X, on the observables of the state alone. */
function ridged(all: Matrix, after: Matrix, l: number, ridge: number): Matrix {
  const padded = (source: Matrix, diagonal: number) =>
    matrix(source.rows + l, source.cols, (i, j) =>
      i < source.rows ? source.data[i * source.cols + j] : diagonal * +(i - source.rows === j),
    );
  return leastSquares(padded(all, ridge), padded(after, 0), 1e-10).X;
}

/** The k directions of a limit z = Lφ that explain most of it over the data φ, as an orthonormal V. */
function lowRank(L: Matrix, data: Matrix, rank: number) {
  const found = multiply(data, transpose(L)); // [N, states]
  const { V: principal } = svd(found);
  const W = matrix(principal.rows, rank, (i, j) => principal.data[i * principal.cols + j]);
  const { U: left, s, V: right } = svd(multiply(transpose(W), L)); // WᵀL = left s rightᵀ
  const V = transpose(right);
  const readout = multiply(
    W,
    matrix(rank, rank, (i, j) => left.data[i * rank + j] * s[j]),
  );
  return { V, U: right, readout };
}
