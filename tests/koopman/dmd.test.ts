import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError, ShapeError, UsageError } from "../../src/errors.ts";
import { type DmdOptions, dmd, dmdOfPairs } from "../../src/koopman/dmd/dmd.ts";
import {
  continuous,
  forecast,
  frequencies,
  growthRates,
  halfLives,
  reconstruct,
} from "../../src/koopman/dmd/expand.ts";
import { ritz } from "../../src/koopman/dmd/ritz.ts";
import { numericalRank, rank } from "../../src/koopman/dmd/truncation.ts";
import { columns, scaleColumns } from "../../src/linalg/blocks.ts";
import { moduli, realTimesComplex } from "../../src/linalg/complex.ts";
import { eigen } from "../../src/linalg/eigenvalues.ts";
import { fromRows, type Matrix, matrix, multiply, scale } from "../../src/linalg/matrix.ts";
import { random } from "../linalg/matrices.ts";
import { onProviders } from "../linalg/on-providers.ts";
import { blockDiagonal, logisticTraining, orbit, rotated } from "./systems.ts";

const worst = (values: Float64Array) => values.reduce((most, x) => Math.max(most, x), 0);
const ones = (n: number) => Array<number>(n).fill(1);

/** ‖A z_j − λ_j z_j‖ by the definition. */
function trueResiduals(A: Matrix, { eigenvalues, modes }: ReturnType<typeof dmd>): number[] {
  const image = realTimesComplex(A, modes);
  const k = modes.re.cols;
  return Array.from({ length: k }, (_, j) => {
    let sum = 0;
    for (let i = 0; i < A.rows; i++) {
      const [x, y] = [modes.re.data[i * k + j], modes.im.data[i * k + j]];
      const [a, b] = [eigenvalues.re[j], eigenvalues.im[j]];
      sum += (image.re.data[i * k + j] - a * x + b * y) ** 2;
      sum += (image.im.data[i * k + j] - a * y - b * x) ** 2;
    }
    return Math.sqrt(sum);
  });
}

