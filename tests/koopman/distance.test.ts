import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomStream } from "../../src/data/random.ts";
import { DataError, ShapeError, UsageError } from "../../src/errors.ts";
import { assignment } from "../../src/koopman/compare/assignment.ts";
import { compareDynamics } from "../../src/koopman/compare/compare.ts";
import {
  hausdorff,
  permutationTest,
  spectralDistance,
} from "../../src/koopman/compare/distance.ts";
import type { ComplexNumbers } from "../../src/linalg/complex.ts";
import { matrix, multiply } from "../../src/linalg/matrix.ts";
import { random } from "../linalg/matrices.ts";
import { onProviders } from "../linalg/on-providers.ts";
import { blockDiagonal, orbit } from "./systems.ts";

const complex = (...values: readonly (readonly [number, number])[]): ComplexNumbers => ({
  re: Float64Array.from(values, ([x]) => x),
  im: Float64Array.from(values, ([, y]) => y),
});
const cloud = (n: number, x: number, seed: number) => {
  const { normal } = randomStream(seed, "cloud");
  return complex(...Array.from({ length: n }, () => [x + normal(), normal()] as const));
};

/** The least cost over every choice of different columns. */
function exhaustive(cost: readonly (readonly number[])[], row = 0, used = 0): number {
  if (row === cost.length) return 0;
  return cost[row].reduce(
    (least, c, j) =>
      used & (1 << j) ? least : Math.min(least, c + exhaustive(cost, row + 1, used | (1 << j))),
    Infinity,
  );
}

describe("assignment", () => {
  const table = fc
    .tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 0, max: 2 }))
    .chain(([rows, more]) =>
      fc.array(
        fc.array(fc.integer({ min: -20, max: 20 }), {
          minLength: Math.min(7, rows + more),
          maxLength: Math.min(7, rows + more),
        }),
        { minLength: rows, maxLength: rows },
      ),
    );

  test("costs what the best of all choices costs", () => {
    fc.assert(
      fc.property(table, (cost) => {
        const chosen = assignment(matrix(cost.length, cost[0].length, (i, j) => cost[i][j]));
        expect(new Set(chosen).size).toBe(cost.length);
        expect(chosen.reduce((sum, j, i) => sum + cost[i][j], 0)).toBe(exhaustive(cost));
      }),
      { seed: 3, numRuns: 400 },
    );
  });

  test("finds a hidden permutation of 60", () => {
    const hidden = randomStream(5, "hidden").permutation(60);
    const noise = random(60, 60, 2).data;
    const found = assignment(
      matrix(60, 60, (i, j) => (hidden[i] === j ? 0 : 1 + Math.abs(noise[60 * i + j]))),
    );
    expect(Array.from(found)).toEqual(Array.from(hidden));
  });

  test("refuses more rows than columns, and what is not finite", () => {
    expect(() => assignment(random(3, 2, 1))).toThrow(ShapeError);
    expect(() => assignment({ rows: 1, cols: 1, data: Float64Array.of(NaN) })).toThrow(DataError);
  });
});

