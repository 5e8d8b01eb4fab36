import { NumericError, ShapeError } from "../errors.ts";
import { type Matrix, requireSquare } from "./matrix.ts";

/**
 * X [n × p] with R X = B for an upper triangular R [n × n]; what lies below its diagonal is not read.
 *
 * @throws ShapeError  for shapes that do not fit
 * @throws NumericError  for a zero on the diagonal
 */
export function solveUpper(R: Matrix, B: Matrix): Matrix {
  const X = start(R, B);
  const n = R.rows;
  for (let i = n - 1; i >= 0; i--) eliminate(R.data, i * n, 1, X, i, i + 1, n);
  return X;
}

/** X with Rᵀ X = B for an upper triangular R; else as `solveUpper`. */
export function solveUpperTransposed(R: Matrix, B: Matrix): Matrix {
  const X = start(R, B);
  for (let i = 0; i < R.rows; i++) eliminate(R.data, i, R.cols, X, i, 0, i);
  return X;
}

/** X with L X = B for a lower triangular L; else as `solveUpper`. */
export function solveLower(L: Matrix, B: Matrix): Matrix {
  const X = start(L, B);
  for (let i = 0; i < L.rows; i++) eliminate(L.data, i * L.cols, 1, X, i, 0, i);
  return X;
}

function start(T: Matrix, B: Matrix): Matrix {
  requireSquare(T);
  if (T.rows !== B.rows)
    throw new ShapeError(`a triangle of ${T.rows} × ${T.cols} beside ${B.rows} rows`);
  return { ...B, data: B.data.slice() };
}

/** Row i of X, by coefficient k of its equation at offset + k · stride, less the rows known. */
function eliminate(
  T: Float64Array,
  offset: number,
  stride: number,
  { cols, data }: Matrix,
  i: number,
  from: number,
  to: number,
): void {
  const pivot = T[offset + i * stride];
  if (pivot === 0)
    throw new NumericError(`a triangular matrix is singular: entry (${i}, ${i}) is 0`);
  const row = data.subarray(i * cols, (i + 1) * cols);
  for (let k = from; k < to; k++) {
    const [factor, known] = [T[offset + k * stride], k * cols];
    for (let j = 0; j < cols; j++) row[j] -= factor * data[known + j];
  }
  for (let j = 0; j < cols; j++) row[j] /= pivot;
}
