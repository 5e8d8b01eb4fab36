import { Matrix as Provided, SingularValueDecomposition } from "ml-matrix";
import { binaryScale, type Matrix, requireFinite, transpose } from "./matrix.ts";

/**
 * Singular values [min(rows, cols)] of a matrix, descending.
 *
 * @throws DataError  for a NaN or infinite entry
 */
export function singularValues(A: Matrix): Float64Array {
  requireFinite(A);
  const tall = A.rows >= A.cols ? A : transpose(A);
  const unit = binaryScale(A);
  const scaled = tall.data.map((a) => a / unit);
  const found = new SingularValueDecomposition(Provided.from1DArray(tall.rows, tall.cols, scaled), {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
  });
  return Float64Array.from(found.diagonal, (value) => value * unit);
}

/** ‖A‖₂, the largest singular value. Where a proven bound is wanted, see `bounds.ts`. */
export const spectralNorm = (A: Matrix): number => singularValues(A)[0];
