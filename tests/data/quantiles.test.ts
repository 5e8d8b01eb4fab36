import { expect, test } from "vitest";
import { median, quantile, spread } from "../../src/data/quantiles.ts";
import { apart } from "../../src/report/labels.ts";

test("quantiles are NumPy's", () => {
  // numpy.quantile([3, 1, 4, 1, 5], [0.05, 0.5, 0.9])
  expect([0.05, 0.5, 0.9].map((p) => quantile([3, 1, 4, 1, 5], p))).toBeAllClose([1, 3, 4.6]);
  expect(spread([7])).toEqual({ low: 7, middle: 7, high: 7 });
});

test("NaN counts as infinite, and infinities do not make NaN", () => {
  expect(median([1, Number.NaN, 2])).toBe(2);
  expect(median([1, Number.NaN, Number.NaN])).toBe(Infinity);
  expect(quantile([Infinity, Infinity, 0], 0.9)).toBe(Infinity);
});

test("no numbers, or no probability", () => {
  expect(() => median([])).toThrow("no numbers");
  expect(() => quantile([1], 1.5)).toThrow("not in [0, 1]");
});

test("labels are moved apart within their bounds", () => {
  const places = apart([100, 99, 101, 10], 10, [0, 105]);
  const sorted = places.toSorted((a, b) => a - b);
  for (let i = 1; i < 4; i++) expect(sorted[i] - sorted[i - 1]).toBeGreaterThanOrEqual(10);
  expect(sorted[3]).toBeLessThanOrEqual(105);
  expect(places[3]).toBe(10);
  expect(places[1]).toBeLessThan(places[0]);
});
