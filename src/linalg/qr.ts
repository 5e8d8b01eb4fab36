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
  signRows(R, unit, (i) => {
    for (let k = i; k < Q.data.length; k += Q.cols) Q.data[k] *= -1;
  });
  return { Q, R };
}

/** The R of `qr` without the Q, in half the time or less. @throws DataError  as `qr` */
export function triangleOf(A: Matrix): Matrix {
  requireFinite(A);
  const unit = binaryScale(A);
  const R = provider().triangle(scale(A, 1 / unit));
  signRows(R, unit, () => {});
  return R;
}

/** R times its unit, with a diagonal that is not negative; `turned` is told which rows change sign. */
function signRows({ rows, cols, data }: Matrix, unit: number, turned: (i: number) => void): void {
  for (let i = 0; i < rows; i++) {
    const sign = data[i * cols + i] < 0 ? -1 : 1;
    for (let j = i; j < cols; j++) data[i * cols + j] *= sign * unit;
    if (sign < 0) turned(i);
  }
}
