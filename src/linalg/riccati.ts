import { NumericError, ShapeError } from "../errors.ts";
import {
  add,
  identity,
  largestEntry,
  type Matrix,
  matrix,
  multiply,
  requireSquare,
  subtract,
  symmetricPart,
  transpose,
} from "./matrix.ts";
import { solve } from "./solve.ts";

/** The stabilising solution of a Riccati equation, and the gain that belongs to it. */
export interface Riccati {
  readonly X: Matrix; // [n × n], symmetric
  readonly K: Matrix; // [m × n] = (R + BᵀXB)⁻¹ (BᵀXA + Sᵀ); A − BK is stable
  readonly residual: number; // of the equation, relative to the largest of its terms
}

/**
 * The stabilising X of the discrete algebraic Riccati equation
 *
 *     X = AᵀXA + Q − (AᵀXB + S)(R + BᵀXB)⁻¹(BᵀXA + Sᵀ)
 *
 * for R invertible of either sign, by the structure-preserving doubling algorithm, which converges
 * quadratically where no closed-loop eigenvalue lies on the unit circle. Chu, Fan, Lin & Wang (2004),
 * "Structure-preserving algorithms for periodic discrete-time algebraic Riccati equations", Int. J.
 * Control 77(8).
 *
 * @throws ShapeError  for shapes that do not fit
 * @throws NumericError  where there is no such X, or none to be found
 */
export function discreteRiccati(
  A: Matrix,
  B: Matrix,
  Q: Matrix,
  R: Matrix,
  S: Matrix = matrix(B.rows, B.cols, () => 0),
): Riccati {
  requireSquare(A);
  const [n, m] = [A.rows, B.cols];
  for (const [name, { rows, cols }, wanted] of [
    ["B", B, [n, m]],
    ["Q", Q, [n, n]],
    ["R", R, [m, m]],
    ["S", S, [n, m]],
  ] as const) {
    if (rows !== wanted[0] || cols !== wanted[1])
      throw new ShapeError(`${name} is ${rows} × ${cols}, wanted ${wanted.join(" × ")}`);
  }
  const [At, Bt, St] = [A, B, S].map(transpose);
  // The cross term S goes into A and Q.
  let Ak = subtract(A, multiply(B, solve(R, St)));
  let G = symmetricPart(multiply(B, solve(R, Bt)));
  let X = symmetricPart(subtract(Q, multiply(S, solve(R, St))));
  let settled = false;
  for (let k = 0; k < 60 && !settled; k++) {
    const W = add(identity(n), multiply(G, X));
    if (![W, X, G, Ak].every(({ data }) => data.every(Number.isFinite))) break;
    const [WA, WG] = [solve(W, Ak), solve(W, G)];
    const more = multiply(transpose(Ak), multiply(X, WA));
    const next = symmetricPart(add(X, more));
    G = symmetricPart(add(G, multiply(multiply(Ak, WG), transpose(Ak))));
    Ak = multiply(Ak, WA);
    const size = largestEntry(next);
    settled = size < Infinity && largestEntry(more) <= 2 ** -50 * size;
    X = next;
  }
  const wrong = (why: string) =>
    new NumericError(
      `the Riccati equation has no stabilising solution that could be found: ${why}`,
      "an unstable mode may be out of reach of the input, or one on the unit circle out of sight of Q",
    );
  if (!settled) throw wrong("the doubling does not converge");
  const XA = multiply(X, A);
  const inner = add(R, multiply(Bt, multiply(X, B)));
  const right = add(multiply(Bt, XA), St);
  const K = solve(inner, right);
  const terms = [X, multiply(At, XA), Q, multiply(transpose(right), K)];
  const rest = subtract(subtract(add(terms[1], terms[2]), terms[3]), X);
  const residual = largestEntry(rest) / (Math.max(...terms.map(largestEntry)) || 1);
  if (!(residual < 1e-6)) throw wrong(`its residual is ${residual.toExponential(1)}`);
  return { X, K, residual };
}
