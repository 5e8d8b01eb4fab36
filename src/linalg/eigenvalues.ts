import {
  type ComplexMatrix,
  type ComplexNumbers,
  complexColumn,
  complexZeros,
  moduli,
  setColumn,
} from "./complex.ts";
import { binaryScale, type Matrix, requireFinite, requireSquare, scale } from "./matrix.ts";
import { provider } from "./provider.ts";

export type { ComplexNumbers } from "./complex.ts";

/** A V = V diag(values), every column of V of unit length. */
export interface Eigen {
  readonly values: ComplexNumbers; // [n]
  readonly vectors: ComplexMatrix; // V [n × n]; column j belongs to values[j]
}

/** A = Q T Qᵀ. */
export interface Schur {
  readonly Q: Matrix; // [n × n], orthogonal
  readonly T: Matrix; // [n × n], upper triangular but for 2 × 2 blocks of complex eigenvalues
}

/**
 * Eigenvalues [n] of any real square matrix, largest modulus first; of a complex pair the one with
 * positive imaginary part comes first, and the other is its conjugate to the last bit. By Hessenberg
 * reduction and the QR iteration: backward stable, so the eigenvalues are those of A + E with ‖E‖₂
 * of about n · 2⁻⁵³ · ‖A‖₂. How far they are from A's own depends on how far A is from normal.
 *
 * @throws ShapeError  for a matrix that is not square
 * @throws DataError  for a NaN or infinite entry
 */
export function eigenvalues(A: Matrix): ComplexNumbers {
  const unit = admitSquare(A);
  const values = provider().eigenvalues(scale(A, 1 / unit));
  return pick(values, descending(values), unit);
}

/**
 * Eigenvalues as above, and right eigenvectors: of unit length, the entry of largest modulus real
 * and positive, those of a pair conjugate to the last bit. A defective matrix has fewer directions
 * than columns: some are then nearly parallel.
 *
 * @throws ShapeError, DataError  as `eigenvalues`
 */
export function eigen(A: Matrix): Eigen {
  const unit = admitSquare(A);
  const { values, columns } = provider().eigen(scale(A, 1 / unit));
  const n = A.rows;
  const order = descending(values);
  const vectors = complexZeros(n, n);
  const packed = { re: columns, im: { ...columns, data: new Float64Array(n * n) } };
  for (let place = 0; place < n; place++) {
    const j = order[place];
    const { re } = complexColumn(packed, j);
    if (values.im[j] === 0) {
      setColumn(vectors, place, canonical({ re, im: new Float64Array(n) }));
      continue;
    }
    // The pair stands at j and j + 1, and in the order one behind the other.
    const vector = canonical({ re, im: complexColumn(packed, j + 1).re });
    setColumn(vectors, place, vector);
    setColumn(vectors, place + 1, { re: vector.re, im: vector.im.map((x) => -x) });
    place++;
  }
  return { values: pick(values, order, unit), vectors };
}

/** The real Schur form. @throws ShapeError, DataError  as `eigenvalues` */
export function schur(A: Matrix): Schur {
  const unit = admitSquare(A);
  const { Q, T } = provider().schur(scale(A, 1 / unit));
  return { Q, T: scale(T, unit) };
}

/** ρ(A) = max |λ|. */
export const spectralRadius = (A: Matrix): number => moduli(eigenvalues(A))[0];

function admitSquare(A: Matrix): number {
  requireSquare(A);
  requireFinite(A);
  return binaryScale(A);
}

function descending({ re, im }: ComplexNumbers): number[] {
  const size = moduli({ re, im });
  return Array.from(re, (_, i) => i).sort(
    (i, j) =>
      size[j] - size[i] ||
      re[j] - re[i] ||
      Math.abs(im[j]) - Math.abs(im[i]) ||
      // Two equal pairs stay pairs: each first member before its own second.
      i - j,
  );
}

const pick = ({ re, im }: ComplexNumbers, order: number[], unit: number): ComplexNumbers => ({
  re: Float64Array.from(order, (i) => re[i] * unit),
  im: Float64Array.from(order, (i) => im[i] * unit),
});

/** Unit length, and the phase that makes the entry of largest modulus real and positive. */
function canonical({ re, im }: ComplexNumbers): ComplexNumbers {
  const size = moduli({ re, im });
  const top = size.reduce((best, x, i) => (x > size[best] ? i : best), 0);
  const most = size[top];
  const norm = most * Math.sqrt(size.reduce((sum, x) => sum + (x / most) ** 2, 0));
  const [cos, sin] = [re[top] / most, im[top] / most];
  const turned = {
    re: re.map((x, i) => (x * cos + im[i] * sin) / norm),
    im: im.map((y, i) => (y * cos - re[i] * sin) / norm),
  };
  turned.im[top] = 0;
  return turned;
}
