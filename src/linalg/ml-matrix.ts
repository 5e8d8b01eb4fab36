import {
  EigenvalueDecomposition,
  Matrix as Provided,
  QrDecomposition,
  SingularValueDecomposition,
} from "ml-matrix";
import { balance } from "./balance.ts";
import { lastColumns } from "./blocks.ts";
import { realSchur } from "./francis.ts";
import { gram, type Matrix, multiply, multiplyTransposed, transpose } from "./matrix.ts";
import type { Provider } from "./provider.ts";
import { diagonalEigenvalues, triangularEigenvectors } from "./schur-vectors.ts";

const give = ({ rows, cols, data }: Matrix) => Provided.from1DArray(rows, cols, data);
const take = (A: Provided): Matrix => ({
  rows: A.rows,
  cols: A.columns,
  data: Float64Array.from(A.to1DArray()),
});

/**
 * ml-matrix as a provider: JavaScript alone, so it runs everywhere, the browser included. General
 * eigenproblems are our own: ml-matrix gives no Schur form, and its iteration has no limit.
 */
export const mlMatrixProvider: Provider = {
  name: "ml-matrix",
  library: "ml-matrix",

  product: multiply,

  innerProduct: multiplyTransposed,

  gram: (A, of) => gram(of === "rows" ? A : transpose(A)),

  svd(A) {
    if (A.rows < A.cols) {
      const { U, s, V } = mlMatrixProvider.svd(transpose(A));
      return { U: V, s, V: U };
    }
    // A triangle is quicker to decompose than a tall matrix.
    if (A.rows > A.cols) {
      const { Q, R } = mlMatrixProvider.qr(A);
      const { U, s, V } = mlMatrixProvider.svd(R);
      return { U: multiply(Q, U), s, V };
    }
    const found = new SingularValueDecomposition(give(A));
    return {
      U: take(found.leftSingularVectors),
      s: Float64Array.from(found.diagonal),
      V: take(found.rightSingularVectors),
    };
  },

  singularValues(A) {
    const tall = A.rows >= A.cols ? A : transpose(A);
    const found = new SingularValueDecomposition(give(tall), {
      computeLeftSingularVectors: false,
      computeRightSingularVectors: false,
    });
    return Float64Array.from(found.diagonal);
  },

  symmetricEigen(A) {
    const found = new EigenvalueDecomposition(give(A), { assumeSymmetric: true });
    return {
      values: Float64Array.from(found.realEigenvalues),
      vectors: take(found.eigenvectorMatrix),
    };
  },

  leadingEigen(A, count) {
    const { values, vectors } = mlMatrixProvider.symmetricEigen(A);
    return { values, vectors: lastColumns(vectors, count(values)) };
  },

  eigenvalues: (A) => diagonalEigenvalues(realSchur(balance(A).balanced).T),

  eigen(A) {
    const { balanced, D } = balance(A);
    const { Q, T } = realSchur(balanced);
    const values = diagonalEigenvalues(T);
    const columns = multiply(Q, triangularEigenvectors(T, values));
    const data = columns.data.map((x, k) => x * D[Math.floor(k / A.cols)]);
    return { values, columns: { ...columns, data } };
  },

  schur: realSchur,

  qr(A) {
    const { rows, cols, data } = A;
    if (rows < cols) {
      const head = new Float64Array(rows * rows);
      for (let i = 0; i < rows; i++) {
        head.set(data.subarray(i * cols, i * cols + rows), i * rows);
      }
      const { Q } = mlMatrixProvider.qr({ rows, cols: rows, data: head });
      const R = multiply(transpose(Q), A);
      // The head is triangular but for rounding.
      for (let i = 1; i < rows; i++) R.data.fill(0, i * cols, i * cols + i);
      return { Q, R };
    }
    const found = new QrDecomposition(give(A));
    return { Q: take(found.orthogonalMatrix), R: take(found.upperTriangularMatrix) };
  },

  triangle: (A) => mlMatrixProvider.qr(A).R,

  upperCholesky(A) {
    const n = A.rows;
    const R = A.data.slice();
    for (let k = 0; k < n; k++) {
      const pivot = R[k * (n + 1)];
      if (!(pivot > 0 && pivot < Infinity)) return null;
      const row = R.subarray(k * n, (k + 1) * n);
      row.fill(0, 0, k);
      const root = Math.sqrt(pivot);
      for (let j = k; j < n; j++) row[j] /= root;
      for (let i = k + 1; i < n; i++) {
        const [factor, offset] = [row[i], i * n];
        for (let j = i; j < n; j++) R[offset + j] -= factor * row[j];
      }
    }
    return { rows: n, cols: n, data: R };
  },
};
