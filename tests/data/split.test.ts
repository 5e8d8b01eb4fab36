import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Dataset } from "../../src/data/dataset.ts";
import { splitByHash, splitBySeed } from "../../src/data/split.ts";
import { DataError, UsageError } from "../../src/errors.ts";
import { datasetOf, rowsOf } from "./problems.ts";

const numbered = (n: number, from = 0): Dataset =>
  datasetOf(Array.from({ length: n }, (_, i) => [from + i, -i]));
const firsts = (dataset: Dataset) => rowsOf(dataset).map(([x]) => x);
const sorted = (xs: number[]) => [...xs].sort((a, b) => a - b);

describe.each([
  ["splitBySeed", (d: Dataset, fraction: number) => splitBySeed(d, fraction, 1)],
  ["splitByHash", splitByHash],
])("%s", (_, split) => {
  test("puts every row in one part, with its label, the same way each time", () => {
    const [n, fraction] = [1000, 0.7];
    const { train, test: held } = split(numbered(n), fraction);
    expect(sorted([...firsts(train), ...firsts(held)])).toEqual([...Array(n).keys()]);
    for (const part of [train, held]) {
      const labels = part.targets.kind === "classes" ? Array.from(part.targets.labels, Number) : [];
      expect(firsts(part).map((x) => x % 2)).toEqual(labels);
    }
    // Binomial for the hash: within five standard deviations of the fraction.
    const deviation = Math.sqrt(n * fraction * (1 - fraction));
    expect(Math.abs(train.count - fraction * n)).toBeLessThan(5 * deviation);
    expect(split(numbered(n), fraction)).toEqual({ train, test: held });
  });

  test.each([0, 1, -0.1, 1.5, NaN])("refuses the fraction %d", (fraction) => {
    expect(() => split(numbered(10), fraction)).toThrow(UsageError);
    expect(() => split(numbered(10), fraction)).toThrow(`between 0 and 1, got ${fraction}`);
  });

  test("refuses to leave a part empty", () => {
    expect(() => split(numbered(1), 0.5)).toThrow(DataError);
    expect(() => split(numbered(1), 0.5)).toThrow("neither part may be empty");
  });
});

describe("splitBySeed", () => {
  test("gives training the nearest number of rows, and each seed its own", () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 60 }), fc.integer(), (n, seed) => {
        expect(splitBySeed(numbered(n), 0.75, seed).train.count).toBe(Math.round(0.75 * n));
      }),
    );
    const parts = [1, 2].map((seed) => firsts(splitBySeed(numbered(100), 0.5, seed).train));
    expect(sorted(parts[0])).not.toEqual(sorted(parts[1]));
  });
});

describe("splitByHash", () => {
  test("a row stays on its side when rows are added, removed and reordered", () => {
    const side = (d: Dataset) => new Set(rowsOf(splitByHash(d, 0.5).train).map(String));
    const few = numbered(200);
    const many = datasetOf([...rowsOf(few), ...rowsOf(numbered(300, 5000))].reverse());
    const [small, large] = [side(few), side(many)];
    for (const row of rowsOf(few).map(String)) expect(large.has(row)).toBe(small.has(row));
  });

  test("a larger fraction keeps all that a smaller one trained on", () => {
    const [half, most] = [0.5, 0.9].map((f) => firsts(splitByHash(numbered(300), f).train));
    for (const row of half) expect(most).toContain(row);
  });

  test("equal rows are on one side, whatever their labels and the sign of 0", () => {
    for (let x = 0; x < 50; x++) {
      const rows = [[x, 0], [x, -0], [x, 0], ...rowsOf(numbered(40, 100))];
      const { train } = splitByHash(datasetOf(rows), 0.5);
      expect([0, 3]).toContain(firsts(train).filter((first) => first === x).length);
    }
  });
});
