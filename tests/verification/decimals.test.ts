import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { roundDown, roundUp, roundUpBelowOne } from "../../src/verification/decimals.ts";

describe("decimals", () => {
  test.each([
    [0.123456789, 0.123456, 0.123457],
    [1.9999999, 1.99999, 2],
    [1e-7, 1e-7, 1e-7],
    [123456789, 123456000, 123457000],
    [1, 1, 1],
    [0, 0, 0],
    [0.99999999999, 0.999999, 1],
    [1.00000001, 1, 1.00001],
  ])("%d lies between %d and %d", (x, below, above) => {
    expect(roundDown(x)).toBe(below);
    expect(roundUp(x)).toBe(above);
  });

  test("on the safe side, within one of the sixth digit, at most six digits, and settled", () => {
    const positive = fc.double({ min: 1e-300, max: 1e300, noNaN: true });
    fc.assert(
      fc.property(positive, (x) => {
        const [below, above] = [roundDown(x), roundUp(x)];
        expect(below).toBeLessThanOrEqual(x);
        expect(above).toBeGreaterThanOrEqual(x);
        expect(above - below).toBeLessThanOrEqual(1.1e-5 * x);
        for (const short of [below, above]) {
          expect(Number(short.toPrecision(6))).toBe(short);
          expect(roundDown(short)).toBe(short);
          expect(roundUp(short)).toBe(short);
        }
      }),
      { seed: 11, numRuns: 500 },
    );
  });

  test.each([
    [0.5, 0.5],
    [0.1234567, 0.123457],
    [0.99995432123456, 0.9999543213],
    [1e-9, 0.000001],
    [0, 0],
    [1, 1],
  ])("a rate of %d is at most %d", (x, above) => {
    expect(roundUpBelowOne(x)).toBe(above);
  });

  test("a rate below 1 stays below 1, at or above itself but for one rounding", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1 - 1e-12, noNaN: true }), (x) => {
        expect(roundUpBelowOne(x)).toBeLessThan(1);
        expect(roundUpBelowOne(x)).toBeGreaterThanOrEqual(x - 2 ** -52);
        expect(roundUpBelowOne(x) - x).toBeLessThanOrEqual(1.1e-5 * (1 - x));
      }),
      { seed: 12, numRuns: 500 },
    );
  });
});
