import type { Matrix } from "./matrix.ts";
import { requireSymmetric } from "./symmetric.ts";

/**
 * The lower triangular L [n × n] with A = L Lᵀ, or null where a pivot is not positive: A is then
 * not positive definite, or too near the border for float64 to tell. Success, on the other hand,
 * proves something: see `bounds.ts`.
 *
 * @throws ShapeError, DataError  for a matrix that is not square, symmetric and finite
 */
export function cholesky(A: Matrix): Matrix | null {
  requireSymmetric(A);
  const n = A.rows;
  const L = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = L.subarray(i * n, (i + 1) * n);
    for (let j = 0; j < i; j++) {
      const offset = j * n;
      let rest = A.data[i * n + j];
      for (let k = 0; k < j; k++) rest -= row[k] * L[offset + k];
      row[j] = rest / L[offset + j];
    }
    let pivot = A.data[i * n + i];
    for (let k = 0; k < i; k++) pivot -= row[k] * row[k];
    if (!(pivot > 0 && pivot < Infinity)) return null;
    row[i] = Math.sqrt(pivot);
  }
  return { rows: n, cols: n, data: L };
}
