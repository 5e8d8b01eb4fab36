import { mulberry32 } from "../../src/data/random.ts";
import { type Matrix, matrix, symmetricPart } from "../../src/linalg/matrix.ts";

/** Entries uniform in ±1. */
export function random(rows: number, cols: number, seed: number): Matrix {
  const uniform = mulberry32(seed);
  return matrix(rows, cols, () => 2 * uniform() - 1);
}

export const randomSymmetric = (n: number, seed: number): Matrix =>
  symmetricPart(random(n, n, seed));

/** The second difference, tridiagonal (−1, 2, −1): λ_k = 2 − 2 cos(kπ/(n + 1)), k = 1 … n. */
export const secondDifference = (n: number): Matrix =>
  matrix(n, n, (i, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0));

export const secondDifferenceSpectrum = (n: number): number[] =>
  Array.from({ length: n }, (_, k) => 4 * Math.sin(((k + 1) * Math.PI) / (2 * (n + 1))) ** 2);

/** a_ij = 1/(i + j + 1): positive definite, and nearly singular. */
export const hilbert = (n: number): Matrix => matrix(n, n, (i, j) => 1 / (i + j + 1));

/** Draws of an LCG in ±1, repeated in NumPy for the answers in these tests. */
export function lcg(rows: number, cols: number): Matrix {
  let x = 1n;
  return matrix(rows, cols, () => {
    x = (x * 1103515245n + 12345n) % 2n ** 31n;
    return (Number(x) / 2 ** 31) * 2 - 1;
  });
}