describe("distance of spectra", () => {
  test("by hand: partners are not the nearest, but the best together", () => {
    // 0 is nearest to both, but only one may have it.
    const { distance, pairs } = spectralDistance(
      complex([0, 0], [1, 0]),
      complex([0.4, 0], [-1, 0]),
    );
    expect(distance).toBeCloseTo((1 + 0.6) / 2, 12);
    expect(pairs).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(hausdorff(complex([0, 0], [1, 0]), complex([0.4, 0], [-1, 0]))).toEqual({
      forward: 0.6,
      backward: 1,
      symmetric: 1,
    });
  });

  test("an eigenvalue without a partner costs its modulus, and is named", () => {
    const { distance, pairs } = spectralDistance(complex([0.9, 0], [0.3, 0.4]), complex([0.9, 0]));
    expect(distance).toBeCloseTo(0.5 / 2, 12);
    expect(pairs).toContainEqual([1, -1]);
    expect(spectralDistance(complex([0.9, 0], [0, 0]), complex([0.9, 0])).distance).toBe(0);
  });

  test("is a metric: zero to itself in any order, symmetric, triangle inequality", () => {
    const point = fc.tuple(
      fc.double({ min: -1, max: 1, noNaN: true }),
      fc.double({ min: -1, max: 1, noNaN: true }),
    );
    const spectrum = fc.array(point, { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(spectrum, spectrum, spectrum, (x, y, z) => {
        const d = (p: typeof x, q: typeof x) =>
          spectralDistance(complex(...p), complex(...q)).distance;
        expect(d(x, x.toReversed())).toBe(0);
        expect(d(x, y)).toBeCloseTo(d(y, x), 12);
        expect(d(x, z)).toBeLessThanOrEqual(d(x, y) + d(y, z) + 1e-12);
        expect(hausdorff(complex(...x), complex(...y)).symmetric).toBeGreaterThanOrEqual(0);
      }),
      { seed: 8, numRuns: 200 },
    );
  });

  test("refuses what has no distance", () => {
    expect(() => spectralDistance(complex(), complex([1, 0]))).toThrow(DataError);
    expect(() => hausdorff(complex([NaN, 0]), complex([1, 0]))).toThrow("eigenvalue 0 is NaN");
  });
});

describe("permutation test", () => {
  test("p = 1 for a spectrum and itself, small for sets in different places", () => {
    const a = cloud(10, 0, 1);
    expect(permutationTest(a, a)).toMatchObject({ distance: 0, pValue: 1, arrangements: 184756 });
    const apart = permutationTest(a, cloud(10, 8, 2));
    expect(apart.pValue).toBeLessThan(0.01);
    expect(permutationTest(a, cloud(10, 8, 2))).toEqual(apart);
  });

  test("the share by all exchanges, known by hand", () => {
    const [a, b] = [complex([0, 0], [1, 0], [2, 0]), complex([10, 0], [11, 0], [12, 0])];
    // On a line the distance is between the sorted sets: 10 for two of the 20 deals, less else.
    const dealt = permutationTest(a, b, { permutations: 4000 });
    expect(dealt.arrangements).toBe(20);
    expect(Math.abs(dealt.pValue - 2 / 20)).toBeLessThan(0.02);
    const swapped = permutationTest(a, b, { permutations: 4000, exchange: "partners" });
    expect(swapped.arrangements).toBe(8);
    expect(Math.abs(swapped.pValue - 2 / 8)).toBeLessThan(0.03);
  });

  test("at 5 % calls two draws of one distribution different as often; by partners too often", () => {
    const called = (exchange: "pooled" | "partners") =>
      Array.from({ length: 100 }, (_, i) =>
        permutationTest(cloud(8, 0, 2 * i), cloud(8, 0, 2 * i + 1), { permutations: 59, exchange }),
      ).filter(({ pValue }) => pValue <= 0.05).length;
    expect(called("pooled")).toBeLessThanOrEqual(10);
    expect(called("partners")).toBeGreaterThan(20);
  });

  test("conjugates change sides together", () => {
    const pair = complex([0.5, 0.5], [0.5, -0.5], [0.9, 0]);
    const other = complex([0.1, 0.4], [0.1, -0.4], [0.2, 0]);
    const exchange = "partners";
    expect(permutationTest(pair, other).arrangements).toBe(2 * 2);
    expect(permutationTest(pair, other, { exchange }).arrangements).toBe(2 ** 2);
    // A pair against two real values: among pairs there is nothing to deal.
    const real = complex([0.1, 0], [0.2, 0], [0.8, 0]);
    expect(permutationTest(pair, real).arrangements).toBe(4);
    expect(permutationTest(pair, real, { exchange }).arrangements).toBe(2 ** 2);
    expect(() => permutationTest(pair, other, { permutations: 0 })).toThrow(UsageError);
    expect(() => permutationTest(pair, other, { exchange: "all" as "pooled" })).toThrow('"all"');
    expect(() => permutationTest(pair, other, { permutation: 9 } as object)).toThrow(
      '"permutation"',
    );
  });
});

onProviders(() => {
  const decay = blockDiagonal(0.98, 0.9, [0.95, 0.3], [0.85, 1.2]);
  const start = [1, 1, 1, 0.5, 1, 0.5];
  const A = multiply(random(12, 6, 1), orbit(decay, start, 60));

  test("a run against itself: distance 0, p = 1", () => {
    const same = compareDynamics(A, A);
    expect(same).toMatchObject({ distance: 0, hausdorff: 0, pValue: 1, different: false });
    expect(same.sentence).toContain("the same eigenvalues");
    expect(same.cannotSay[0]).toContain("necessary");
  });

  test("the same dynamics in other coordinates, of another size: near 0", () => {
    const B = multiply(random(7, 6, 5), orbit(decay, [1, 0.3, 2, 1, 1, 1], 80));
    const { distance, different, spectra, within } = compareDynamics(A, B);
    expect(distance).toBeLessThan(1e-6);
    expect(different).toBe(false);
    expect(spectra.map(({ eigenvalues }) => eigenvalues.re.length)).toEqual([6, 6]);
    for (const d of within) expect(d).toBeLessThan(1e-4);
  });

  test("dynamics in different places of the disc: different, by more than either from itself", () => {
    const slow = blockDiagonal(0.99, 0.97, 0.95, 0.93, 0.91, 0.89, 0.87, 0.85);
    const fast = blockDiagonal(-0.7, -0.6, -0.5, -0.4, -0.65, -0.45, -0.55, -0.75);
    const ones = Array(8).fill(1);
    const [x, y] = [slow, fast].map((D, i) => multiply(random(20, 8, i), orbit(D, ones, 30)));
    const found = compareDynamics(x, y, { modes: 8, delays: [1, 1] });
    expect(found.different).toBe(true);
    expect(found.pValue).toBeLessThan(0.05);
    expect(found.distance).toBeGreaterThan(1);
    expect(found.sentence).toContain("the dynamics differ");
  });

  test("series of one number a step; too few modes for the level are named", () => {
    const series = (rates: readonly number[]) =>
      matrix(1, 60, (_, t) => rates.reduce((sum, rate) => sum + rate ** t, 0.1));
    const found = compareDynamics(series([0.9, 0.6]), series([0.9, 0.6, 0.3]));
    expect(found.spectra.map(({ eigenvalues }) => eigenvalues.re.length)).toEqual([3, 4]);
    expect(found.distance).toBeCloseTo(0.3 / 4, 4);
    expect(found.cannotSay.join()).toContain("the second has more");
    const few = compareDynamics(series([0.9]), series([0.5]));
    expect(few.cannotSay.join()).toContain("too few modes");
  });

  test("misuse is refused", () => {
    expect(() => compareDynamics(A, A, { mode: 3 } as object)).toThrow('did you mean "modes"');
    expect(() => compareDynamics(A, A, { modes: 0 })).toThrow(UsageError);
    expect(() => compareDynamics(A, A, { significance: 1 })).toThrow(UsageError);
    expect(() => compareDynamics(A, A, { delays: [0, 1] })).toThrow(UsageError);
  });
});
