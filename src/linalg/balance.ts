import type { Matrix } from "./matrix.ts";

/**
 * D⁻¹AD with powers of 2 in D, rows and columns of like size: the same eigenvalues, found more
 * accurately where the entries of A are of very different sizes. Parlett & Reinsch (1969),
 * "Balancing a matrix for calculation of eigenvalues and eigenvectors", Numer. Math. 13, 293–304.
 */
export function balance(A: Matrix): { balanced: Matrix; D: Float64Array } {
  const n = A.rows;
  const data = A.data.slice();
  const D = new Float64Array(n).fill(1);
  for (let settled = false, rounds = 0; !settled && rounds < 100; rounds++) {
    settled = true;
    for (let i = 0; i < n; i++) {
      let [column, row] = [0, 0];
      for (let j = 0; j < n; j++) {
        if (j === i) continue;
        column += Math.abs(data[j * n + i]);
        row += Math.abs(data[i * n + j]);
      }
      if (column === 0 || row === 0) continue;
      const factor = 2 ** Math.round(Math.log2(row / column) / 2);
      if (column * factor + row / factor >= 0.95 * (column + row)) continue;
      settled = false;
      D[i] *= factor;
      for (let j = 0; j < n; j++) {
        data[j * n + i] *= factor;
        data[i * n + j] /= factor;
      }
    }
  }
  return { balanced: { ...A, data }, D };
}
