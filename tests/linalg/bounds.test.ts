import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { smallestEigenvalue, spectralNormBound } from "../../src/linalg/bounds.ts";
import {
  fromRows,
  gram,
  identity,
  matrix,
  multiply,
  scale,
  shift,
  transpose,
} from "../../src/linalg/matrix.ts";
import { spectralNorm } from "../../src/linalg/svd.ts";
import { symmetricEigen } from "../../src/linalg/symmetric.ts";
import {
  hilbert,
  random,
  randomSymmetric,
  secondDifference,
  secondDifferenceSpectrum,
} from "./matrices.ts";

describe("smallestEigenvalue", () => {
  test.each([1, 2, 10, 60])("encloses the closed form, second difference of %i points", (n) => {
    const { value, margin } = smallestEigenvalue(secondDifference(n));
    const [truth] = secondDifferenceSpectrum(n);
    expect(value - margin).toBeLessThanOrEqual(truth * (1 - 1e-15));
    expect(margin).toBeLessThan(1e-10);
    expect(margin).toBeGreaterThan(Math.abs(value - truth));
  });

  test("lies below xᵀAx/xᵀx for every x", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 15 }), fc.nat(1e6), (n, seed) => {
        const A = randomSymmetric(n, seed);
        const { value, margin } = smallestEigenvalue(A);
        const x = random(n, 1, seed + 1);
        const [[xAx], [xx]] = [multiply(multiply(transpose(x), A), x), gram(transpose(x))].map(
          ({ data }) => [data[0]],
        );
        expect(value - margin).toBeLessThan(xAx / xx);
      }),
      { seed: 6, numRuns: 50 },
    );
  });

  test("the margin is of the order of n² roundings of the matrix, however near singular", () => {
    const { value, margin } = smallestEigenvalue(hilbert(12)); // true λmin 2.6e-17
    expect(value - margin).toBeLessThan(2.7e-17);
    expect(margin).toBeLessThan(20 * 12 ** 2 * 2 ** -53);
  });

  test("a known spectrum between 1e-8 and 1e8", () => {
    const { vectors: Q } = symmetricEigen(randomSymmetric(8, 3));
    const D = matrix(8, 8, (i, j) => (i === j ? 10 ** (2.2857142857 * i - 8) : 0));
    const product = multiply(multiply(Q, D), transpose(Q));
    const A = matrix(8, 8, (i, j) => product.data[Math.min(i, j) * 8 + Math.max(i, j)]);
    const { value, margin } = smallestEigenvalue(A);
    expect(value - margin).toBeLessThanOrEqual(1e-8);
    expect(value + margin).toBeGreaterThan(1e-8);
    expect(margin).toBeLessThan(1e-12 * 1e8);
  });

  test("adds the uncertainty; holds for zero, one entry and extreme scales", () => {
    const A = secondDifference(4);
    const { margin } = smallestEigenvalue(A);
    expect(smallestEigenvalue(A, 0.25).margin).toBe(margin + 0.25);
    expect(smallestEigenvalue(fromRows([[-2]])).value).toBe(-2);
    expect(smallestEigenvalue(scale(identity(3), 0)).value).toBe(0);
    for (const unit of [2 ** 900, 2 ** -900]) {
      expect(smallestEigenvalue(scale(A, unit)).margin).toBe(margin * unit);
    }
  });
});

describe("spectralNormBound", () => {
  test("encloses the largest singular value, tightly", () => {
    const size = fc.integer({ min: 1, max: 15 });
    fc.assert(
      fc.property(size, size, fc.nat(1e6), (rows, cols, seed) => {
        const A = random(rows, cols, seed);
        const { value, margin } = spectralNormBound(A);
        const norm = spectralNorm(A);
        expect(value + margin).toBeGreaterThan(norm);
        expect(value + margin).toBeLessThan(norm * (1 + 1e-11));
      }),
      { seed: 7, numRuns: 50 },
    );
  });

  test("an orthogonal matrix, a rotation of extreme scale, and zero", () => {
    const { vectors } = symmetricEigen(randomSymmetric(30, 1));
    const { value, margin } = spectralNormBound(vectors);
    expect(value + margin).toBeGreaterThan(1);
    expect(margin).toBeLessThan(1e-10);
    for (const unit of [2 ** 900, 2 ** -900]) {
      expect(spectralNormBound(scale(identity(2), unit)).value).toBe(unit);
    }
    expect(spectralNormBound(scale(shift(random(2, 2, 1), 0), 0)).value).toBe(0);
  });
});
