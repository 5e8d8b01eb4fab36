import { expect, test } from "vitest";
import { randomStream } from "../../src/data/random.ts";
import { DataError, UsageError } from "../../src/errors.ts";
import { dmd } from "../../src/koopman/dmd/dmd.ts";
import { forecast } from "../../src/koopman/dmd/expand.ts";
import type { Spectrum } from "../../src/koopman/dmd/spectrum.ts";
import { rank } from "../../src/koopman/dmd/truncation.ts";
import { fitExponentials, ratesOf, valuesOf } from "../../src/koopman/variants/exponentials.ts";
import { optimisedDmd } from "../../src/koopman/variants/optimised.ts";
import { totalLeastSquaresDmd } from "../../src/koopman/variants/total-least-squares.ts";
import { columns } from "../../src/linalg/blocks.ts";
import { eigen } from "../../src/linalg/eigenvalues.ts";
import { matrix, multiply } from "../../src/linalg/matrix.ts";
import { random } from "../linalg/matrices.ts";
import { onProviders } from "../linalg/on-providers.ts";
import { blockDiagonal, orbit } from "./systems.ts";

const D = blockDiagonal(0.99, [0.98, 0.4], [0.96, 1.1]);
const truth = eigen(D).values;
const clean = multiply(random(20, 5, 1), orbit(D, [1, 1, 1, 1, 1], 80));

function noisy(size: number, seed: number) {
  const { normal } = randomStream(seed, "noise");
  return matrix(20, 60, (i, j) => clean.data[i * 80 + j] + size * normal());
}

/** The largest distance of a true eigenvalue to the nearest found. */
function error({ eigenvalues: { re, im } }: Pick<Spectrum, "eigenvalues">): number {
  const gaps = Array.from(truth.re, (x, i) =>
    Math.min(...re.map((a, j) => Math.hypot(a - x, im[j] - truth.im[i]))),
  );
  return Math.max(...gaps);
}

onProviders(() => {
  test("data without noise: the exact eigenvalues, and the forecast", () => {
    const past = columns(clean, 0, 60);
    for (const found of [optimisedDmd(past, 5), totalLeastSquaresDmd(past, 5)]) {
      expect(found.eigenvalues.re).toBeAllClose(truth.re, { atol: 1e-10 });
      expect(found.eigenvalues.im).toBeAllClose(truth.im, { atol: 1e-10 });
      expect(Math.max(...found.residuals)).toBeLessThan(1e-10);
      expect(forecast(found, 20).data).toBeAllClose(columns(clean, 60, 80).data, { atol: 1e-8 });
    }
  });

  test("under noise both beat plain DMD, and the optimised one is best", () => {
    const mean = (run: (seed: number) => number) =>
      [1, 2, 3, 4, 5, 6].reduce((sum, seed) => sum + run(seed) / 6, 0);
    const plain = mean((seed) =>
      error(dmd(noisy(0.1, seed), { truncation: rank(5), scaling: "none" })),
    );
    const total = mean((seed) => error(totalLeastSquaresDmd(noisy(0.1, seed), 5)));
    const best = mean((seed) => error(optimisedDmd(noisy(0.1, seed), 5)));
    expect(total).toBeLessThan(plain / 2);
    expect(best).toBeLessThan(total);
  });

  test("the error bars of bagging hold the truth, and repeat with the seed", () => {
    const F = noisy(0.1, 9);
    const run = () => optimisedDmd(F, 5, { bags: 30, seed: 4 });
    const { bagging, eigenvalues } = run();
    expect(run().bagging).toEqual(bagging);
    expect(bagging!.bags).toBeGreaterThan(20);
    eigenvalues.re.forEach((x, j) => {
      const nearest = truth.re.reduce(
        (best, a, i) =>
          Math.hypot(a - x, truth.im[i] - eigenvalues.im[j]) <
          Math.hypot(truth.re[best] - x, truth.im[best] - eigenvalues.im[j])
            ? i
            : best,
        0,
      );
      const growth = Math.log(Math.hypot(x, eigenvalues.im[j]));
      const wanted = Math.log(Math.hypot(truth.re[nearest], truth.im[nearest]));
      expect(Math.abs(growth - wanted)).toBeLessThan(5 * bagging!.growthDeviation[j] + 1e-6);
      expect(bagging!.growthDeviation[j]).toBeGreaterThan(0);
      expect(bagging!.growthDeviation[j]).toBeLessThan(0.02);
    });
  });

  test("an eigenvalue below zero, irregular times, and the bound of stability", () => {
    const rates = ratesOf({ re: Float64Array.of(0.95, -0.8), im: new Float64Array(2) });
    expect(valuesOf(rates).re).toBeAllClose([0.95, -0.8]);
    const times = Float64Array.of(0, 1, 2, 5, 7, 8, 12, 20, 21);
    const H = matrix(9, 1, (i) => 2 * 0.9 ** times[i] + (-0.7) ** times[i]);
    const options = { maxIterations: 60, tolerance: 1e-12, stable: false };
    const { rates: found, misfit, converged } = fitExponentials(H, times, rates, options);
    expect(valuesOf(found).re).toBeAllClose([0.9, -0.7], { atol: 1e-6 });
    expect([converged, misfit < 1e-6]).toEqual([true, true]);

    const growing = matrix(1, 30, (_, t) => 1.02 ** t);
    expect(optimisedDmd(growing, 1).eigenvalues.re).toBeAllClose([1.02]);
    expect(optimisedDmd(growing, 1, { stable: true }).eigenvalues.re[0]).toBeLessThanOrEqual(1);
  });
});

test("misuse is refused", () => {
  expect(() => optimisedDmd(columns(clean, 0, 60), 9)).toThrow(DataError);
  expect(() => optimisedDmd(clean, 3, { bags: -1 })).toThrow(UsageError);
  expect(() => optimisedDmd(clean, 3, { share: 0 })).toThrow(UsageError);
  expect(() => optimisedDmd(clean, 3, { damping: 1 } as object)).toThrow('"damping"');
  expect(() => totalLeastSquaresDmd(clean, 79)).toThrow("79 modes of 79 pairs");
});
