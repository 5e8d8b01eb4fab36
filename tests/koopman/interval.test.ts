import { expect, test } from "vitest";
import { randomStream } from "../../src/data/random.ts";
import { DataError, ShapeError, UsageError } from "../../src/errors.ts";
import { forecastInterval } from "../../src/koopman/forecast/interval.ts";
import { normalQuantile, studentQuantile } from "../../src/koopman/forecast/student.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { onProviders } from "../linalg/on-providers.ts";

const M = 60;
const ahead = 30;
const at = Array.from({ length: ahead }, (_, i) => M + i);

/** Share of the values to come that lie within bounds of 80 % and of 95 %, over seeds. */
function coverage(curve: (t: number) => number, sigma: number, modes: number, seeds: number) {
  const inside = [0, 0];
  for (let seed = 0; seed < seeds; seed++) {
    const { normal } = randomStream(seed, "coverage");
    const L = Float64Array.from({ length: M + ahead }, (_, t) => curve(t) + sigma * normal());
    const F = { rows: 1, cols: M, data: L.slice(0, M) };
    const { lower, upper, value } = forecastInterval(F, modes, { at });
    const [inner, outer] = [0.9, 0.975].map((p) => studentQuantile(p, M - 2 * modes));
    for (let i = 0; i < ahead; i++) {
      const error = L[M + i] - value.data[i];
      const width = error > 0 ? upper.data[i] - value.data[i] : value.data[i] - lower.data[i];
      inside[0] += Number(Math.abs(error) <= (width * inner) / outer);
      inside[1] += Number(Math.abs(error) <= width);
    }
  }
  return inside.map((count) => count / (seeds * ahead));
}

test.each([
  ["two decays to a floor", (t: number) => 0.2 + 0.95 ** t + 0.5 * 0.8 ** t, 0.01, 3],
  ["a decay to a floor", (t: number) => 0.1 + 0.97 ** t, 0.01, 2],
  [
    "an oscillation",
    (t: number) => 0.7 * 0.98 ** t + 0.3 * 0.97 ** t * Math.cos(0.3 * t),
    0.005,
    3,
  ],
] as const)("%s: bounds hold as often as they say", (_, curve, sigma, modes) => {
  const [inner, outer] = coverage(curve, sigma, modes, 30);
  expect(inner).toBeGreaterThan(0.72);
  expect(inner).toBeLessThan(0.9);
  expect(outer).toBeGreaterThan(0.9);
  expect(outer).toBeLessThan(0.99);
});

