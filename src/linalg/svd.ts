import { binaryScale, type Matrix, requireFinite, scale } from "./matrix.ts";
import { provider } from "./provider.ts";

/** A = U diag(s) Vᵀ with orthonormal columns, k = min(rows, cols). */
export interface Svd {
  readonly U: Matrix; // [rows × k]
  readonly s: Float64Array; // [k], descending
  readonly V: Matrix; // [cols × k]
}

/**
 * The thin singular value decomposition of any matrix: each singular value to about 2⁻⁵³ · ‖A‖₂.
 *
 * @throws DataError  for a NaN or infinite entry
 */
export function svd(A: Matrix): Svd {
  requireFinite(A);
  const unit = binaryScale(A);
  const { U, s, V } = provider().svd(scale(A, 1 / unit));
  return { U, s: s.map((value) => value * unit), V };
}

/**
 * Singular values [min(rows, cols)] of a matrix, descending.
 *
 * @throws DataError  for a NaN or infinite entry
 */
export function singularValues(A: Matrix): Float64Array {
  requireFinite(A);
  const unit = binaryScale(A);
  return provider()
    .singularValues(scale(A, 1 / unit))
    .map((value) => value * unit);
}

/** ‖A‖₂, the largest singular value. Where a proven bound is wanted, see `bounds.ts`. */
export const spectralNorm = (A: Matrix): number => singularValues(A)[0];
