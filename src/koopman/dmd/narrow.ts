import { columnNorms, columns } from "../../linalg/blocks.ts";
import { type Matrix, symmetricPart, transpose } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";
import { symmetricEigen } from "../../linalg/symmetric.ts";
import { solveUpperTransposed } from "../../linalg/triangular.ts";
import type { DmdOptions } from "./dmd.ts";
import type { Fit } from "./spectrum.ts";

/** What the Gram matrix of M snapshots tells of a few leading directions U₀ of the first M − 1. */
export interface Narrow {
  readonly start: Matrix; // W₀ [M × 2k], F W₀ = [U₀ A U₀]
  readonly products: Matrix; // (F W₀)ᵀ F W₀ [2k × 2k], to the accuracy of the Gram matrix
  readonly singularValues: Float64Array; // of the scaled snapshots, those below 1e-8 σ₁ are rounding
}

/** W₀ [M × 2k] with F W₀ = [U₀ A U₀], from the Gram matrix; null where that is too inexact. */
export function narrowBasis(
  gram: Matrix,
  { truncation, scaling }: Pick<DmdOptions, "truncation" | "scaling">,
  rows: number,
): Narrow | null {
  const M = gram.rows;
  // Beyond these bounds squares lose digits, or are lost.
  const squares = Array.from({ length: M }, (_, i) => gram.data[i * (M + 1)]);
  if (M < 8 || !squares.every((x) => x > 1e-280 && x < 1e280)) return null;
  const D = Float64Array.from({ length: M - 1 }, (_, i) => {
    const square = gram.data[i * (M + 1)];
    return scaling === "none" ? 1 : 1 / Math.sqrt(square);
  });
  const X = columns({ ...gram, rows: M - 1, data: gram.data.subarray(0, (M - 1) * M) }, 0, M - 1);
  const scaled = X.data.map((x, k) => x * D[k % (M - 1)] * D[Math.floor(k / (M - 1))]);
  const { values, vectors } = symmetricEigen(symmetricPart({ ...X, data: scaled }));
  const s = values.toReversed().map((value) => Math.sqrt(Math.max(0, value)));
  const k = truncation(s, rows, M - 1);
  if (!(k >= 1 && k <= M / 4 && k < rows && s[k - 1] > 1e-6 * s[0])) return null;
  const start = new Float64Array(M * 2 * k);
  for (let i = 0; i < M - 1; i++) {
    for (let j = 0; j < k; j++) {
      const entry = (D[i] * vectors.data[i * (M - 1) + M - 2 - j]) / s[j];
      start[i * 2 * k + j] = entry;
      start[(i + 1) * 2 * k + k + j] = entry; // Y is X one snapshot later
    }
  }
  const W = { rows: M, cols: 2 * k, data: start };
  return { start: W, products: product(transpose(W), product(gram, W)), singularValues: s };
}

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
  const M = gram.rows;
  const norms = Float64Array.from({ length: M }, (_, i) => Math.sqrt(gram.data[i * (M + 1)]));
  const inside = columnNorms(coordinates);
  return {
    observe,
    coordinates,
    norms,
    outside: norms.map((norm, i) => Math.sqrt(Math.max(0, norm ** 2 - inside[i] ** 2))),
    snapshots: M,
    dt,
    weighting,
    route,
    warnings: [],
  };
}
