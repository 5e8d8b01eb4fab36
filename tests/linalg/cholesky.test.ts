import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError, ShapeError } from "../../src/errors.ts";
import { cholesky } from "../../src/linalg/cholesky.ts";
import { fromRows, gram, multiply, scale, shift, transpose } from "../../src/linalg/matrix.ts";
import { random, secondDifference, secondDifferenceSpectrum } from "./matrices.ts";

describe("cholesky", () => {
  test("by hand", () => {
    const A = fromRows([
      [4, 12, -16],
      [12, 37, -43],
      [-16, -43, 98],
    ]);
    expect(cholesky(A)).toEqual(
      fromRows([
        [2, 0, 0],
        [6, 1, 0],
        [-8, 5, 3],
      ]),
    );
  });

  test("reassembles", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(1e6), (n, seed) => {
        const A = shift(gram(random(n, n, seed)), 0.1);
        const L = cholesky(A)!;
        expect(multiply(L, transpose(L)).data).toBeAllClose(A.data, { atol: 1e-13 });
      }),
      { seed: 5, numRuns: 50 },
    );
  });

  test("ends at the smallest eigenvalue", () => {
    const smallest = secondDifferenceSpectrum(15)[0];
    expect(cholesky(shift(secondDifference(15), -smallest + 1e-13))).not.toBeNull();
    expect(cholesky(shift(secondDifference(15), -smallest - 1e-13))).toBeNull();
  });

  test("null for what is indefinite, zero or overflows; an answer for what is tiny", () => {
    expect(cholesky(fromRows([[-1]]))).toBeNull();
    expect(cholesky(fromRows([[0]]))).toBeNull();
    expect(cholesky(scale(secondDifference(3), 2 ** -1000))).not.toBeNull();
    expect(
      cholesky(
        fromRows([
          [5e-324, 1e300],
          [1e300, 1],
        ]),
      ),
    ).toBeNull();
  });

  test("refuses what is not square, symmetric and finite", () => {
    expect(() => cholesky(fromRows([[1, 2]]))).toThrow(ShapeError);
    expect(() => cholesky({ rows: 1, cols: 1, data: Float64Array.of(NaN) })).toThrow(DataError);
    const skew = fromRows([
      [1, 2],
      [-2, 1],
    ]);
    expect(() => cholesky(skew)).toThrow("symmetric");
  });
});
