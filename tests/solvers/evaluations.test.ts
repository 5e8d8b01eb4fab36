import { describe, expect, test } from "vitest";
import { anderson } from "../../src/solvers/anderson.ts";
import { broyden, broydenDefaults } from "../../src/solvers/broyden.ts";
import { broydenByHistory } from "../../src/solvers/broyden-history.ts";
import type { Method } from "../../src/solvers/iterate.ts";
import { picard } from "../../src/solvers/picard.ts";
import { evaluations, type ProblemClass } from "./classes.ts";

const draws = 50;
const methods: Readonly<Record<string, Method>> = {
  picard: picard(),
  anderson: anderson(),
  broyden: broyden({ window: 50 }),
};

interface Row extends ProblemClass {
  readonly name: string;
  readonly rtol: number;
  readonly medians: Readonly<Record<string, number>>;
}
const near = { name: "spectral radius 0.94", n: 87, deviation: 0.94 / Math.sqrt(87) };
/** Medians of an independent implementation in numpy, with its own draws. */
const table: readonly Row[] = [
  { name: "PyTorch's", n: 10, rtol: 1e-3, medians: { picard: 8, anderson: 7, broyden: 7 } },
  { name: "PyTorch's", n: 10, rtol: 1e-8, medians: { picard: 20, anderson: 13, broyden: 13 } },
  { name: "PyTorch's", n: 87, rtol: 1e-3, medians: { picard: 9, anderson: 8, broyden: 8 } },
  { name: "PyTorch's", n: 87, rtol: 1e-8, medians: { picard: 20, anderson: 19, broyden: 19 } },
  { ...near, rtol: 1e-3, medians: { picard: 13, anderson: 12, broyden: 12 } },
  { ...near, rtol: 1e-8, medians: { picard: 35, anderson: 30, broyden: 28 } },
  {
    name: "spectral radius 0.93",
    n: 10,
    deviation: 0.285,
    rtol: 1e-8,
    medians: { picard: 32, anderson: 15, broyden: 15 },
  },
];
const past = { n: 87, deviation: 1.57 / Math.sqrt(87) };
const hard = { n: 10, deviation: 1 };

const median = (ascending: readonly number[]) => ascending[Math.floor(ascending.length / 2)];
const solve = (kind: ProblemClass, method: Method, { scale = 1, rtol = 1e-8 } = {}) =>
  evaluations(kind, draws, method, { rtol }, scale);

describe("evaluations of f, 50 draws", () => {
  test.each(table)(
    "initialisation: $name, n = $n, to $rtol: near those published",
    async (kind) => {
      for (const [name, method] of Object.entries(methods)) {
        const counts = await solve(kind, method, { rtol: kind.rtol });
        const published = kind.medians[name];
        if (name !== "picard") expect(counts.length, name).toBe(draws);
        expect(Math.abs(median(counts) - published), name).toBeLessThanOrEqual(
          1 + 0.12 * published,
        );
      }
    },
  );

  test("past a spectral radius of 1: Broyden half of Anderson, both where plain iteration fails", async () => {
    const plain = await solve(past, methods.picard);
    const mixed = await solve(past, methods.anderson);
    const broyden = await solve(past, methods.broyden);
    expect(plain.length).toBeLessThan(0.75 * draws);
    expect(Math.min(mixed.length, broyden.length)).toBeGreaterThanOrEqual(draws - 1);
    expect(median(broyden)).toBeLessThan(55); // 45 published
    expect(median(broyden)).toBeLessThan(0.75 * median(mixed)); // 67 published
  });

  test("standard normal weights: Broyden solves all but one in 50, plain iteration hardly any", async () => {
    expect((await solve(hard, picard())).length).toBeLessThan(draws / 3);
    for (const method of [broyden(), broydenByHistory({ ...broydenDefaults, window: 50 })]) {
      const counts = await solve(hard, method);
      expect(counts.length).toBeGreaterThanOrEqual(draws - 1);
      expect(median(counts)).toBeLessThan(33); // 29 published
    }
    const mixed = await solve(hard, anderson());
    expect(mixed.length).toBeGreaterThan(0.7 * draws); // 42 published
  });

  test("Anderson that mixes every third time needs hardly more", async () => {
    const kind = { n: 87, deviation: 0.94 / Math.sqrt(87) };
    const [each, third] = [
      await solve(kind, anderson()),
      await solve(near, anderson({ period: 3 })),
    ];
    expect(third.length).toBe(draws);
    expect(median(third)).toBeLessThan(1.15 * median(each));
  });

  test.each(["anderson", "broyden"])(
    "%s: they do not depend on the unit of the unknown",
    async (name) => {
      const kind = { n: 10, deviation: 0.285 };
      const counts = await solve(kind, methods[name]);
      for (const scale of [1e-3, 1e3])
        expect(await solve(kind, methods[name], { scale })).toEqual(counts);
    },
  );
});
