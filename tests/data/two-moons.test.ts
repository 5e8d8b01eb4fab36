import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { twoMoons } from "../../src/data/two-moons.ts";
import { UsageError } from "../../src/errors.ts";
import { rowsOf } from "./problems.ts";

const labelled = (count: number, seed: number, noise?: number) => {
  const dataset = twoMoons(count, seed, noise);
  const labels = dataset.targets.kind === "classes" ? Array.from(dataset.targets.labels) : [];
  return rowsOf(dataset).map(([x, y], i) => ({ x, y, label: Number(labels[i]) }));
};

describe("twoMoons", () => {
  test("without noise every point is on its half circle", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), fc.integer(), (count, seed) => {
        const points = labelled(count, seed, 0);
        for (const { x, y, label } of points) {
          const [u, v] = label === 0 ? [x, y] : [1 - x, 0.5 - y];
          expect([Math.hypot(u, v)]).toBeAllClose([1], { atol: 1e-6 });
          expect(v).toBeGreaterThan(-1e-6);
        }
        expect(points.filter((p) => p.label === 0)).toHaveLength(Math.floor(count / 2));
      }),
    );
  });

  test("four points without noise are the ends of the moons", () => {
    const ends = labelled(4, 1, 0).sort((a, b) => a.x - b.x || a.label - b.label);
    expect(ends.flatMap(({ x, y, label }) => [x, y, label])).toBeAllClose(
      [-1, 0, 0, 0, 0.5, 1, 1, 0, 0, 2, 0.5, 1],
      { atol: 1e-6 },
    );
  });

  test("the same seed gives the same points, another seed others", () => {
    expect(twoMoons(20, 3)).toEqual(twoMoons(20, 3));
    expect(twoMoons(20, 3).features).not.toEqual(twoMoons(20, 4).features);
  });

  test("noise has the deviation asked for, on both coordinates", () => {
    const n = 20_000;
    const [clean, noisy] = [twoMoons(n, 5, 0).features, twoMoons(n, 5, 0.2).features];
    const mean = noisy.reduce((sum, x, i) => sum + (x - clean[i]) ** 2, 0) / (2 * n);
    expect(Math.abs(mean / 0.04 - 1)).toBeLessThan(5 / Math.sqrt(n)); // √(2/(2n)) is one deviation
  });

  test.each([
    ["one point", 1, 0.1, "at least 2, got 1"],
    ["negative noise", 10, -1, "noise must be finite and at least 0, got -1"],
    ["NaN noise", 10, NaN, "got NaN"],
  ])("refuses %s", (_, count, noise, message) => {
    expect(() => twoMoons(count, 0, noise)).toThrow(UsageError);
    expect(() => twoMoons(count, 0, noise)).toThrow(message);
  });
});