onProviders(() => {
  test("a spiral's growth rate and frequency, in its own units", () => {
    const dt = 0.1;
    const spiral = blockDiagonal([Math.exp(-0.3 * dt), (2 * Math.PI * dt) / 4]);
    const spectrum = dmd(orbit(spiral, [1, 0], 20), { dt });
    expect(growthRates(spectrum)).toBeAllClose([-0.3, -0.3]);
    expect(frequencies(spectrum)).toBeAllClose([0.25, -0.25]);
    expect(continuous(spectrum).im).toBeAllClose([Math.PI / 2, -Math.PI / 2]);
    expect(halfLives(spectrum)).toBeAllClose([Math.LN2 / 0.3, Math.LN2 / 0.3]);
  });

  test("an exact linear system: values, reconstruction and forecast", () => {
    const D = blockDiagonal(1, 0.95, -0.6, [0.98, 0.4], [1.01, 1.1]);
    const n = 30;
    const lift = random(n, D.rows, 4);
    const states = multiply(lift, orbit(D, ones(D.rows), 60));
    const [past, future] = [columns(states, 0, 40), columns(states, 40, 60)];
    const spectrum = dmd(past, { truncation: numericalRank(1e-10) });
    const { values } = eigen(D);
    expect(spectrum.eigenvalues.re).toBeAllClose(values.re, { atol: 1e-11 });
    expect(spectrum.eigenvalues.im).toBeAllClose(values.im, { atol: 1e-11 });
    expect(reconstruct(spectrum).data).toBeAllClose(past.data, { atol: 1e-10 });
    expect(forecast(spectrum, 20).data).toBeAllClose(future.data, { atol: 1e-9 });
    expect(spectrum.reconstructionError).toBeLessThan(1e-12);
    expect(worst(spectrum.residuals)).toBeLessThan(1e-11);
    expect(spectrum.warnings).toEqual([]);
  });

  test("pairs are adjacent and conjugate to the last bit: values, modes, amplitudes, refined", () => {
    const { eigenvalues, modes, amplitudes, refined } = dmd(logisticTraining(12, 30, 3), {
      truncation: rank(6),
    });
    const pairs = [...eigenvalues.im.keys()].filter((j) => eigenvalues.im[j] > 0);
    expect(pairs.length).toBeGreaterThan(0);
    const k = modes.re.cols;
    for (const j of pairs) {
      for (const values of [eigenvalues, amplitudes, refined.eigenvalues]) {
        expect(values.re[j + 1]).toBe(values.re[j]);
        expect(values.im[j + 1]).toBe(-values.im[j]);
      }
      for (const { re, im } of [modes, refined.modes]) {
        for (let i = 0; i < re.rows; i++) {
          expect(re.data[i * k + j + 1]).toBe(re.data[i * k + j]);
          expect(im.data[i * k + j + 1] + im.data[i * k + j]).toBe(0);
        }
      }
    }
  });

  test("the residual is ‖A z − λ z‖ of a truncated basis", () => {
    const A = rotated(blockDiagonal(0.9, 0.7, 0.5, -0.3, [0.8, 0.5], 0.2, 0.1), 1);
    const spectrum = dmd(orbit(A, [3, 1, -1, 2, 1, 1, -2, 1], 30), { truncation: rank(4) });
    expect(worst(spectrum.residuals)).toBeGreaterThan(1e-3);
    expect(spectrum.residuals).toBeAllClose(trueResiduals(A, spectrum), { atol: 1e-12 });
  });

  test("of a normal map some eigenvalue lies within the residual", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 7 }), fc.nat(1e6), (k, seed) => {
        const D = blockDiagonal(0.99, 0.9, 0.6, -0.5, [0.95, 0.7], [0.7, 1.9], 0.3);
        const A = rotated(D, seed);
        const truth = eigen(D).values;
        const start = [...random(A.rows, 1, seed + 1).data];
        const { eigenvalues, residuals } = dmd(orbit(A, start, 25), { truncation: rank(k) });
        residuals.forEach((r, j) => {
          const gaps = truth.re.map((x, i) =>
            Math.hypot(x - eigenvalues.re[j], truth.im[i] - eigenvalues.im[j]),
          );
          expect(Math.min(...gaps)).toBeLessThanOrEqual(r + 1e-10);
        });
      }),
      { seed: 3, numRuns: 30 },
    );
  });

  test("of a diagonalisable map within κ(T) times the residual (Bauer–Fike)", () => {
    const D = blockDiagonal(0.99, 0.9, 0.6, -0.5, [0.95, 0.7]);
    const T = random(6, 6, 2);
    const inverse = inverseOf(T);
    const A = multiply(multiply(T, D), inverse);
    const kappa = Math.hypot(...T.data) * Math.hypot(...inverse.data); // ≥ the 2-norm's
    const { values } = eigen(D);
    for (const k of [2, 3, 4, 5]) {
      const { eigenvalues, residuals } = dmd(orbit(A, ones(6), 20), { truncation: rank(k) });
      residuals.forEach((r, j) => {
        const gaps = values.re.map((x, i) =>
          Math.hypot(x - eigenvalues.re[j], values.im[i] - eigenvalues.im[j]),
        );
        expect(Math.min(...gaps)).toBeLessThanOrEqual(kappa * r + 1e-10);
      });
    }
  });

  test("refined vectors leave less, strictly on data that are not linear, and ρ less again", () => {
    const F = logisticTraining(20, 40, 1);
    const { basis, image, residuals, refined, values } = ritz(
      columns(F, 0, 39),
      columns(F, 1, 40),
      rank(6),
      "unit",
    );
    const gain = residuals.map((r, j) => r / refined.residuals[j]);
    expect(worst(gain)).toBeGreaterThan(1.05);
    expect(Math.min(...gain)).toBeGreaterThanOrEqual(1);
    const k = residuals.length;
    for (let j = 0; j < k; j++) {
      const w = {
        re: matrix(k, 1, (i) => refined.vectors.re.data[i * k + j]),
        im: matrix(k, 1, (i) => refined.vectors.im.data[i * k + j]),
      };
      const [Bw, Uw] = [realTimesComplex(image, w), realTimesComplex(basis, w)];
      const residual = (a: number, b: number) =>
        Math.hypot(
          ...Bw.re.data.map((x, i) => x - a * Uw.re.data[i] + b * Uw.im.data[i]),
          ...Bw.im.data.map((y, i) => y - a * Uw.im.data[i] - b * Uw.re.data[i]),
        );
      expect(residual(values.re[j], values.im[j])).toBeCloseTo(refined.residuals[j], 12);
      expect(residual(refined.values.re[j], refined.values.im[j])).toBeLessThanOrEqual(
        refined.residuals[j] * (1 + 1e-9),
      );
    }
  });

  test("residuals vanish for whatever data when the rank is the dimension, and that is said", () => {
    const noise = random(4, 30, 9);
    const spectrum = dmd(noise);
    expect(worst(spectrum.residuals)).toBeLessThan(1e-13);
    expect(spectrum.warnings[0]).toContain("residuals vanish");
    const truncated = dmd(noise, { truncation: rank(3) });
    expect(worst(truncated.residuals)).toBeGreaterThan(0.1);
    expect(truncated.warnings).toEqual([]);
  });

  test("one diagonal on X and Y changes nothing of the scaled variant", () => {
    const F = logisticTraining(15, 30, 5);
    const [X, Y] = [columns(F, 0, 29), columns(F, 1, 30)];
    const d = Float64Array.from({ length: 29 }, (_, i) => 10 ** ((i % 7) - 3));
    const options = { truncation: rank(5) };
    const plain = dmdOfPairs(X, Y, options);
    const scaled = dmdOfPairs(scaleColumns(X, d), scaleColumns(Y, d), options);
    expect(scaled.values.re).toBeAllClose(plain.values.re, { atol: 1e-9 });
    expect(scaled.residuals).toBeAllClose(plain.residuals, { atol: 1e-9 });
    // Without scaling the weights of the snapshots change, and with them the answer.
    const free = { ...options, scaling: "none" } as const;
    const [a, b] = [
      dmdOfPairs(X, Y, free),
      dmdOfPairs(scaleColumns(X, d), scaleColumns(Y, d), free),
    ];
    expect(Math.abs(a.values.re[4] - b.values.re[4])).toBeGreaterThan(1e-4);
  });

  test("compression changes nothing, for a trajectory and for pairs", () => {
    const F = logisticTraining(80, 20, 6);
    const options = { truncation: rank(6) };
    const [a, b] = (["qr", "none"] as const).map((compression) =>
      dmd(F, { ...options, compression }),
    );
    expect(a.eigenvalues.re).toBeAllClose(b.eigenvalues.re, { atol: 1e-10 });
    expect(a.residuals).toBeAllClose(b.residuals, { atol: 1e-10 });
    expect(a.refined.residuals).toBeAllClose(b.refined.residuals, { atol: 1e-10 });
    expect(moduli(a.amplitudes)).toBeAllClose(moduli(b.amplitudes), { rtol: 1e-8 });
    expect(a.modes.re.data).toBeAllClose(b.modes.re.data, { atol: 1e-8 });
    const [X, Y] = [columns(F, 0, 19), columns(F, 1, 20)];
    const [c, d] = (["qr", "none"] as const).map((compression) =>
      dmdOfPairs(X, Y, { ...options, compression }),
    );
    expect(c.values.re).toBeAllClose(d.values.re, { atol: 1e-10 });
    expect(c.residuals).toBeAllClose(d.residuals, { atol: 1e-10 });
  });

  test("a snapshot of zeros that does not stay zero is dropped, and that is said", () => {
    const A = blockDiagonal(0.9, [0.8, 0.5]);
    const F = orbit(A, [1, 2, 3], 12);
    const X = matrix(3, 12, (i, j) => (j < 11 ? F.data[i * 12 + j] : 0));
    const Y = matrix(3, 12, (i, j) => (j < 11 ? F.data[i * 12 + j + 1] : 1));
    const { values, warnings } = dmdOfPairs(X, Y);
    expect(values.re).toBeAllClose(eigen(A).values.re);
    expect(warnings[0]).toContain("1 of 12 pairs dropped");
    // Zeros that stay zero contradict nothing.
    const still = matrix(3, 12, (i, j) => (j < 11 ? Y.data[i * 12 + j] : 0));
    expect(dmdOfPairs(X, still).warnings[0]).not.toContain("dropped");
  });

  test("a defective map: reconstruction and forecast through powers of the operator", () => {
    const jordan = fromRows([
      [0.9, 1, 0, 0],
      [0, 0.9, 1, 0],
      [0, 0, 0.9, 0],
      [0, 0, 0, 0.5],
    ]);
    const states = multiply(random(12, 4, 1), orbit(jordan, ones(4), 40));
    const spectrum = dmd(columns(states, 0, 30), { truncation: rank(4) });
    expect(spectrum.condition).toBeGreaterThan(1e8);
    expect(spectrum.warnings[0]).toContain("ill-conditioned");
    expect(spectrum.reconstructionError).toBeLessThan(1e-9);
    const peak = worst(states.data.map(Math.abs));
    expect(reconstruct(spectrum).data).toBeAllClose(columns(states, 0, 30).data, {
      atol: 1e-9 * peak,
    });
    expect(forecast(spectrum, 10).data).toBeAllClose(columns(states, 30, 40).data, {
      atol: 1e-7 * peak,
    });
  });

  test("importance: a mode that dies in two steps is large at first and nothing now", () => {
    const F = orbit(blockDiagonal(0.99, 0.1), [1, 20], 30);
    const lifted = multiply(random(6, 2, 3), F);
    const { importance, eigenvalues } = dmd(lifted, { truncation: rank(2) });
    expect(eigenvalues.re).toBeAllClose([0.99, 0.1]);
    expect(importance.amplitude[1]).toBeGreaterThan(importance.amplitude[0]);
    expect(importance.now[0]).toBeGreaterThan(1e6 * importance.now[1]);
    const series = (x: number) => (1 - x ** 60) / (1 - x ** 2);
    expect(importance.window[0]).toBeCloseTo(importance.amplitude[0] ** 2 * series(0.99), 8);
  });

  test("the scale of the data does not matter, not even far from 1", () => {
    const F = logisticTraining(10, 20, 2);
    for (const unit of [2 ** 500, 2 ** -500]) {
      const [a, b] = [F, scale(F, unit)].map((data) => dmd(data, { truncation: rank(4) }));
      expect(b.eigenvalues).toEqual(a.eigenvalues);
      expect(b.residuals).toEqual(a.residuals);
    }
  });
});

