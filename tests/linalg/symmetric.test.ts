import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError, ShapeError } from "../../src/errors.ts";
import {
  fromRows,
  identity,
  type Matrix,
  matrix,
  multiply,
  scale,
  symmetricPart,
  transpose,
} from "../../src/linalg/matrix.ts";
import { symmetricEigen, symmetricEigenvalues } from "../../src/linalg/symmetric.ts";
import {
  hilbert,
  lcg,
  randomSymmetric,
  secondDifference,
  secondDifferenceSpectrum,
} from "./matrices.ts";

const reassembled = (A: Matrix): Matrix => {
  const { values, vectors } = symmetricEigen(A);
  const n = values.length;
  return multiply(
    multiply(
      vectors,
      matrix(n, n, (i, j) => (i === j ? values[i] : 0)),
    ),
    transpose(vectors),
  );
};

describe("symmetricEigen", () => {
  test.each([1, 2, 5, 40])("the second difference of %i points has its closed form", (n) => {
    const values = symmetricEigenvalues(secondDifference(n));
    expect(values).toBeAllClose(secondDifferenceSpectrum(n), { atol: 1e-14, rtol: 1e-12 });
  });

  test("agrees with numpy.linalg.eigvalsh (2.4.6)", () => {
    expect(symmetricEigenvalues(symmetricPart(lcg(5, 5)))).toBeAllClose([
      -1.5887762210400536, -0.6442793153289149, 0.3062371728310733, 0.6018813108424599,
      1.5396709233954367,
    ]);
  });

  test("reassembles; the basis is orthonormal; trace and order are right", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(1e6), (n, seed) => {
        const A = randomSymmetric(n, seed);
        const { values, vectors } = symmetricEigen(A);
        expect(symmetricEigenvalues(A)).toBeAllClose(values, { atol: 1e-13 });
        expect(reassembled(A).data).toBeAllClose(A.data, { atol: 1e-13 });
        expect(multiply(transpose(vectors), vectors).data).toBeAllClose(identity(n).data, {
          atol: 1e-13,
        });
        expect([...values]).toEqual([...values].sort((a, b) => a - b));
        const trace = A.data.reduce((sum, a, k) => sum + (k % (n + 1) === 0 ? a : 0), 0);
        expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(trace, 12);
      }),
      { seed: 2, numRuns: 50 },
    );
  });

  test("the product of Hilbert's eigenvalues is its determinant, 1/6048000 at n = 4", () => {
    const product = symmetricEigenvalues(hilbert(4)).reduce((p, value) => p * value, 1);
    expect(product * 6048000).toBeCloseTo(1, 10);
  });

  test.each([2 ** -1000, 2 ** 1000])("scales by %s to the last bit", (unit) => {
    const A = secondDifference(6);
    const scaled = symmetricEigenvalues(scale(A, unit));
    expect(scaled).toEqual(symmetricEigenvalues(A).map((value) => value * unit));
  });

  test("rows of very different scale", () => {
    const A = fromRows([
      [1e-150, 1e-3],
      [1e-3, 1e150],
    ]);
    const values = symmetricEigenvalues(A);
    expect(values[1]).toBeCloseTo(1e150, -140);
    expect(Math.abs(values[0])).toBeLessThan(1e150 * 1e-15);
  });

  test("Wilkinson's matrix, whose largest eigenvalues agree to 14 digits", () => {
    const wilkinson = matrix(21, 21, (i, j) =>
      i === j ? Math.abs(i - 10) : +(Math.abs(i - j) === 1),
    );
    const values = symmetricEigenvalues(wilkinson);
    expect(values[20]).toBeCloseTo(10.7461941829034, 12);
    expect(values[19]).toBeCloseTo(10.7461941829033, 12);
    expect(values[0]).toBeCloseTo(-1.12544152211998, 12);
  });

  test("blocks, rank one, and zeros on the diagonal", () => {
    const exchange = matrix(6, 6, (i, j) => +(i + j === 5));
    expect(symmetricEigenvalues(exchange)).toBeAllClose([-1, -1, -1, 1, 1, 1]);
    const ones = symmetricEigenvalues(matrix(7, 7, () => 1));
    expect(ones).toBeAllClose([0, 0, 0, 0, 0, 0, 7], { atol: 1e-14 });
    const diagonal = matrix(4, 4, (i, j) => (i === j ? [3, -1, 0, 2][i] : 0));
    expect([...symmetricEigenvalues(diagonal)]).toEqual([-1, 0, 2, 3]);
  });

  test("a repeated eigenvalue and the zero matrix", () => {
    expect([...symmetricEigenvalues(identity(3))]).toEqual([1, 1, 1]);
    expect([...symmetricEigenvalues(scale(identity(3), 0))]).toEqual([0, 0, 0]);
    expect([...symmetricEigenvalues(fromRows([[-7]]))]).toEqual([-7]);
  });

  test.each([
    ["no square", fromRows([[1, 2]]), ShapeError, "1 × 2"],
    ["no symmetry", secondDifferenceBut(-1.5), DataError, "(1, 0) is -1.5"],
    ["a NaN", { rows: 1, cols: 1, data: Float64Array.of(NaN) }, DataError, "NaN"],
  ])("refuses %s", (_, A, error, message) => {
    expect(() => symmetricEigenvalues(A)).toThrow(error);
    expect(() => symmetricEigenvalues(A)).toThrow(message);
  });
});

/** With another entry (1, 0). */
function secondDifferenceBut(entry: number): Matrix {
  return matrix(3, 3, (i, j) => (i === 1 && j === 0 ? entry : secondDifference(3).data[i * 3 + j]));
}
