import { type Matrix, transpose } from "../linalg/matrix.ts";
import { type Svd, singularValues, svd } from "../linalg/svd.ts";
import { columnOf, dot } from "./vectors.ts";

/** One left singular direction: Mᵀu = σ v. */
export interface LeftDirection {
  readonly u: Float64Array; // unit length, the entry of largest modulus positive
  readonly sigma: number;
  readonly v: Float64Array; // unit length
}

/** Singular values up to this share of the largest one cannot be told from 0 in float64: N · 2⁻⁵². */
export const roundingShare = (N: number): number => N * Number.EPSILON;

/**
 * The left singular directions of M [n × N], n ≤ N, with σ ≤ limit, from the largest σ down; and how
 * many are above it.
 *
 * @throws DataError  for a NaN or infinite entry
 */
export function nearNull(M: Matrix, limit: number): { rank: number; directions: LeftDirection[] } {
  const found = svd(M);
  const rank = found.s.reduce((count, sigma) => count + +(sigma > limit), 0);
  return {
    rank,
    directions: Array.from({ length: found.s.length - rank }, (_, k) => direction(found, rank + k)),
  };
}

/** The singular value decomposition of an n × N matrix gives u and v up to one common sign. */
export function direction({ U, s, V }: Svd, j: number): LeftDirection {
  const [u, v] = [columnOf(U, j), columnOf(V, j)];
  const sign = signOf(u);
  return { u: u.map((x) => sign * x), sigma: s[j], v: v.map((x) => sign * x) };
}

/** −1 where the entry of largest modulus, the first of them, is negative. */
const signOf = (u: Float64Array) =>
  u[u.reduce((best, x, i) => (Math.abs(x) > Math.abs(u[best]) * (1 + 1e-9) ? i : best), 0)] < 0
    ? -1
    : 1;

/**
 * A basis of the same space in which as many directions as possible have uᵀB = 0: the input does not
 * reach them. Those come first. u′ = Σ_k R_kj u_k with R from U₀ᵀB = R S Qᵀ; only for directions
 * that are all null, since the others would be mixed.
 *
 * @returns the vectors and how many are out of the reach of the input, ‖uᵀB‖ ≤ share · ‖B‖₂
 */
export function awayFromInput(
  vectors: readonly Float64Array[],
  B: Matrix,
  share: number,
): { vectors: Float64Array[]; free: number } {
  const [k, m] = [vectors.length, B.cols];
  // Columns of zeros, so that the thin decomposition has all k left directions.
  const width = Math.max(k, m);
  const reach = { rows: k, cols: width, data: new Float64Array(k * width) };
  const columns = transpose(B);
  vectors.forEach((u, i) => {
    for (let j = 0; j < m; j++)
      reach.data[i * width + j] = dot(u, columns.data.subarray(j * B.rows, (j + 1) * B.rows));
  });
  const { U, s } = svd(reach);
  const limit = share * singularValues(B)[0];
  const order = Array.from(s, (_, j) => j).reverse(); // the least reached first
  const turned = order.map((j) => {
    const u = new Float64Array(vectors[0].length);
    vectors.forEach((vector, i) => {
      const factor = U.data[i * U.cols + j];
      for (let n = 0; n < u.length; n++) u[n] += factor * vector[n];
    });
    const sign = signOf(u);
    return u.map((x) => sign * x);
  });
  return { vectors: turned, free: s.reduce((count, value) => count + +(value <= limit), 0) };
}
