import type { ComplexMatrix } from "./complex.ts";
import type { Matrix } from "./matrix.ts";

/** Matrices taken apart by columns, put together, and brought to other scales. */

/** Columns from `first`, up to but without `last`. */
export function columns(A: Matrix, first: number, last: number): Matrix {
  const data = new Float64Array(A.rows * (last - first));
  for (let i = 0; i < A.rows; i++) {
    data.set(A.data.subarray(i * A.cols + first, i * A.cols + last), i * (last - first));
  }
  return { rows: A.rows, cols: last - first, data };
}

/** The first `count` columns. */
export const leadingColumns = (A: Matrix, count: number): Matrix => columns(A, 0, count);

/** The last `count` columns, the last of them first. */
export const lastColumns = (A: Matrix, count: number): Matrix =>
  pickColumns(
    A,
    Array.from({ length: count }, (_, j) => A.cols - 1 - j),
  );

/** The columns at `indices`, in that order. */
export function pickColumns(A: Matrix, indices: readonly number[]): Matrix {
  const cols = indices.length;
  const data = new Float64Array(A.rows * cols);
  for (let i = 0; i < A.rows; i++) {
    for (let j = 0; j < cols; j++) data[i * cols + j] = A.data[i * A.cols + indices[j]];
  }
  return { rows: A.rows, cols, data };
}

/** `pickColumns` of a complex matrix. */
export const pickComplexColumns = (
  { re, im }: ComplexMatrix,
  indices: readonly number[],
): ComplexMatrix => ({ re: pickColumns(re, indices), im: pickColumns(im, indices) });

/** [A B …], of matrices of as many rows. */
export function beside(parts: readonly Matrix[]): Matrix {
  const rows = parts[0].rows;
  const cols = parts.reduce((sum, part) => sum + part.cols, 0);
  const data = new Float64Array(rows * cols);
  let at = 0;
  for (const part of parts) {
    for (let i = 0; i < rows; i++) {
      data.set(part.data.subarray(i * part.cols, (i + 1) * part.cols), i * cols + at);
    }
    at += part.cols;
  }
  return { rows, cols, data };
}

/** [A; B; …], of matrices of as many columns. */
export function below(parts: readonly Matrix[]): Matrix {
  const { cols } = parts[0];
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const data = new Float64Array(rows * cols);
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { rows, cols, data };
}

/** A diag(factors) */
export const scaleColumns = (A: Matrix, factors: Float64Array): Matrix => ({
  ...A,
  data: A.data.map((a, k) => a * factors[k % A.cols]),
});

/** diag(factors) A */
export const scaleRows = (A: Matrix, factors: Float64Array): Matrix => ({
  ...A,
  data: A.data.map((a, k) => a * factors[Math.floor(k / A.cols)]),
});

/** ‖column‖₂ of each, without overflow or underflow of the squares. */
export function columnNorms({ rows, cols, data }: Matrix): Float64Array {
  const sums = squares(rows, cols, data, null);
  if (sums.every((sum) => sum > 1e-280 && sum < Infinity)) return sums.map(Math.sqrt);
  // Powers of 2 as units: the bits do not depend on the scale of the data.
  const units = new Float64Array(cols);
  for (let k = 0; k < data.length; k++)
    units[k % cols] = Math.max(units[k % cols], Math.abs(data[k]));
  for (let j = 0; j < cols; j++) units[j] = 2 ** Math.floor(Math.log2(units[j] || 1));
  return squares(rows, cols, data, units).map((sum, j) => units[j] * Math.sqrt(sum));
}

function squares(rows: number, cols: number, data: Float64Array, units: Float64Array | null) {
  const sums = new Float64Array(cols);
  for (let i = 0, k = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++, k++) {
      const x = units === null ? data[k] : data[k] / units[j];
      sums[j] += x * x;
    }
  }
  return sums;
}
