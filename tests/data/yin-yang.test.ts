import { describe, expect, test } from "vitest";
import type { Dataset } from "../../src/data/dataset.ts";
import { yinYang, yinYangBinary } from "../../src/data/yin-yang.ts";
import { UsageError } from "../../src/errors.ts";
import { rowsOf } from "./problems.ts";

const labelsOf = ({ targets }: Dataset) =>
  targets.kind === "classes" ? Array.from(targets.labels, Number) : [];

/** (x, y, class) of the first points, one after another. */
const start = (dataset: Dataset, n: number) =>
  rowsOf(dataset)
    .slice(0, n)
    .flatMap(([x, y], i) => [x, y, labelsOf(dataset)[i]]);

describe("yinYangBinary", () => {
  // From the authors' code; to the six digits given.
  test.each([
    [42, [0.796543, 0.183435, 0, 0.183405, 0.304242, 1, 0.449754, 0.39515, 1, 0.5979, 0.921874, 1]],
    [
      123,
      [0.690885, 0.71915, 0, 0.737995, 0.182492, 0, 0.427863, 0.29778, 0, 0.293714, 0.630976, 1],
    ],
  ])("begins as the published set with seed %d", (seed, expected) => {
    expect(start(yinYangBinary(4, seed), 4)).toBeAllClose(expected, { atol: 6e-7 });
  });

  test("2,000 points of seed 42 are 999 yang and 1,001 yin", () => {
    const yin = labelsOf(yinYangBinary(2000, 42)).filter((label) => label === 1);
    expect(yin).toHaveLength(1001);
  });

  test("a smaller set is the beginning of a larger one", () => {
    const [small, large] = [yinYangBinary(50, 7), yinYangBinary(80, 7)];
    expect(rowsOf(large).slice(0, 50)).toEqual(rowsOf(small));
  });
});

describe("yinYang", () => {
  test("begins as the canonical training set", () => {
    const expected = [0.680308, 0.450499, 2, 0.097672, 0.684233, 1, 0.755361, 0.425156, 2];
    expect(start(yinYang(3, 42), 3)).toBeAllClose(expected, { atol: 6e-7 });
  });

  test("lies in the disc, mirrors its coordinates, and has its classes where they belong", () => {
    const dataset = yinYang(3000, 40);
    const labels = labelsOf(dataset);
    expect(dataset.width).toBe(4);
    rowsOf(dataset).forEach(([x, y, mx, my], i) => {
      expect(Math.hypot(x - 0.5, y - 0.5)).toBeLessThanOrEqual(0.5 + 1e-7);
      expect([mx, my]).toBeAllClose([1 - x, 1 - y], { atol: 1e-7 });
      const toDots = Math.min(Math.hypot(x - 0.25, y - 0.5), Math.hypot(x - 0.75, y - 0.5));
      // Points closer to a border than float32 tells apart are left out.
      if ([0.1, 0.25].some((radius) => Math.abs(toDots - radius) < 1e-6)) return;
      expect(labels[i] === 2).toBe(toDots < 0.1);
      // Outside the two half discs the upper half is yin and the lower yang.
      if (toDots > 0.25) expect(labels[i]).toBe(y > 0.5 ? 1 : 0);
    });
    for (const c of [0, 1, 2]) {
      // A third each, within five standard deviations √(3000 · ⅓ · ⅔) = 26.
      expect(Math.abs(labels.filter((l) => l === c).length - 1000)).toBeLessThan(130);
    }
  });

  test.each([0, -1, 2.5, NaN])("refuses %d points", (count) => {
    expect(() => yinYang(count, 42)).toThrow(UsageError);
    expect(() => yinYang(count, 42)).toThrow(`positive integer, got ${count}`);
  });

  test("refuses a seed that NumPy would refuse", () => {
    expect(() => yinYang(10, -1)).toThrow(UsageError);
  });
});
