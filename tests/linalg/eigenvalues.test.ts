import { expect, test } from "vitest";
import { mulberryMatrix } from "../../src/data/random.ts";
import { eigenvalues, spectralRadius } from "../../src/linalg/eigenvalues.ts";
import {
  fromRows,
  identity,
  type Matrix,
  matrix,
  matrixOf,
  multiply,
  scale,
  shift,
  symmetricPart,
} from "../../src/linalg/matrix.ts";
import { singularValues } from "../../src/linalg/svd.ts";
import { symmetricEigenvalues } from "../../src/linalg/symmetric.ts";

const random = (seed: number, n: number): Matrix => matrixOf(n, n, mulberryMatrix(seed, n, n));

test.each([
  [
    "a triangular matrix",
    [
      [2, 5, -1],
      [0, -3, 4],
      [0, 0, 1],
    ],
    [-3, 2, 1],
    [0, 0, 0],
  ],
  [
    "a rotation",
    [
      [0, -1],
      [1, 0],
    ],
    [0, 0],
    [1, -1],
  ],
  [
    "a scaled rotation",
    [
      [0.6, -0.8],
      [0.8, 0.6],
    ],
    [0.6, 0.6],
    [0.8, -0.8],
  ],
  [
    "a Jordan block, which has one eigenvector",
    [
      [0, 6],
      [0, 0],
    ],
    [0, 0],
    [0, 0],
  ],
  // The companion matrix of (x − 1)(x − 2)(x² + 1) = x⁴ − 3x³ + 3x² − 3x + 2.
  [
    "a companion matrix",
    [
      [3, -3, 3, -2],
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 1, 0],
    ],
    [2, 1, 0, 0],
    [0, 0, 1, -1],
  ],
  [
    "a cycle, all of modulus 1",
    [
      [0, 0, 1],
      [1, 0, 0],
      [0, 1, 0],
    ],
    [1, -0.5, -0.5],
    [0, 0.75 ** 0.5, -(0.75 ** 0.5)],
  ],
  ["a single number", [[-7]], [-7], [0]],
  [
    "zero",
    [
      [0, 0],
      [0, 0],
    ],
    [0, 0],
    [0, 0],
  ],
])("%s", (_, rows, re, im) => {
  const found = eigenvalues(fromRows(rows));
  const byValue = (r: ArrayLike<number>, i: ArrayLike<number>) =>
    Array.from(r, (x, k) => [x, i[k]])
      .sort(([a, b], [c, d]) => (Math.abs(a - c) > 1e-6 ? a - c : b - d))
      .flat();
  expect(byValue(found.re, found.im)).toBeAllClose(byValue(re, im), { atol: 1e-12 });
});

test.each([1, 2, 3, 4])(
  "largest first; sum is the trace, product of moduli that of the singular values (%i)",
  (seed) => {
    const A = random(seed, 12);
    const { re, im } = eigenvalues(A);
    const moduli = Array.from(re, (x, i) => Math.hypot(x, im[i]));
    expect(moduli).toEqual(moduli.toSorted((a, b) => b - a));
    const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);
    expect(sum(re)).toBeCloseTo(sum(Array.from({ length: 12 }, (_, i) => A.data[13 * i])), 10);
    expect(sum(im)).toBeCloseTo(0, 10);
    expect(sum(moduli.map(Math.log))).toBeCloseTo(sum(singularValues(A).map(Math.log)), 8);
    expect(spectralRadius(A)).toBe(moduli[0]);
    expect(spectralRadius(A)).toBeLessThanOrEqual(singularValues(A)[0]);
  },
);

test("those of a symmetric matrix are real, as the symmetric solver finds them", () => {
  const A = symmetricPart(random(5, 20));
  const { re, im } = eigenvalues(A);
  expect([...im]).toEqual(Array(20).fill(0));
  expect(re.toSorted()).toBeAllClose(symmetricEigenvalues(A), { atol: 1e-12 });
});

test("a similarity keeps them, a shift moves them, a scale scales them", () => {
  const A = random(6, 9);
  const base = eigenvalues(A);
  // S = I + N with N² = 0, so that S⁻¹ = I − N.
  const N = matrix(9, 9, (i, j) => (i < 4 && j >= 4 ? ((i + 2 * j) % 5) - 2 : 0));
  const S = { ...N, data: N.data.map((x, k) => x + identity(9).data[k]) };
  const inverse = { ...N, data: N.data.map((x, k) => identity(9).data[k] - x) };
  const similar = eigenvalues(multiply(multiply(S, A), inverse));
  expect(similar.re).toBeAllClose(base.re, { atol: 1e-9 });
  expect(similar.im).toBeAllClose(base.im, { atol: 1e-9 });
  expect(eigenvalues(shift(A, 3)).re.toSorted()).toBeAllClose(
    base.re.map((x) => x + 3).toSorted(),
    { atol: 1e-10 },
  );
  for (const factor of [1e-200, 1e200]) {
    expect(eigenvalues(scale(A, factor)).re).toBeAllClose(
      base.re.map((x) => x * factor),
      { atol: 0, rtol: 1e-9 },
    );
  }
});

test("misuse", () => {
  expect(() => eigenvalues(fromRows([[1, 2]]))).toThrow("a square matrix is wanted");
  const spoilt = { rows: 1, cols: 1, data: Float64Array.of(Number.NaN) };
  expect(() => eigenvalues(spoilt)).toThrow("entry (0, 0) of a matrix is NaN");
});
