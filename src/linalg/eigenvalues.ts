import { EigenvalueDecomposition, Matrix as Provided } from "ml-matrix";
import { binaryScale, type Matrix, requireFinite, requireSquare } from "./matrix.ts";

/** Complex numbers re + i·im. */
export interface ComplexNumbers {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

/**
 * Eigenvalues [n] of any real square matrix, largest modulus first; of a complex pair the one with
 * positive imaginary part comes first. By Hessenberg reduction and the QR iteration: backward
 * stable, so the eigenvalues are those of A + E with ‖E‖₂ of about n · 2⁻⁵³ · ‖A‖₂. How far they are
 * from A's own depends on how far A is from normal.
 *
 * @throws ShapeError  for a matrix that is not square
 * @throws DataError  for a NaN or infinite entry
 */
export function eigenvalues(A: Matrix): ComplexNumbers {
  requireSquare(A);
  requireFinite(A);
  const unit = binaryScale(A);
  const scaled = A.data.map((a) => a / unit);
  const found = new EigenvalueDecomposition(Provided.from1DArray(A.rows, A.rows, scaled));
  const [re, im] = [found.realEigenvalues, found.imaginaryEigenvalues];
  const order = re
    .map((_, i) => i)
    .sort(
      (i, j) =>
        Math.hypot(re[j], im[j]) - Math.hypot(re[i], im[i]) || re[j] - re[i] || im[j] - im[i],
    );
  return {
    re: Float64Array.from(order, (i) => re[i] * unit),
    im: Float64Array.from(order, (i) => im[i] * unit),
  };
}

/** ρ(A) = max |λ|. */
export function spectralRadius(A: Matrix): number {
  const { re, im } = eigenvalues(A);
  return Math.hypot(re[0], im[0]);
}
