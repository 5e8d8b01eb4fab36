import { columnNorms } from "../../linalg/blocks.ts";
import { type Matrix, transpose } from "../../linalg/matrix.ts";
import { leadingEigen } from "../../linalg/symmetric.ts";
import { solveUpperTransposed } from "../../linalg/triangular.ts";
import type { DmdOptions } from "./dmd.ts";
import type { Fit } from "./spectrum.ts";

/** What the Gram matrix of M snapshots tells of a few leading directions U₀ of the first M − 1. */
export interface Narrow {
  readonly before: Matrix; // W [M × k], the last row zero: U₀ = F W, orthonormal as far as can be told
  readonly after: Matrix; // the same one row lower: A U₀ = F W', as Y is X one snapshot later
  readonly singularValues: Float64Array; // of the scaled snapshots, those below 1e-8 σ₁ are rounding
}

/** Too few snapshots for directions that are few among them. */
export const fewestNarrow = 8;

/** U₀ and A U₀ as combinations of snapshots, from their Gram matrix; null where that is too inexact. */
export function narrowBasis(
  gram: Matrix,
  { truncation, scaling }: Pick<DmdOptions, "truncation" | "scaling">,
  rows: number,
): Narrow | null {
  const M = gram.rows;
  const m = M - 1;
  const squares = squaresOf(gram);
  // Beyond these bounds squares lose digits, or are lost.
  if (M < fewestNarrow || !squares.every((x) => x > 1e-280 && x < 1e280)) return null;
  const D = squares.map((square) => (scaling === "none" ? 1 : 1 / Math.sqrt(square)));
  const scaled = new Float64Array(m * m);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j <= i; j++)
      scaled[i * m + j] = scaled[j * m + i] = gram.data[i * M + j] * D[i] * D[j];
  }
  let s: Float64Array = new Float64Array(0);
  const { vectors } = leadingEigen({ rows: m, cols: m, data: scaled }, (values) => {
    s = values.toReversed().map((value) => Math.sqrt(Math.max(0, value)));
    const k = truncation(s, rows, m);
    return k >= 1 && k <= M / 4 && k < rows && s[k - 1] > 1e-6 * s[0] ? k : 0;
  });
  const k = vectors.cols;
  if (k === 0) return null;
  const [before, after] = [new Float64Array(M * k), new Float64Array(M * k)];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < k; j++) {
      before[i * k + j] = (D[i] * vectors.data[i * k + j]) / s[j];
    }
  }
  after.set(before.subarray(0, m * k), k);
  const shape = { rows: M, cols: k };
  return {
    before: { ...shape, data: before },
    after: { ...shape, data: after },
    singularValues: s,
  };
}

const squaresOf = ({ rows, data }: Matrix) =>
  Float64Array.from({ length: rows }, (_, i) => data[i * (rows + 1)]);

/** ‖f_i‖ of the snapshots. */
export const normsOf = (gram: Matrix): Float64Array => squaresOf(gram).map(Math.sqrt);

/** B T⁻¹: the image of U₀ T⁻¹ from that of U₀. */
export const imageOf = (B: Matrix, T: Matrix): Matrix =>
  transpose(solveUpperTransposed(T, transpose(B)));

/** What amplitudes are fitted to, the lengths of the snapshots from their Gram matrix. */
export function fitFromProducts(
  gram: Matrix,
  observe: Matrix,
  coordinates: Matrix,
  { dt, weighting, route }: Pick<DmdOptions, "dt" | "weighting" | "route">,
): Fit {
  const norms = normsOf(gram);
  const inside = columnNorms(coordinates);
  return {
    observe,
    coordinates,
    norms,
    outside: norms.map((norm, i) => Math.sqrt(Math.max(0, norm ** 2 - inside[i] ** 2))),
    snapshots: gram.rows,
    dt,
    weighting,
    route,
    warnings: [],
  };
}
