import { ShapeError } from "../errors.ts";
import { type Matrix, multiply } from "./matrix.ts";

/** Complex numbers re + i·im. */
export interface ComplexNumbers {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/** A complex matrix as two real ones of one shape: re + i·im. */
export interface ComplexMatrix {
  readonly re: Matrix;
  readonly im: Matrix;
}

export const complexNumbers = (count: number): ComplexNumbers => ({
  re: new Float64Array(count),
  im: new Float64Array(count),
});

export const complexZeros = (rows: number, cols: number): ComplexMatrix => ({
  re: { rows, cols, data: new Float64Array(rows * cols) },
  im: { rows, cols, data: new Float64Array(rows * cols) },
});

/** |z|, entry by entry, without overflow. */
export const moduli = ({ re, im }: ComplexNumbers): Float64Array =>
  re.map((x, i) => Math.hypot(x, im[i]));

/** Column j. */
export function complexColumn({ re, im }: ComplexMatrix, j: number): ComplexNumbers {
  const column = ({ rows, cols, data }: Matrix) =>
    Float64Array.from({ length: rows }, (_, i) => data[i * cols + j]);
  return { re: column(re), im: column(im) };
}

/** Writes column j. */
export function setColumn({ re, im }: ComplexMatrix, j: number, column: ComplexNumbers): void {
  for (let i = 0; i < re.rows; i++) {
    re.data[i * re.cols + j] = column.re[i];
    im.data[i * im.cols + j] = column.im[i];
  }
}

/** A Z for a real A: columns that are conjugate stay exactly so. */
export const realTimesComplex = (A: Matrix, { re, im }: ComplexMatrix): ComplexMatrix => ({
  re: multiply(A, re),
  im: multiply(A, im),
});

/**
 * The real matrix [[Re A, −Im A], [Im A, Re A]], which does to (Re x, Im x) what A does to x. Its
 * singular values are those of A, each twice, so real methods solve complex problems without loss.
 */
export function embed({ re, im }: ComplexMatrix): Matrix {
  if (re.rows !== im.rows || re.cols !== im.cols)
    throw new ShapeError(
      `a real part of ${re.rows} × ${re.cols} beside an imaginary one of ${im.rows} × ${im.cols}`,
    );
  const { rows, cols } = re;
  const data = new Float64Array(4 * rows * cols);
  for (let i = 0; i < rows; i++) {
    const [x, y] = [re, im].map((part) => part.data.subarray(i * cols, (i + 1) * cols));
    const [upper, lower] = [2 * i * cols, 2 * (rows + i) * cols];
    data.set(x, upper);
    for (let j = 0; j < cols; j++) data[upper + cols + j] = -y[j];
    data.set(y, lower);
    data.set(x, lower + cols);
  }
  return { rows: 2 * rows, cols: 2 * cols, data };
}

/** The embedding [2 n] of complex numbers: real parts, then imaginary ones. */
export function stack({ re, im }: ComplexNumbers): Float64Array {
  const out = new Float64Array(2 * re.length);
  out.set(re);
  out.set(im, re.length);
  return out;
}

/** The inverse of `stack`. */
export const unstack = (x: Float64Array): ComplexNumbers => ({
  re: x.slice(0, x.length / 2),
  im: x.slice(x.length / 2),
});
