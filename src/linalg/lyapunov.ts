import { NumericError, ShapeError } from "../errors.ts";
import { spectralRadius } from "./eigenvalues.ts";
import { add, largestEntry, type Matrix, multiply, requireSquare, transpose } from "./matrix.ts";

/**
 * The X of the discrete Lyapunov equation X = A X Aᵀ + Q, for ρ(A) < 1: X = Σ Aᵏ Q (Aᵀ)ᵏ, summed by
 * Smith's doubling, X ← X + A X Aᵀ and A ← A². Smith (1968), "Matrix equation XA + BX = C", SIAM J.
 * Appl. Math. 16(1).
 *
 * @throws ShapeError  for shapes that do not fit
 * @throws NumericError  for ρ(A) ≥ 1, where the sum has no end
 */
export function discreteLyapunov(A: Matrix, Q: Matrix): Matrix {
  requireSquare(A);
  if (Q.rows !== A.rows || Q.cols !== A.rows)
    throw new ShapeError(`A of ${A.rows} × ${A.cols} beside Q of ${Q.rows} × ${Q.cols}`);
  const radius = spectralRadius(A);
  if (!(radius < 1))
    throw new NumericError(
      `the Lyapunov equation has no solution as a sum: the spectral radius is ${radius}`,
      "wanted below 1",
    );
  let [X, power] = [Q, A];
  for (let k = 0; k < 60; k++) {
    const more = multiply(multiply(power, X), transpose(power));
    X = add(X, more);
    if (largestEntry(more) <= 2 ** -54 * largestEntry(X)) break;
    power = multiply(power, power);
  }
  return X;
}
