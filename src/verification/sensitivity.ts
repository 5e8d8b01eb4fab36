import { CertificateError, ShapeError } from "../errors.ts";
import { spectralNormBound, unitRoundoff } from "../linalg/bounds.ts";
import { frobeniusNorm, type Matrix, multiply, subtract } from "../linalg/matrix.ts";
import { monotonicity } from "./measures.ts";

/** The weights of a layer z* = σ(Wz* + Ux + b). */
export interface LayerWeights {
  readonly W: Matrix; // [n × n]
  readonly U: Matrix; // [n × d]
  readonly b: ArrayLike<number>; // [n]
}

/**
 * How far the equilibrium can move when the weights of a monotone layer change, at one input x:
 *
 *   ‖z̄* − z*‖₂ ≤ ‖W̄ − W‖₂ ‖Ux + b‖₂ / (m m̄) + (‖(Ū − U)x‖₂ + ‖b̄ − b‖₂) / m̄
 *
 * with m, m̄ = λmin(I − (W + Wᵀ)/2) of both, for σ the prox of a convex function with σ(0) = 0 (ReLU,
 * leaky ReLU, tanh). Rounding of the spectral quantities is accounted for.
 *
 * Pabbaraju, Winston & Kolter (2021), "Estimating Lipschitz constants of monotone deep equilibrium
 * models", ICLR.
 *
 * @param x  [d]
 * @throws CertificateError  where one of the two layers is not proven monotone
 * @throws ShapeError  for weights or an input that do not fit together
 */
export function equilibriumShift(
  before: LayerWeights,
  after: LayerWeights,
  x: ArrayLike<number>,
): number {
  for (const { W, U, b } of [before, after]) {
    if (b.length !== W.rows || U.rows !== W.rows || U.cols !== x.length) {
      throw new ShapeError(
        `W ${W.rows} × ${W.cols}, U ${U.rows} × ${U.cols}, b of ${b.length}, x of ${x.length}`,
      );
    }
  }
  const [m, moved] = [before, after].map(({ W }, i) => {
    const { value, margin } = monotonicity(W);
    if (value - margin > 0) return value - margin;
    const which = i === 0 ? "before" : "after";
    throw new CertificateError(`the layer ${which} is not monotone: m = ${value} ± ${margin}`);
  });
  const column = (values: ArrayLike<number>): Matrix => ({
    rows: values.length,
    cols: 1,
    data: Float64Array.from(values),
  });
  const change = subtract(after.W, before.W);
  const norm = spectralNormBound(change);
  // Of a tiny change the margin of the spectral norm is the larger part; ‖·‖₂ ≤ ‖·‖_F has none.
  const difference = Math.min(norm.value + norm.margin, frobeniusNorm(change));
  const drive = frobeniusNorm(addTo(multiply(before.U, column(x)), before.b));
  const drives =
    frobeniusNorm(multiply(subtract(after.U, before.U), column(x))) +
    frobeniusNorm(subtract(column(after.b), column(before.b)));
  const bound = (difference * drive) / (m * moved) + drives / moved;
  return bound * (1 + 8 * (x.length + change.data.length) * unitRoundoff);
}

const addTo = (A: Matrix, b: ArrayLike<number>): Matrix => ({
  ...A,
  data: A.data.map((a, i) => a + b[i]),
});