describe("refusals", () => {
  const good = random(3, 6, 1);
  test.each([
    ["one snapshot", () => dmd(random(3, 1, 1)), DataError, "at least 2 snapshots"],
    [
      "a NaN",
      () => dmd({ rows: 1, cols: 3, data: Float64Array.of(1, NaN, 2) }),
      DataError,
      "state 0 of snapshot 1 is NaN",
    ],
    ...[NaN, -Infinity].map((odd): [string, () => unknown, typeof DataError, string] => {
      const { data, ...shape } = random(40, 12, 1);
      data[5 * 12 + 7] = odd;
      return [
        `${odd} in a tall state`,
        () => dmd({ ...shape, data }, { truncation: rank(2) }),
        DataError,
        `state 5 of snapshot 7 is ${odd}`,
      ];
    }),
    ["zeros", () => dmd(scale(good, 0)), DataError, "all zero"],
    [
      "a rule that keeps nothing",
      () => dmd(good, { truncation: () => 0 }),
      DataError,
      "keeps none",
    ],
    ["pairs of two shapes", () => dmdOfPairs(good, random(3, 5, 1)), ShapeError, "3 × 5"],
    [
      "an unknown option",
      () => dmd(good, { svd_rank: 3 } as Partial<DmdOptions>),
      UsageError,
      'option of dmd "svd_rank"',
    ],
    [
      "an unknown scaling",
      () => dmd(good, { scaling: "rows" as "unit" }),
      UsageError,
      'scaling: "rows"',
    ],
    ["a time step of 0", () => dmd(good, { dt: 0 }), UsageError, "dt 0"],
    ["no steps", () => forecast(dmd(good), 0), UsageError, "forecast of 0 steps"],
  ])("%s", (_, run, kind, message) => {
    expect(run).toThrow(kind);
    expect(run).toThrow(message);
  });
});

function inverseOf(T: Matrix): Matrix {
  const n = T.rows;
  const A = Array.from({ length: n }, (_, i) => [
    ...T.data.slice(i * n, (i + 1) * n),
    ...Array.from({ length: n }, (_, j) => +(i === j)),
  ]);
  for (let k = 0; k < n; k++) {
    const pivot = A.slice(k).reduce(
      (best, row, i) => (Math.abs(row[k]) > Math.abs(A[k + best][k]) ? i : best),
      0,
    );
    [A[k], A[k + pivot]] = [A[k + pivot], A[k]];
    A[k] = A[k].map((x) => x / A[k][k]);
    for (let i = 0; i < n; i++) if (i !== k) A[i] = A[i].map((x, j) => x - A[i][k] * A[k][j]);
  }
  return fromRows(A.map((row) => row.slice(n)));
}
