import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError } from "../../src/errors.ts";
import {
  frobeniusNorm,
  fromRows,
  gram,
  matrix,
  multiply,
  scale,
  transpose,
} from "../../src/linalg/matrix.ts";
import { singularValues, spectralNorm } from "../../src/linalg/svd.ts";
import { symmetricEigenvalues } from "../../src/linalg/symmetric.ts";
import { lcg, random } from "./matrices.ts";

describe("singularValues", () => {
  test("agrees with numpy.linalg.svd (2.4.6), tall and wide", () => {
    const expected = [
      1.6355641326556247, 1.3443465091655424, 0.959183475027049, 0.5883236692946553,
    ];
    expect(singularValues(lcg(5, 4))).toBeAllClose(expected);
    expect(singularValues(transpose(lcg(5, 4)))).toBeAllClose(expected);
  });

  test("first differences of n points: 2 sin(kπ/(2n))", () => {
    const n = 12;
    const D = matrix(n - 1, n, (i, j) => (j === i ? -1 : j === i + 1 ? 1 : 0));
    const expected = Array.from(
      { length: n - 1 },
      (_, k) => 2 * Math.sin(((n - 1 - k) * Math.PI) / (2 * n)),
    );
    expect(singularValues(D)).toBeAllClose(expected);
  });

  test("squares are the eigenvalues of AAᵀ, and sum to the Frobenius norm's", () => {
    const size = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(size, size, fc.nat(1e6), (rows, cols, seed) => {
        const A = random(rows, cols, seed);
        const s = singularValues(A);
        expect(s).toHaveLength(Math.min(rows, cols));
        expect([...s]).toEqual([...s].sort((a, b) => b - a));
        const squares = symmetricEigenvalues(gram(A)).reverse().slice(0, s.length);
        expect(s.map((x) => x * x)).toBeAllClose(squares, { atol: 1e-12 });
        expect(Math.sqrt(s.reduce((sum, x) => sum + x * x, 0))).toBeCloseTo(frobeniusNorm(A), 12);
      }),
      { seed: 3, numRuns: 50 },
    );
  });

  test("the spectral norm is submultiplicative and homogeneous", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.nat(1e6), (n, seed) => {
        const [A, B] = [random(n, n, seed), random(n, n, seed + 1)];
        const limit = spectralNorm(A) * spectralNorm(B);
        expect(spectralNorm(multiply(A, B))).toBeLessThanOrEqual(limit * (1 + 1e-12));
        expect(spectralNorm(scale(A, -3))).toBeCloseTo(3 * spectralNorm(A), 12);
      }),
      { seed: 4, numRuns: 30 },
    );
  });

  test("one entry, zero, and extreme scales", () => {
    expect(spectralNorm(fromRows([[-3]]))).toBe(3);
    expect([...singularValues(scale(random(2, 3, 1), 0))]).toEqual([0, 0]);
    for (const unit of [2 ** 1000, 2 ** -1000]) {
      expect(spectralNorm(fromRows([[3 * unit, 4 * unit]])) / unit).toBeCloseTo(5, 14);
    }
  });

  test("refuses an infinite entry", () => {
    const A = { rows: 1, cols: 2, data: Float64Array.of(1, Infinity) };
    expect(() => singularValues(A)).toThrow(DataError);
    expect(() => singularValues(A)).toThrow("(0, 1)");
  });
});
