import { gamma, smallestEigenvalue, unitRoundoff } from "../linalg/bounds.ts";
import { cholesky } from "../linalg/cholesky.ts";
import { frobeniusNorm, gram, type Matrix, matrix, transpose } from "../linalg/matrix.ts";
import { spectralNorm } from "../linalg/svd.ts";
import { solveLower } from "../linalg/triangular.ts";

/** A layer h ↦ S σ(T h + b) with σ of slope in [0, 1], entry by entry. */
export interface SandwichWeights {
  readonly T: Matrix; // [n × p]
  readonly S: Matrix; // [m × n]
}

/**
 * By how much the matrix of a layer's gain exceeds 0, proven; negative or −Infinity where it is not
 * proven. For multipliers λ > 0 and a gain ρ it is
 *
 *   N = 2Λ − SᵀS − ρ⁻² (ΛT)(ΛT)ᵀ ⪰ 0,  Λ = diag λ
 *
 * which implies ‖S(v − v′)‖ ≤ ρ‖h − h′‖: with w = T(h − h′) and Δ = v − v′, slopes in [0, 1] mean
 * Δᵢ(wᵢ − Δᵢ) ≥ 0, and ρ²‖h − h′‖² − ‖SΔ‖² − 2Σ λᵢΔᵢ(wᵢ − Δᵢ) is a quadratic form whose Schur
 * complement in h is N. Any positive λ prove what they prove; none is taken on trust.
 *
 * Fazlyab, Robey, Hassani, Morari & Pappas (2019), "Efficient and accurate estimation of Lipschitz
 * constants for deep neural networks", arXiv:1906.04893, Theorem 1 with one hidden layer.
 */
export function gainMargin({ T, S }: SandwichWeights, lambda: Float64Array, rho: number): number {
  if (!(rho > 0 && rho < Infinity && lambda.every((x) => x > 0 && x < Infinity))) return -Infinity;
  // Powers of two on both sides do not round, and bring the diagonal of Λ near 1.
  const unit = Float64Array.from(lambda, (x) => 2 ** -Math.round(Math.log2(x) / 2));
  const scaledS = matrix(S.rows, S.cols, (i, j) => S.data[i * S.cols + j] * unit[j]);
  const scaledT = matrix(
    T.rows,
    T.cols,
    (i, j) => (T.data[i * T.cols + j] * lambda[i] * unit[i]) / rho,
  );
  const [through, into] = [gram(transpose(scaledS)), gram(scaledT)];
  const N = matrix(S.cols, S.cols, (i, j) => {
    const k = i * S.cols + j;
    const diagonal = i === j ? 2 * lambda[i] * unit[i] * unit[i] : 0;
    return diagonal - through.data[k] - into.data[k];
  });
  const size = frobeniusNorm(scaledS) ** 2 + frobeniusNorm(scaledT) ** 2 + 4 * S.cols;
  const rounding = 2 * (gamma(S.rows + 4) + gamma(T.cols + 8) + 8 * unitRoundoff) * size;
  const { value, margin } = smallestEigenvalue(N, rounding);
  return value - margin;
}

/** Multipliers and the gain that they are expected to prove; not a proof. Null where there is none. */
export function gainGuess(
  { T, S }: SandwichWeights,
  nominal: Float64Array,
): { readonly lambda: Float64Array; readonly rho: number } | null {
  let best: { readonly lambda: Float64Array; readonly rho: number } | null = null;
  const through = gram(transpose(S));
  // Rounded weights are off the edge of what λ = Ψ² proves: λ a little larger proves a little less.
  for (let slack = 2 ** -22; slack <= 2 ** -8; slack *= 2) {
    const lambda = nominal.map((x) => x * (1 + slack));
    const C = matrix(S.cols, S.cols, (i, j) => {
      const k = i * S.cols + j;
      return (i === j ? 2 * lambda[i] : 0) - through.data[k];
    });
    const L = cholesky(C);
    if (L === null) continue;
    const rho = spectralNorm(solveLower(L, scaledRows(T, lambda)));
    if (best === null || rho < best.rho) best = { lambda, rho };
  }
  return best;
}

const scaledRows = (T: Matrix, factors: Float64Array): Matrix =>
  matrix(T.rows, T.cols, (i, j) => factors[i] * T.data[i * T.cols + j]);
