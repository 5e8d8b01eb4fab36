import { expect, test } from "vitest";
import { randomStream } from "../../src/data/random.ts";
import { forecastMargin } from "../../src/koopman/verdict/forecast-margin.ts";
import { verdict } from "../../src/koopman/verdict/verdict.ts";

const level = (re: number) => [{ re, im: 0, contribution: 1, contributionIm: 0, residual: 0 }];

test("for each distance the largest relative error of four forecasts", () => {
  // f(n) = 1 for λ = 1: errors are the distances from 1.
  const past = [
    [1.1, 1],
    [1, 1.3],
    [0.8, 1],
    [1, 1],
    [9, 9],
  ].map((after) => ({ modes: level(1), after }));
  const found = forecastMargin(past, 2)!;
  expect(found.level).toBe(0.8);
  expect(found.shares[0]).toBeCloseTo(0.2, 12);
  expect(found.shares[1]).toBeCloseTo(0.3, 12);
  expect(forecastMargin(past.slice(0, 3), 2)).toBeNull();
  expect(forecastMargin([{ modes: level(1), after: [NaN, 1] }, ...past], 2)).toBeNull();
});

test("errors in any order: four of five of the next lie inside", () => {
  const random = randomStream(7, "margin");
  const normal = () => random.normal();
  let inside = 0;
  const trials = 4000;
  for (let k = 0; k < trials; k++) {
    const past = Array.from({ length: 4 }, () => ({
      modes: level(1),
      after: [1 + 0.1 * normal()],
    }));
    inside += Number(Math.abs(0.1 * normal()) <= forecastMargin(past, 1)!.shares[0]);
  }
  // Binomial: a deviation is 0.0063.
  expect(inside / trials).toBeGreaterThan(0.78);
  expect(inside / trials).toBeLessThan(0.82);
});

test("a verdict has one once four forecasts of a window have come to an end", () => {
  const clean = Array.from({ length: 120 }, (_, t) => 0.3 + Math.exp(-t / 30));
  expect(verdict(clean.slice(0, 114)).margin).toBeNull();
  const found = verdict(clean);
  expect(found.margin!.shares).toHaveLength(found.forecast.length);
  expect(Math.max(...found.margin!.shares)).toBeLessThan(1e-6);
});
