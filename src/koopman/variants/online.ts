import { NumericError, ShapeError, UsageError } from "../../errors.ts";
import { type Matrix, multiply, symmetricPart, transpose } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";
import { svd } from "../../linalg/svd.ts";

/** The linear map that best takes x to y over the pairs seen so far, kept up to date pair by pair. */
export interface OnlineMap {
  readonly A: Matrix; // [r × r]
  readonly P: Matrix; // (X Xᵀ)⁻¹, weighted [r × r]
  readonly seen: number;
  readonly forgetting: number; // ρ: a pair counts ρ^age
}

/**
 * Starts from pairs at hand, A = Y X⁺. States of many numbers are projected to r coordinates first: the
 * cost of a pair is O(r²).
 *
 * Zhang, Rowley, Deem & Cattafesta (2019), "Online dynamic mode decomposition for time-varying systems",
 * SIAM J. Appl. Dyn. Syst. 18, 1586–1609.
 *
 * @param X  [r × m], m ≥ r
 * @param Y  [r × m]
 * @param forgetting  ρ in (0, 1]
 * @throws ShapeError  when X and Y differ in shape
 * @throws UsageError  for a forgetting factor outside (0, 1]
 * @throws NumericError  when the states do not span r dimensions: the map is then not determined
 */
export function startOnline(X: Matrix, Y: Matrix, forgetting = 1): OnlineMap {
  const { rows: r, cols: m } = X;
  if (Y.rows !== r || Y.cols !== m)
    throw new ShapeError(`X is ${r} × ${m}, Y is ${Y.rows} × ${Y.cols}`);
  if (!(forgetting > 0 && forgetting <= 1))
    throw new UsageError(`a forgetting factor of ${forgetting}`, "it is in (0, 1]");
  const weight = Float64Array.from({ length: m }, (_, i) => Math.sqrt(forgetting) ** (m - 1 - i));
  const weighted = (A: Matrix) => ({ ...A, data: A.data.map((a, k) => a * weight[k % m]) });
  const { U, s, V } = svd(weighted(X));
  if (m < r || !(s[r - 1] > 1e-12 * s[0]))
    throw new NumericError(
      `${m} states do not span ${r} dimensions`,
      "give more pairs, or project the states to fewer coordinates",
    );
  const inverse = (A: Matrix, power: number) => ({
    ...A,
    data: A.data.map((a, k) => a / s[k % r] ** power),
  });
  return {
    A: product(product(weighted(Y), inverse(V, 1)), transpose(U)),
    P: symmetricPart(product(inverse(U, 2), transpose(U))),
    seen: m,
    forgetting,
  };
}

/**
 * The map after one more pair (x, y): γ = 1/(ρ + xᵀPx), A ← A + γ (y − A x)(P x)ᵀ,
 * P ← (P − γ P x (P x)ᵀ)/ρ.
 *
 * @throws ShapeError  for states of another length
 */
export function withPair(map: OnlineMap, x: Float64Array, y: Float64Array): OnlineMap {
  const { A, P, forgetting: rho } = map;
  const r = A.rows;
  if (x.length !== r || y.length !== r)
    throw new ShapeError(`states of ${x.length} and ${y.length} numbers, the map has ${r}`);
  const column = (data: Float64Array): Matrix => ({ rows: r, cols: 1, data });
  const Px = multiply(P, column(x)).data;
  const Ax = multiply(A, column(x)).data;
  const gamma = 1 / (rho + x.reduce((sum, v, i) => sum + v * Px[i], 0));
  return {
    ...map,
    A: {
      ...A,
      data: A.data.map((a, k) => {
        const [i, j] = [Math.floor(k / r), k % r];
        return a + gamma * (y[i] - Ax[i]) * Px[j];
      }),
    },
    P: {
      ...P,
      // Symmetric to the last bit: forgetting multiplies any asymmetry by 1/ρ in every step.
      data: P.data.map((p, k) => (p - gamma * (Px[Math.floor(k / r)] * Px[k % r])) / rho),
    },
    seen: map.seen + 1,
  };
}
