import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError, ShapeError } from "../../src/errors.ts";
import {
  add,
  binaryScale,
  frobeniusNorm,
  fromRows,
  gram,
  identity,
  matrix,
  matrixOf,
  multiply,
  multiplyTransposed,
  scale,
  shift,
  subtract,
  symmetricPart,
  transpose,
} from "../../src/linalg/matrix.ts";
import { random } from "./matrices.ts";

const A = fromRows([
  [1, 2, 3],
  [4, 5, 6],
]);

describe("matrix", () => {
  test("a product by hand", () => {
    const B = fromRows([
      [1, 0],
      [-1, 2],
      [0.5, 1],
    ]);
    expect(multiply(A, B)).toEqual(
      fromRows([
        [0.5, 7],
        [2, 16],
      ]),
    );
  });

  test("the product with a transpose is that product", () => {
    const [P, Q] = [random(7, 3, 1), random(7, 5, 2)];
    expect(multiplyTransposed(P, Q).data).toBeAllClose(multiply(transpose(P), Q).data);
    expect(() => multiplyTransposed(P, random(6, 5, 2))).toThrow(ShapeError);
  });

  test("sums, multiples and shifts by hand", () => {
    const S = fromRows([
      [1, 2],
      [4, 5],
    ]);
    expect(add(S, S)).toEqual(scale(S, 2));
    expect(subtract(S, S).data).toEqual(new Float64Array(4));
    expect([...shift(S, -1).data]).toEqual([0, 2, 4, 4]);
    expect([...symmetricPart(S).data]).toEqual([1, 3, 3, 5]);
  });

  test("(AB)ᵀ = BᵀAᵀ, A I = A, and gram(A) = AAᵀ", () => {
    const size = fc.integer({ min: 1, max: 8 });
    fc.assert(
      fc.property(size, size, size, fc.nat(1e6), (m, k, n, seed) => {
        const [X, Y] = [random(m, k, seed), random(k, n, seed + 1)];
        expect(transpose(multiply(X, Y)).data).toBeAllClose(
          multiply(transpose(Y), transpose(X)).data,
        );
        expect(multiply(X, identity(k))).toEqual(X);
        expect(gram(X).data).toBeAllClose(multiply(X, transpose(X)).data);
      }),
      { seed: 1 },
    );
  });

  test("the Frobenius norm at any scale", () => {
    expect(frobeniusNorm(fromRows([[3, 4]]))).toBe(5);
    for (const unit of [2 ** 1000, 2 ** -1000]) {
      expect(frobeniusNorm(fromRows([[3 * unit, 4 * unit]]))).toBe(5 * unit);
    }
    expect(frobeniusNorm(fromRows([[0]]))).toBe(0);
  });

  test.each([1, 0.75, 5e-324, Number.MAX_VALUE, 0.1, 2 ** -1022])("binary scale of %s", (x) => {
    const unit = binaryScale(fromRows([[x, -x / 2]]));
    expect(Number.isInteger(Math.log2(unit))).toBe(true);
    expect(Math.abs(x / unit)).toBeLessThan(2);
  });

  test.each([
    ["a wrong count", () => matrixOf(2, 2, new Float64Array(3)), ShapeError, "3 numbers"],
    ["no rows", () => fromRows([]), ShapeError, "positive"],
    ["ragged rows", () => fromRows([[1, 2], [3]]), ShapeError, "row 1 has 1 numbers, row 0 has 2"],
    ["a NaN", () => matrix(2, 2, (i, j) => (i + j === 2 ? NaN : 0)), DataError, "(1, 1)"],
    ["an infinity", () => fromRows([[1, -Infinity]]), DataError, "(0, 1) of a matrix is -Infinity"],
    ["a product that does not fit", () => multiply(A, A), ShapeError, "2 × 3"],
    ["a sum that does not fit", () => add(A, transpose(A)), ShapeError, "beside 3 × 2"],
    ["a shift of no square", () => shift(A, 1), ShapeError, "square"],
  ])("refuses %s", (_, act, error, message) => {
    expect(act).toThrow(error);
    expect(act).toThrow(message);
  });
});
