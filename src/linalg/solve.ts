import { NumericError, ShapeError } from "../errors.ts";
import { type Matrix, requireFinite, requireSquare } from "./matrix.ts";

/**
 * X with A X = B by Gaussian elimination with partial pivoting. For the small systems of control and
 * identification; where A may be singular, `leastSquares` gives the solution of least length.
 *
 * @throws ShapeError  for an A that is not square, or a B of other rows
 * @throws DataError  for a NaN or infinite entry of A
 * @throws NumericError  for a pivot of zero
 */
export function solve(A: Matrix, B: Matrix): Matrix {
  requireSquare(A);
  requireFinite(A);
  if (A.rows !== B.rows)
    throw new ShapeError(`${A.rows} × ${A.cols} beside ${B.rows} × ${B.cols}: rows differ`);
  const [n, p] = [A.rows, B.cols];
  const [M, X] = [A.data.slice(), B.data.slice()];
  const swap = (data: Float64Array, width: number, i: number, j: number) => {
    const row = data.slice(i * width, (i + 1) * width);
    data.copyWithin(i * width, j * width, (j + 1) * width);
    data.set(row, j * width);
  };
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++)
      if (Math.abs(M[i * n + k]) > Math.abs(M[pivot * n + k])) pivot = i;
    if (M[pivot * n + k] === 0) throw new NumericError(`a matrix of ${n} × ${n} is singular`);
    if (pivot !== k) {
      swap(M, n, k, pivot);
      swap(X, p, k, pivot);
    }
    for (let i = k + 1; i < n; i++) {
      const factor = M[i * n + k] / M[k * n + k];
      if (factor === 0) continue;
      for (let j = k; j < n; j++) M[i * n + j] -= factor * M[k * n + j];
      for (let j = 0; j < p; j++) X[i * p + j] -= factor * X[k * p + j];
    }
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let j = 0; j < p; j++) {
      let sum = X[i * p + j];
      for (let k = i + 1; k < n; k++) sum -= M[i * n + k] * X[k * p + j];
      X[i * p + j] = sum / M[i * n + i];
    }
  }
  return { rows: n, cols: p, data: X };
}
