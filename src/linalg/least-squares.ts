import { ShapeError } from "../errors.ts";
import { type ComplexMatrix, type ComplexNumbers, embed, stack, unstack } from "./complex.ts";
import { type Matrix, transpose } from "./matrix.ts";
import { product } from "./provider.ts";
import { svd } from "./svd.ts";

/** The X of least length among those that minimise ‖A X − B‖, column by column. */
export interface LeastSquares {
  readonly X: Matrix; // [cols of A × cols of B]
  readonly rank: number; // of A, by the tolerance
  readonly singularValues: Float64Array; // of A, descending
}

/**
 * Least squares by the singular value decomposition, for any shape and rank: singular values up to
 * tolerance · σ₁ count as zero.
 *
 * @param tolerance  relative; max(rows, cols) · 2⁻⁵² when left out
 * @throws ShapeError  when A and B have different numbers of rows
 * @throws DataError  for a NaN or infinite entry of A
 */
export function leastSquares(
  A: Matrix,
  B: Matrix,
  tolerance = Math.max(A.rows, A.cols) * 2 ** -52,
): LeastSquares {
  if (A.rows !== B.rows)
    throw new ShapeError(`${A.rows} × ${A.cols} beside ${B.rows} × ${B.cols}: rows differ`);
  const { U, s, V } = svd(A);
  const rank = s.reduce((count, value) => count + Number(value > tolerance * s[0]), 0);
  const coordinates = product(transpose(U), B);
  const data = coordinates.data.map((c, k) => {
    const i = Math.floor(k / B.cols);
    return i < rank ? c / s[i] : 0;
  });
  return { X: product(V, { ...coordinates, data }), rank, singularValues: s };
}

/** The x of least length that minimises ‖A x − b‖ over complex x; else as `leastSquares`. */
export function complexLeastSquares(
  A: ComplexMatrix,
  b: ComplexNumbers,
  tolerance?: number,
): { x: ComplexNumbers; rank: number } {
  const data = stack(b);
  const { X, rank } = leastSquares(embed(A), { rows: data.length, cols: 1, data }, tolerance);
  return { x: unstack(X.data), rank: rank / 2 };
}

/**
 * σ_min(A) and a unit right singular vector of it: min ‖A w‖ over ‖w‖ = 1, for a complex matrix
 * with at least as many rows as columns. An imaginary part of zeros gives a real w.
 *
 * @throws ShapeError  for a matrix with fewer rows than columns
 */
export function smallestSingular(A: ComplexMatrix): { value: number; vector: ComplexNumbers } {
  const { rows, cols } = A.re;
  if (rows < cols)
    throw new ShapeError(`the smallest of ${cols} singular values of ${rows} × ${cols} is 0`);
  const real = A.im.data.every((y) => y === 0);
  const { s, V } = svd(real ? A.re : embed(A));
  const last = s.length - 1;
  const w = Float64Array.from({ length: V.rows }, (_, i) => V.data[i * V.cols + last]);
  return {
    value: s[last],
    vector: real ? { re: w, im: new Float64Array(cols) } : unstack(w),
  };
}