onProviders(() => {
  test("the deviations of rates are those of many fits", () => {
    const fits = Array.from({ length: 40 }, (_, seed) => {
      const { normal } = randomStream(seed, "rates");
      return forecastInterval(
        matrix(2, M, (i, t) => (i + 1) * 0.97 ** t * Math.cos(0.4 * t + i) + 0.02 * normal()),
        2,
      );
    });
    for (const [of, by] of [
      [(f: (typeof fits)[0]) => f.growth[0], (f: (typeof fits)[0]) => f.growthDeviation[0]],
      [(f: (typeof fits)[0]) => f.turn[0], (f: (typeof fits)[0]) => f.turnDeviation[0]],
    ] as const) {
      const mean = fits.reduce((sum, f) => sum + of(f), 0) / fits.length;
      const seen = Math.sqrt(fits.reduce((sum, f) => sum + (of(f) - mean) ** 2, 0) / fits.length);
      const stated = fits.reduce((sum, f) => sum + by(f), 0) / fits.length;
      expect(seen / stated).toBeGreaterThan(0.75);
      expect(seen / stated).toBeLessThan(1.25);
    }
    const noise = fits.reduce((sum, f) => sum + f.noise, 0) / fits.length;
    expect(noise).toBeCloseTo(0.02, 3);
  });

  test("irregular times: rates per unit of time, and the truth ahead", () => {
    const { uniform } = randomStream(3, "times");
    let t = 10;
    const times = Array.from({ length: 50 }, () => {
      t += 0.05 + 0.1 * uniform();
      return t;
    });
    const f = (i: number, t: number) =>
      (i + 1) * Math.exp(-0.3 * t) + Math.exp(-0.1 * t) * Math.cos(2 * t + i);
    const F = matrix(3, 50, (i, j) => f(i, times[j]));
    const found = forecastInterval(F, 3, { times, at: [t + 1, t + 2] });
    expect(Array.from(found.growth).sort()).toBeAllClose([-0.1, -0.1, -0.3], { rtol: 1e-6 });
    expect(Math.max(...found.turn)).toBeCloseTo(2, 6);
    const truth = [0, 1, 2].flatMap((i) => [f(i, t + 1), f(i, t + 2)]);
    expect(found.value.data).toBeAllClose(truth, { rtol: 1e-6 });
  });

  test("auto finds how many; a model that the data contradict is widened and named", () => {
    const { normal } = randomStream(4, "auto");
    const two = forecastInterval(
      matrix(1, M, (_, t) => 0.2 + 0.95 ** t + 0.01 * normal()),
      "auto",
    );
    expect(two.growth).toHaveLength(2);
    expect(two.growth.toSorted()).toBeAllClose([Math.log(0.95), 0], { atol: 0.01 });
    expect(two.heldOut).toBeLessThan(2);
    expect(two.warnings).toEqual([]);
    // No sum of few exponentials, and no noise.
    const curve = (t: number) => 0.3 + 2 / (1 + 0.1 * t);
    const wrong = forecastInterval(
      matrix(1, M, (_, t) => curve(t)),
      3,
      { at },
    );
    expect(wrong.heldOut).toBeGreaterThan(2);
    expect(wrong.warnings.join()).toContain("not these exponentials");
  });

  test("no noise: the bounds meet; a wider level is wider", () => {
    const F = matrix(1, M, (_, t) => 0.5 + 0.9 ** t);
    const { lower, upper, value } = forecastInterval(F, 2);
    expect(value.cols).toBe(M);
    expect(lower.data).toBeAllClose(upper.data, { rtol: 1e-6 });
    const { normal } = randomStream(1, "width");
    const noisy = matrix(1, M, (_, t) => 0.5 + 0.9 ** t + 0.01 * normal());
    const width = (level: number) => {
      const found = forecastInterval(noisy, 2, { level });
      return found.upper.data[0] - found.lower.data[0];
    };
    expect(width(0.95)).toBeGreaterThan(width(0.8));
  });
});

test("quantiles against tables", () => {
  expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 10);
  expect(normalQuantile(0.1)).toBeCloseTo(-1.2815515655446004, 10);
  for (const [p, freedom, wanted] of [
    [0.975, 10, 2.2281388],
    [0.9, 30, 1.310415],
    [0.975, 120, 1.9799304],
  ])
    expect(studentQuantile(p, freedom)).toBeCloseTo(wanted, 3);
});

test("misuse is refused", () => {
  const F = matrix(1, 20, (_, t) => 0.9 ** t);
  expect(() => forecastInterval(F, 1, { level: 1 })).toThrow(UsageError);
  expect(() => forecastInterval(F, 1, { confidence: 0.9 } as object)).toThrow('"confidence"');
  expect(() => forecastInterval(F, 1, { times: [0, 1] })).toThrow(ShapeError);
  expect(() => forecastInterval(F, 1, { times: Array(20).fill(1) })).toThrow("time 1 is 1");
  expect(() => forecastInterval(F, 10)).toThrow(DataError);
  expect(() => forecastInterval(F, 3)).toThrow("independent directions");
  expect(() => forecastInterval(F, 0)).toThrow(UsageError);
  expect(() => forecastInterval(F, 1, { at: [] })).toThrow(UsageError);
});
