import { DataError, UsageError } from "../errors.ts";
import { leadingColumns } from "../linalg/blocks.ts";
import { type ComplexNumbers, eigenvalues } from "../linalg/eigenvalues.ts";
import { type Matrix, matrix, transpose } from "../linalg/matrix.ts";
import { product, provider } from "../linalg/provider.ts";
import { svd } from "../linalg/svd.ts";
import { symmetricEigen } from "../linalg/symmetric.ts";
import type { WindowMap } from "./window-map.ts";

/** A truncated operator of delay coordinates: predicts s_{t+n} by C Aⁿ Uᵀ g_t. */
export interface DelayOperator {
  readonly delays: number; // h; g = [s_t; …; s_{t−h}]
  readonly width: number;
  readonly basis: Matrix; // U [(h + 1) width × p], orthonormal columns
  readonly operator: Matrix; // A [p × p]
  readonly singularValues: Float64Array; // of the data matrix, those that are kept
  /** Right singular vectors of the data matrix, [steps × p]: time series of the directions. */
  readonly right: Matrix;
}

/** By which way the singular vectors are found: directly, or from the smaller matrix of products. */
export type Way = "svd" | "gram";

/** Singular values below this share of the largest are dropped; of the squares a Gram matrix carries
 * fewer digits. */
const least = { svd: 1e-10, gram: 1e-7 } as const;

/**
 * The operator of a series of states [time × width], one step after the other: with
 * G₀ = [g_h … g_{M−2}], G₁ = [g_{h+1} … g_{M−1}] and G₀ = U S Vᵀ, A = Uᵀ G₁ V S⁻¹.
 *
 * @param rank  singular values kept; all above rounding unless given
 * @throws UsageError  for a series that is shorter than h + 2, or a rank below 1
 * @throws DataError  for a series of zeros
 *
 * Aswani, Jabari & Shafique (2024), arXiv:2409.01308; Arbabi & Mezić (2017), doi:10.1137/17M1125236.
 */
export function delayOperator(
  series: Matrix,
  delays: number,
  { rank = Infinity, way }: { readonly rank?: number; readonly way?: Way } = {},
): DelayOperator {
  const { rows: M, cols: width } = series;
  const steps = M - 1 - delays;
  if (!(Number.isInteger(delays) && delays >= 0 && steps >= 1))
    throw new UsageError(`${delays} delays of a series of ${M} states`);
  if (!(rank >= 1)) throw new UsageError(`rank ${rank}: at least 1 is wanted`);
  const [G0, G1] = [embedded(series, delays, 0, steps), embedded(series, delays, 1, steps)];
  const chosen = way ?? (Math.min(G0.rows, G0.cols) > 200 ? "gram" : "svd");
  const { U, s, V } = chosen === "svd" ? thin(G0) : byProducts(G0);
  const kept = Math.min(rank, s.filter((value) => value > least[chosen] * s[0]).length);
  if (!(s[0] > 0)) throw new DataError("the series is zero throughout");
  const basis = leadingColumns(U, kept);
  const right = leadingColumns(V, kept);
  const scaled = { ...right, data: right.data.map((v, k) => v / s[k % kept]) };
  const operator = product(transpose(basis), product(transpose(G1), scaled));
  return { delays, width, basis, operator, singularValues: s.slice(0, kept), right };
}

/** Rows g_{h+from}, … of a series, newest first: [steps × (h + 1) width]. */
function embedded({ cols: width, data }: Matrix, h: number, from: number, steps: number): Matrix {
  const cols = (h + 1) * width;
  const out = new Float64Array(steps * cols);
  for (let k = 0; k < steps; k++) {
    for (let d = 0; d <= h; d++) {
      const t = h + from + k - d;
      out.set(data.subarray(t * width, (t + 1) * width), k * cols + d * width);
    }
  }
  return { rows: steps, cols, data: out };
}

/** G₀ from its transpose: U of the directions, V of time. */
function thin(G: Matrix) {
  const { U: right, s, V: left } = svd(G);
  return { U: left, s, V: right };
}

/** The same from G Gᵀ or GᵀG, whichever is smaller: the vectors of the other side are products. */
function byProducts(G: Matrix) {
  const tall = G.rows >= G.cols;
  const { values, vectors } = symmetricEigen(provider().gram(G, tall ? "columns" : "rows"));
  const n = values.length;
  const s = values.map((_, i) => Math.sqrt(Math.max(0, values[n - 1 - i])));
  const near = matrix(n, n, (i, j) => vectors.data[i * n + n - 1 - j]);
  const far = tall ? product(G, near) : product(transpose(G), near);
  for (let k = 0; k < far.data.length; k++) far.data[k] /= s[k % n] || 1;
  return tall ? { U: near, s, V: far } : { U: far, s, V: near };
}

/** The operator of a smaller rank: the leading block. @throws UsageError  for a rank it has not */
export function truncated(of: DelayOperator, rank: number): DelayOperator {
  if (!(Number.isInteger(rank) && rank >= 1 && rank <= of.operator.rows))
    throw new UsageError(`rank ${rank} of an operator of rank ${of.operator.rows}`);
  const operator = leadingColumns(of.operator, rank);
  return {
    ...of,
    basis: leadingColumns(of.basis, rank),
    operator: { rows: rank, cols: rank, data: operator.data.slice(0, rank * rank) },
    singularValues: of.singularValues.slice(0, rank),
    right: leadingColumns(of.right, rank),
  };
}

/** Eigenvalues of the operator, the largest first. */
export const operatorEigenvalues = ({ operator }: DelayOperator): ComplexNumbers =>
  eigenvalues(operator);

/** n steps as one linear map of the window: the first entries of C Aⁿ Uᵀ. */
export function stepsAhead(
  { basis, operator, width, delays }: DelayOperator,
  n: number,
  outputs: number,
): WindowMap {
  let readout = leadingColumns(transpose(basis), width); // columns of the newest state
  readout = transpose(readout); // C [width × p]
  let rows: Matrix = {
    rows: outputs,
    cols: basis.cols,
    data: readout.data.slice(0, outputs * basis.cols),
  };
  for (let k = 0; k < n; k++) rows = product(rows, operator);
  const weights = product(rows, transpose(basis));
  return { delays, width, weights, constant: new Float64Array(outputs) };
}
