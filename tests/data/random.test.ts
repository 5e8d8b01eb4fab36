import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hash128 } from "../../src/data/hash.ts";
import { mulberry32, mulberryMatrix, randomStream } from "../../src/data/random.ts";
import { UsageError } from "../../src/errors.ts";

const draws = (n: number, draw: () => number) => Array.from({ length: n }, draw);
const mean = (xs: number[]) => xs.reduce((sum, x) => sum + x, 0) / xs.length;
const key = fc.array(fc.oneof(fc.integer(), fc.string()), { maxLength: 4 });

describe("randomStream", () => {
  test("depends on seed and path alone", () => {
    fc.assert(
      fc.property(fc.integer(), key, (seed, path) => {
        randomStream(seed, "other").permutation(7);
        expect(draws(5, randomStream(seed, ...path).uniform)).toEqual(
          draws(5, randomStream(seed, ...path).uniform),
        );
      }),
    );
  });

  test("different paths start different streams", () => {
    const first = (...path: (string | number)[]) => randomStream(1, ...path).uniform();
    const paths = [[], [0], ["0"], ["a"], ["a", 0], ["a0"], ["a", "0"], [0, "a"], [""], ["", ""]];
    expect(new Set(paths.map((path) => first(...path))).size).toBe(paths.length);
    const epochs = draws(10_000, () => 0).map((_, epoch) => first("shuffle", epoch));
    expect(new Set(epochs).size).toBe(10_000);
  });

  test("neighbouring paths are as uncorrelated as draws of one stream", () => {
    const n = 20_000;
    const firsts = draws(n, () => 0).map((_, epoch) => randomStream(3, epoch).uniform() - 0.5);
    // Of standard deviation 1/√(12 n) and 1/(12 √n); five of them are never reached by chance.
    expect(Math.abs(mean(firsts))).toBeLessThan(5 / Math.sqrt(12 * n));
    const lagged = firsts.slice(1).map((x, i) => x * firsts[i]);
    expect(Math.abs(mean(lagged))).toBeLessThan(5 / (12 * Math.sqrt(n)));
  });

  test("uniforms and normals have the moments of their distributions", () => {
    const n = 50_000;
    const { uniform, normal } = randomStream(7, "moments");
    const u = draws(n, uniform);
    expect(u.every((x) => x >= 0 && x < 1)).toBe(true);
    expect(Math.abs(mean(u) - 1 / 2)).toBeLessThan(5 / Math.sqrt(12 * n));
    const z = draws(n, normal);
    expect(Math.abs(mean(z))).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(mean(z.map((x) => x * x)) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(mean(z.map((x) => x ** 4)) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
  });

  test("a permutation holds each number once", () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(200), (seed, n) => {
        const order = randomStream(seed, "shuffle", 0).permutation(n);
        expect([...order].sort((a, b) => a - b)).toEqual([...Array(n).keys()]);
      }),
    );
  });

  test("each of the six orders of three comes about equally often", () => {
    const times = new Map<string, number>();
    for (let epoch = 0; epoch < 6000; epoch++) {
      const order = randomStream(5, "shuffle", epoch).permutation(3).join("");
      times.set(order, (times.get(order) ?? 0) + 1);
    }
    expect(times.size).toBe(6);
    const chi2 = [...times.values()].reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    expect(chi2).toBeLessThan(30); // 5 degrees of freedom: exceeded once in 60,000
  });

  // Not a truth but a promise: a change here changes every seeded run.
  test("draws what it drew when this was written", () => {
    expect([...randomStream(42, "shuffle", 0).permutation(8)]).toEqual([0, 2, 1, 6, 7, 4, 5, 3]);
    expect(randomStream(42).uniform()).toBe(0.7063560589251024);
    expect(randomStream(42).normal()).toBe(0.6646000278175958);
  });

  test.each([NaN, Infinity])("refuses the seed %d", (seed) => {
    expect(() => randomStream(seed)).toThrow(UsageError);
    expect(() => randomStream(0, "epoch", seed)).toThrow(`${seed} cannot be part of a seed`);
  });
});

describe("hash128", () => {
  test("a flipped bit flips about half of each output word", () => {
    const base = [1, 2, 3];
    const flips = [0, 0, 0, 0];
    for (let bit = 0; bit < 96; bit++) {
      const other = base.map((w, i) => (i === bit >> 5 ? w ^ (1 << (bit & 31)) : w));
      const [a, b] = [hash128(base), hash128(other)];
      for (let k = 0; k < 4; k++) {
        for (let d = a[k] ^ b[k]; d !== 0; d &= d - 1) flips[k]++;
      }
    }
    // Binomial with 96 · 32 trials of ½: mean 1536, standard deviation 28.
    for (const count of flips) expect(Math.abs(count - 1536)).toBeLessThan(5 * 28);
  });
});

describe("mulberry32", () => {
  test("agrees with the Python peers: uniform(7, 4)", () => {
    const expected = [-0.97659049, -0.87608348, 0.95381527, 0.39805741];
    expect(mulberryMatrix(7, 4)).toBeAllClose(expected, { atol: 5e-9 });
    expect(draws(4, mulberry32(7)).map((u) => 2 * u - 1)).toBeAllClose(expected, { atol: 5e-9 });
  });

  test("fills a matrix row by row", () => {
    expect(mulberryMatrix(7, 2, 3)).toEqual(mulberryMatrix(7, 6));
  });
});
