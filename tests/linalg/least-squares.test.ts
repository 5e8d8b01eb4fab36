import { expect, test } from "vitest";
import { NumericError, ShapeError } from "../../src/errors.ts";
import { type ComplexMatrix, embed, moduli } from "../../src/linalg/complex.ts";
import {
  complexLeastSquares,
  leastSquares,
  smallestSingular,
} from "../../src/linalg/least-squares.ts";
import { fromRows, gram, multiply, subtract, transpose } from "../../src/linalg/matrix.ts";
import { provider } from "../../src/linalg/provider.ts";
import { qr } from "../../src/linalg/qr.ts";
import { singularValues } from "../../src/linalg/svd.ts";
import { solveLower, solveUpper, solveUpperTransposed } from "../../src/linalg/triangular.ts";
import { hilbert, random } from "./matrices.ts";
import { onProviders } from "./on-providers.ts";

const complexRandom = (rows: number, cols: number, seed: number): ComplexMatrix => ({
  re: random(rows, cols, seed),
  im: random(rows, cols, seed + 1000),
});

/** A x for complex A and x. */
function times({ re, im }: ComplexMatrix, x: { re: Float64Array; im: Float64Array }) {
  const column = (data: Float64Array) => ({ rows: data.length, cols: 1, data });
  const [a, b] = [multiply(re, column(x.re)).data, multiply(im, column(x.im)).data];
  const [c, d] = [multiply(re, column(x.im)).data, multiply(im, column(x.re)).data];
  return { re: a.map((v, i) => v - b[i]), im: c.map((v, i) => v + d[i]) };
}

onProviders(() => {
  test("a line through points, by hand", () => {
    const A = fromRows([
      [1, 0],
      [1, 1],
      [1, 2],
    ]);
    const { X, rank } = leastSquares(A, fromRows([[1], [2], [4]]));
    expect(X.data).toBeAllClose([5 / 6, 3 / 2]);
    expect(rank).toBe(2);
  });

  test("the residual is orthogonal to the columns, for tall, wide and deficient matrices", () => {
    const deficient = multiply(random(9, 2, 1), random(2, 4, 2));
    for (const A of [random(9, 4, 3), random(4, 9, 4), deficient, random(1, 1, 5)]) {
      const B = random(A.rows, 3, 6);
      const { X } = leastSquares(A, B);
      const residual = subtract(multiply(A, X), B);
      expect(multiply(transpose(A), residual).data).toBeAllClose(new Float64Array(A.cols * 3));
    }
    expect(leastSquares(deficient, random(9, 1, 7)).rank).toBe(2);
  });

  test("of all solutions the shortest", () => {
    const { X } = leastSquares(fromRows([[1, 1]]), fromRows([[2]]));
    expect(X.data).toBeAllClose([1, 1]);
  });

  test("the tolerance decides what counts as zero", () => {
    const A = fromRows([
      [1, 0],
      [0, 1e-6],
    ]);
    const B = fromRows([[1], [1]]);
    expect(leastSquares(A, B).X.data).toBeAllClose([1, 1e6]);
    expect(leastSquares(A, B, 1e-3).X.data).toBeAllClose([1, 0]);
  });

  test("complex: an exact solution is found; the normal equations hold otherwise", () => {
    const A = complexRandom(5, 3, 8);
    const x = { re: Float64Array.of(1, -2, 0), im: Float64Array.of(0, 1, 3) };
    const found = complexLeastSquares(A, times(A, x));
    expect(found.x.re).toBeAllClose(x.re);
    expect(found.x.im).toBeAllClose(x.im);
    expect(found.rank).toBe(3);
  });

  test.each([1, 2, 6])("the smallest singular pair of a complex matrix of %i columns", (cols) => {
    const A = complexRandom(2 * cols, cols, 9);
    const { value, vector } = smallestSingular(A);
    const image = moduli(times(A, vector));
    expect(Math.hypot(...moduli(vector))).toBeCloseTo(1, 14);
    expect(Math.hypot(...image)).toBeCloseTo(value, 13);
    // No vector does better: each singular value of the embedding stands there twice.
    const all = singularValues(embed(A));
    expect(all.at(-1)).toBeCloseTo(value, 13);
    expect(all.at(-2)).toBeCloseTo(value, 13);
  });

  test("a real matrix has a real singular vector, and a flat one is refused", () => {
    const A = { re: random(4, 2, 1), im: { rows: 4, cols: 2, data: new Float64Array(8) } };
    expect(smallestSingular(A).vector.im).toEqual(new Float64Array(2));
    expect(() => smallestSingular(complexRandom(2, 3, 1))).toThrow(ShapeError);
  });

  test("upper Cholesky: A = RᵀR, or null", () => {
    for (const n of [1, 5, 8]) {
      const A = gram(random(n, n + 2, n));
      const R = provider().upperCholesky(A)!;
      expect(multiply(transpose(R), R).data).toBeAllClose(A.data);
      for (let i = 1; i < n; i++)
        expect(R.data.slice(i * n, i * n + i)).toEqual(new Float64Array(i));
    }
    expect(
      provider().upperCholesky(
        fromRows([
          [1, 2],
          [2, 1],
        ]),
      ),
    ).toBeNull();
  });
});

test("triangular systems, by substitution into the equation", () => {
  const { R } = qr(random(6, 6, 2));
  const B = random(6, 2, 3);
  expect(multiply(R, solveUpper(R, B)).data).toBeAllClose(B.data);
  expect(multiply(transpose(R), solveUpperTransposed(R, B)).data).toBeAllClose(B.data);
  expect(multiply(transpose(R), solveLower(transpose(R), B)).data).toBeAllClose(B.data);
  expect(() => solveUpper(fromRows([[0]]), fromRows([[1]]))).toThrow(NumericError);
  expect(() => solveUpper(hilbert(3), B)).toThrow(ShapeError);
});
