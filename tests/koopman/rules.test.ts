import { expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { dmd } from "../../src/koopman/dmd/dmd.ts";
import { reconstruct } from "../../src/koopman/dmd/expand.ts";
import {
  best,
  bestShare,
  both,
  important,
  ranked,
  residualBelow,
  select,
} from "../../src/koopman/dmd/select.ts";
import {
  capped,
  energy,
  hardThreshold,
  noiseFloor,
  numericalRank,
  rank,
  relativeGap,
} from "../../src/koopman/dmd/truncation.ts";
import { equal, forgetting, relative } from "../../src/koopman/dmd/weighting.ts";
import { add, multiply, scale, subtract } from "../../src/linalg/matrix.ts";
import { singularValues } from "../../src/linalg/svd.ts";
import { random } from "../linalg/matrices.ts";
import { blockDiagonal, logisticTraining, orbit } from "./systems.ts";

const s = Float64Array.of(10, 5, 1, 1e-3, 1e-14, 0);

test.each([
  ["rank(2)", rank(2), 2],
  ["rank(9) keeps no zeros", rank(9), 4],
  ["energy of squares", energy(0.99), 2],
  ["energy 1 keeps what is not rounding", energy(1), 4],
  ["numericalRank()", numericalRank(), 4],
  ["numericalRank(0)", numericalRank(0), 5],
  ["numericalRank(0.2)", numericalRank(0.2), 2],
  ["relativeGap(0.01)", relativeGap(0.01), 3],
  ["noiseFloor: its edge is 0.1 (√50 + √6) = 0.95", noiseFloor(0.1), 3],
  ["noiseFloor(0) stops at 1e-7", noiseFloor(0), 4],
  ["noiseFloor keeps one", noiseFloor(100), 1],
  ["capped", capped(numericalRank(), 3), 3],
])("%s", (_, rule, wanted) => {
  expect(rule(s, 50, 6)).toBe(wanted);
});

test("nothing is kept of zeros", () => {
  for (const rule of [rank(2), energy(0.9), numericalRank(), relativeGap(0.1), noiseFloor(1)])
    expect(rule(new Float64Array(3), 3, 3)).toBe(0);
});

test("the hard threshold finds the rank under white noise", () => {
  const signal = scale(multiply(random(120, 4, 1), random(4, 60, 2)), 3);
  for (const size of [0.05, 0.3]) {
    const noisy = add(signal, scale(random(120, 60, 3), size));
    expect(hardThreshold()(singularValues(noisy), 120, 60)).toBe(4);
  }
  // White noise itself lies below its own edge: one is kept since something must be.
  const noise = random(400, 100, 5);
  const sigma = 1 / Math.sqrt(3);
  expect(noiseFloor(1.02 * sigma)(singularValues(noise), 400, 100)).toBe(1);
});

test("rules refuse what they cannot mean", () => {
  for (const make of [
    () => rank(0),
    () => rank(1.5),
    () => energy(0),
    () => energy(2),
    () => numericalRank(1),
    () => relativeGap(-1),
    () => noiseFloor(-1),
    () => residualBelow(0),
    () => bestShare(0),
    () => best(0),
    () => important(2),
    () => forgetting(0),
  ])
    expect(make).toThrow(UsageError);
});

test("weights by their formulas", () => {
  const norms = Float64Array.of(4, 2, 0);
  expect([...equal(norms)]).toEqual([1, 1, 1]);
  expect([...relative(norms)]).toEqual([0.25, 0.5, 0.5]);
  expect([...forgetting(0.5)(norms)]).toEqual([0.25, 0.5, 1]);
});

test("weights decide what a fit is good at", () => {
  // Not exactly linear, decaying: relative weights fit the small end better.
  const F = logisticTraining(10, 40, 4);
  const end = (weighting: typeof equal) => {
    const fit = reconstruct(dmd(F, { weighting, truncation: rank(2), scaling: "none" }));
    const gap = subtract(fit, F);
    return Math.hypot(...gap.data.filter((_, k) => k % 40 === 39));
  };
  expect(end(forgetting(0.5))).toBeLessThan(end(equal));
});

test("a selection keeps pairs together, sorts by residual, and fits anew", () => {
  const F = logisticTraining(20, 40, 1);
  const spectrum = dmd(F, { truncation: rank(7) });
  const few = select(spectrum, best(3));
  expect([3, 4]).toContain(few.residuals.length);
  expect(few.refined.residuals).toEqual(few.refined.residuals.toSorted());
  few.eigenvalues.im.forEach((y, j) => {
    if (y > 0) expect(few.eigenvalues.im[j + 1]).toBe(-y);
  });
  // Fitting anew is the best that those modes can do: worse than all, better than mere omission.
  expect(few.reconstructionError).toBeGreaterThanOrEqual(spectrum.reconstructionError);
  const all = select(spectrum, bestShare(1));
  expect(all.reconstructionError).toBeCloseTo(spectrum.reconstructionError, 10);
  const gap = subtract(reconstruct(few), F);
  expect(few.reconstructionError).toBeCloseTo(Math.hypot(...gap.data) / Math.hypot(...F.data), 8);
});

test("rules combine; a rule that keeps nothing says what there is", () => {
  const A = blockDiagonal(0.99, 0.5, [0.9, 0.5]);
  const spectrum = dmd(multiply(random(8, 4, 1), orbit(A, [10, 1, 1, 0], 20)), {
    truncation: rank(4),
  });
  expect(select(spectrum, both(residualBelow(1e-8), important(0.5))).eigenvalues.re).toBeAllClose([
    0.99,
  ]);
  expect(ranked(spectrum)[0]).toBe(0);
  expect(ranked(spectrum)).toHaveLength(3);
  expect(() => select(spectrum, residualBelow(1e-300))).toThrow("keeps none of 4 modes");
});
