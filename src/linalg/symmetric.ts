import { DataError } from "../errors.ts";
import { binaryScale, type Matrix, requireFinite, requireSquare, scale } from "./matrix.ts";
import { provider } from "./provider.ts";
import { eigenvaluesByReduction } from "./tridiagonal.ts";

/** A = V diag(values) Vᵀ. */
export interface SymmetricEigen {
  readonly values: Float64Array; // [n], ascending
  readonly vectors: Matrix; // V [n × n]; column j belongs to values[j], VᵀV = I
}

/**
 * Eigenvalues [n] of a symmetric matrix [n × n], ascending, each to about n · 2⁻⁵³ · ‖A‖₂. Where a
 * proven bound is wanted, see `bounds.ts`.
 *
 * @throws ShapeError  for a matrix that is not square
 * @throws DataError  for one that is not symmetric to the last bit, or not finite
 */
export function symmetricEigenvalues(A: Matrix): Float64Array {
  requireSymmetric(A);
  const unit = binaryScale(A);
  const scaled = { ...A, data: A.data.map((a) => a / unit) };
  return eigenvaluesByReduction(scaled).map((value) => value * unit);
}

/** The eigenvalues and an orthonormal basis of eigenvectors; else as `symmetricEigenvalues`. */
export function symmetricEigen(A: Matrix): SymmetricEigen {
  requireSymmetric(A);
  const unit = binaryScale(A);
  const { values, vectors } = provider().symmetricEigen(scale(A, 1 / unit));
  return { values: values.map((value) => value * unit), vectors };
}

/**
 * All eigenvalues of a symmetric matrix [n × n], ascending, and orthonormal eigenvectors [n × k] of the
 * k largest, that of the largest first. `count` is given the values and answers k: where k is small that
 * takes about two thirds of the time of `symmetricEigen`, for large n less than half.
 *
 * @throws ShapeError, DataError  as `symmetricEigenvalues`
 */
export function leadingEigen(A: Matrix, count: (values: Float64Array) => number): SymmetricEigen {
  requireSymmetric(A);
  const unit = binaryScale(A);
  let values: Float64Array = new Float64Array(0);
  const { vectors } = provider().leadingEigen(scale(A, 1 / unit), (scaled) => {
    values = scaled.map((value) => value * unit);
    return count(values);
  });
  return { values, vectors };
}

/**
 * @throws ShapeError  for a matrix that is not square
 * @throws DataError  for one that is not symmetric to the last bit, or not finite
 */
export function requireSymmetric(A: Matrix): void {
  requireSquare(A);
  requireFinite(A);
  const { rows: n, data } = A;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      const a = data[i * n + j];
      const b = data[j * n + i];
      if (a !== b) {
        throw new DataError(
          `a symmetric matrix is wanted: entry (${i}, ${j}) is ${a}, (${j}, ${i}) is ${b}`,
          { hint: "symmetricPart(A) is (A + Aᵀ)/2" },
        );
      }
    }
  }
}
