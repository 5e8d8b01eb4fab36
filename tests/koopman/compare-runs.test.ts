import { expect, test } from "vitest";
import { DataError, UsageError } from "../../src/errors.ts";
import { compareSeries, compareWeights } from "../../src/koopman/compare/compare-runs.ts";
import { type Matrix, matrix, multiply } from "../../src/linalg/matrix.ts";
import { tallMatrix } from "../../src/linalg/tall-source.ts";
import { random } from "../linalg/matrices.ts";
import { blockDiagonal, orbit } from "./systems.ts";

const series = (f: (t: number) => number, length: number, every = 1) => ({
  name: "loss",
  source: "log.csv",
  steps: Float64Array.from({ length }, (_, i) => i * every),
  values: Float64Array.from({ length }, (_, i) => f(i)),
});
const decay =
  (rate: number, size = 1) =>
  (t: number) =>
    0.5 + size * rate ** t;

test("a run is at distance 0 from itself, and p is 1", () => {
  const a = series(decay(0.95), 100);
  const found = compareSeries(a, a);
  expect(found).toMatchObject({ distance: 0, pValue: 1, hausdorff: 0, different: false });
  expect(found.window).toEqual({ from: 40, to: 99, length: 60 });
  expect(found.delays).toBe(30);
});

test("losses of other size and length with the same rates are at distance 0, nearly", () => {
  const found = compareSeries(series(decay(0.95), 100), series(decay(0.95, 7), 80));
  expect(found.window).toEqual({ from: 20, to: 79, length: 60 });
  expect(found.distance).toBeLessThan(1e-8);
});

test("the distance of two losses is that of their rates", () => {
  const found = compareSeries(series(decay(0.95), 60), series(decay(0.9), 60));
  // 1 goes to 1, and 0.95 to 0.9.
  expect(found.distance).toBeCloseTo(0.025, 6);
});

const trained = (rows: number, seed: number, M: number, blocks: Matrix): Matrix => {
  const moving = multiply(random(rows, blocks.rows, seed), orbit(blocks, [1, 1, 1], M));
  return matrix(rows, M, (i, j) => 3 + moving.data[i * M + j]);
};
const weights = (F: Matrix, every = 1) => ({
  data: tallMatrix(F),
  steps: Array.from({ length: F.cols }, (_, i) => i * every),
});

test("weights in other coordinates, of another number, with the same eigenvalues", async () => {
  const blocks = blockDiagonal(0.95, [0.8, 0.5]);
  const found = await compareWeights(
    weights(trained(90, 1, 40, blocks)),
    weights(trained(200, 2, 50, blocks)),
  );
  expect(found.distance).toBeLessThan(1e-8);
  expect(found.different).toBe(false);
  const other = await compareWeights(
    weights(trained(90, 1, 40, blocks)),
    weights(trained(90, 1, 40, blockDiagonal(0.85, [0.8, 0.5]))),
  );
  expect(other.distance).toBeCloseTo(0.1 / 3, 8);
  const F = weights(trained(90, 1, 40, blocks));
  expect(await compareWeights(F, F)).toMatchObject({ distance: 0, pValue: 1 });
});

test("refusals", async () => {
  const a = series(decay(0.95), 100);
  expect(() => compareSeries(a, series(decay(0.9), 30))).toThrow("30 in common");
  expect(() => compareSeries(a, series(decay(0.9), 100, 10))).toThrow(DataError);
  expect(() =>
    compareSeries(a, { ...a, values: a.values.map((x, i) => (i === 70 ? NaN : x)) }),
  ).toThrow('"loss" of log.csv: value 70 is NaN');
  expect(() => compareSeries(a, a, { window: 10 })).toThrow(UsageError);
  expect(() => compareSeries(a, a, { widow: 10 } as object)).toThrow(UsageError);
  const F = weights(trained(20, 1, 9, blockDiagonal(0.95, [0.8, 0.5])));
  await expect(compareWeights(F, F)).rejects.toThrow("9 in common");
});
