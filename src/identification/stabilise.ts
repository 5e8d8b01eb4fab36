import { NumericError } from "../errors.ts";
import { embed } from "../linalg/complex.ts";
import { eigen, spectralRadius } from "../linalg/eigenvalues.ts";
import { type Matrix, matrix } from "../linalg/matrix.ts";
import { solve } from "../linalg/solve.ts";

/**
 * The matrix with eigenvalues outside the circle of `radius` moved inside along their rays:
 * λ ↦ λ/|λ| · min(radius, 1/|λ|), which keeps the gain over frequency of a mode but for its phase.
 *
 * @throws NumericError  where the eigenvectors of an unstable matrix are too nearly parallel for that
 */
export function stabilise(A: Matrix, radius = 0.999): Matrix {
  if (spectralRadius(A) <= radius) return A;
  const n = A.rows;
  const { values, vectors } = eigen(A);
  const { re, im } = values;
  const factor = Float64Array.from(re, (x, i) => {
    const size = Math.hypot(x, im[i]);
    return size > radius ? Math.min(radius, 1 / size) / size : 1;
  });
  // A' V = V Λ', so V'ᵀ A'ᵀ = (V Λ')ᵀ, with complex numbers as pairs of real ones.
  const V = embed(vectors);
  const turned = {
    re: matrix(n, n, (i, j) => {
      const [a, b] = [vectors.re.data[i * n + j], vectors.im.data[i * n + j]];
      return factor[j] * (a * re[j] - b * im[j]);
    }),
    im: matrix(n, n, (i, j) => {
      const [a, b] = [vectors.re.data[i * n + j], vectors.im.data[i * n + j]];
      return factor[j] * (a * im[j] + b * re[j]);
    }),
  };
  const right = embed(turned);
  const transposed = (M: Matrix) => matrix(M.cols, M.rows, (i, j) => M.data[j * M.cols + i]);
  const X = transposed(solve(transposed(V), transposed(right)));
  const out = matrix(n, n, (i, j) => X.data[i * 2 * n + j]);
  if (spectralRadius(out) < 1) return out;
  throw new NumericError(
    "the unstable modes cannot be told apart well enough to move them inside the unit circle",
    "ask for a lower order",
  );
}
