import { binaryScale, type Matrix, requireFinite, scale } from "./matrix.ts";
import { provider } from "./provider.ts";

/** A = Q R, k = min(rows, cols). */
export interface Qr {
  readonly Q: Matrix; // [rows × k], orthonormal columns
  readonly R: Matrix; // [k × cols], zero below the diagonal, which is not negative
}

/**
 * The thin QR decomposition by Householder's reflections, of any matrix: unique, and so the same by
 * every provider to rounding, where the first k columns are independent.
 *
 * @throws DataError  for a NaN or infinite entry
 */
export function qr(A: Matrix): Qr {
  requireFinite(A);
  const unit = binaryScale(A);
  const { Q, R } = provider().qr(scale(A, 1 / unit));
  for (let i = 0; i < R.rows; i++) {
    const row = R.data.subarray(i * R.cols, (i + 1) * R.cols);
    const sign = row[i] < 0 ? -1 : 1;
    for (let j = i; j < R.cols; j++) row[j] *= sign * unit;
    if (sign < 0) for (let k = i; k < Q.data.length; k += Q.cols) Q.data[k] *= -1;
  }
  return { Q, R };
}
