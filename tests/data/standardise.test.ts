import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyStandardisation, fitStandardisation } from "../../src/data/standardise.ts";
import { DataError, ShapeError } from "../../src/errors.ts";
import { datasetOf } from "./problems.ts";

const hand = datasetOf([
  [1, 10],
  [3, 10],
  [5, 10],
  [7, 10],
]);

describe("fitStandardisation", () => {
  test("of four rows by hand; a constant feature keeps its scale", () => {
    const { mean, scale } = fitStandardisation(hand);
    expect([...mean]).toEqual([4, 10]);
    expect(scale).toBeAllClose([Math.sqrt(5), 1], { rtol: 1e-7 });
  });

  test("over all entries it is one mean and one scale", () => {
    const { mean, scale } = fitStandardisation(hand, { per: "all" });
    expect([...mean]).toEqual([7, 7]);
    expect(scale).toBeAllClose([Math.sqrt(11.5), Math.sqrt(11.5)], { rtol: 1e-7 }); // 5/2 + 9
  });

  test("leaves mean 0 and deviation 1, whatever the feature's offset and size", () => {
    const entry = fc.integer({ min: -1000, max: 1000 });
    const spread = fc
      .array(entry, { minLength: 2, maxLength: 40 })
      .filter((x) => new Set(x).size > 1);
    fc.assert(
      fc.property(spread, fc.integer({ min: -20, max: 20 }), (column, power) => {
        const dataset = datasetOf(column.map((x) => [x * 2 ** power]));
        const { features } = applyStandardisation(dataset, fitStandardisation(dataset));
        const n = features.length;
        const mean = features.reduce((sum, x) => sum + x, 0) / n;
        const deviation = Math.sqrt(features.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n);
        // The stored mean is float32: wrong by up to 2⁻²⁴ of itself, which is up to n deviations.
        expect([mean, deviation - 1]).toBeAllClose([0, 0], { atol: 1e-3 });
      }),
    );
  });

  test("does not cancel where a feature is large against its spread", () => {
    // One-pass Σx² − (Σx)²/n in float32 gives 0 or a negative variance here.
    const { scale } = fitStandardisation(datasetOf([[2 ** 24 - 2], [2 ** 24 - 4], [2 ** 24 - 6]]));
    expect(scale).toBeAllClose([Math.sqrt(8 / 3)], { rtol: 1e-7 });
  });

  test("is never zero or infinite, even for a constant without exact mean or a subnormal", () => {
    const dataset = datasetOf([
      [0.1, 0, 3e38],
      [0.1, 2 ** -149, -3e38],
      [0.1, 0, 3e38],
    ]);
    const standardisation = fitStandardisation(dataset);
    expect(standardisation.scale[0]).toBe(1);
    expect(standardisation.scale.every((s) => s > 0 && Number.isFinite(s))).toBe(true);
    expect(applyStandardisation(dataset, standardisation).features.every(Number.isFinite)).toBe(
      true,
    );
  });

  test("refuses a NaN and a set without rows", () => {
    expect(() => fitStandardisation(datasetOf([[1], [NaN]]))).toThrow(DataError);
    expect(() => fitStandardisation(datasetOf([[1], [NaN]]))).toThrow("rows: row 1 has NaN");
    expect(() => fitStandardisation(datasetOf([]))).toThrow("no rows to standardise by");
  });
});

test("applyStandardisation refuses another number of features", () => {
  const standardisation = fitStandardisation(datasetOf([[1, 2, 3]]));
  expect(() => applyStandardisation(hand, standardisation)).toThrow(ShapeError);
  expect(() => applyStandardisation(hand, standardisation)).toThrow("has 2 features");
});
