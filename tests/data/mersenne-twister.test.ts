import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mersenneTwister } from "../../src/data/mersenne-twister.ts";
import { UsageError } from "../../src/errors.ts";

// Reference values by NumPy 2.4.6, numpy.random.RandomState(seed).
describe("mersenneTwister", () => {
  test("random_sample of NumPy, bit for bit", () => {
    const { uniform } = mersenneTwister(42);
    expect([uniform(), uniform(), uniform()]).toEqual([
      0.3745401188473625, 0.9507143064099162, 0.7319939418114051,
    ]);
  });

  test("still so after the state has been renewed several times", () => {
    const { uniform } = mersenneTwister(5489);
    for (let i = 0; i < 1000; i++) uniform();
    expect(uniform()).toBe(0.6311887342690112);
  });

  test.each([
    [0, 2357136044],
    [1, 1791095845],
    [42, 1608637542],
    [2 ** 32 - 1, 419326371],
  ])("first word of seed %d", (seed, word) => {
    expect(mersenneTwister(seed).word()).toBe(word);
  });

  test("randint(3) of NumPy", () => {
    const { word, below } = mersenneTwister(5489);
    expect([word(), word()]).toEqual([3499211612, 581869302]);
    expect(Array.from({ length: 12 }, () => below(3))).toEqual([
      2, 1, 0, 1, 1, 2, 1, 0, 2, 0, 0, 1,
    ]);
  });

  test("below(n) stays below n", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.integer({ min: 2, max: 2 ** 32 }),
        (seed, n) => {
          const { below } = mersenneTwister(seed);
          for (let i = 0; i < 5; i++) {
            const draw = below(n);
            expect(draw >= 0 && draw < n && Number.isInteger(draw)).toBe(true);
          }
        },
      ),
    );
  });

  test.each([-1, 2 ** 32, 0.5, NaN])("refuses seed %d", (seed) => {
    expect(() => mersenneTwister(seed)).toThrow(UsageError);
  });
});
