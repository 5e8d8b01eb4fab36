import { expect, test } from "vitest";
import { multisine, prbs, randomSteps, sineSweep } from "../../../src/data/systems/inputs.ts";
import { UsageError } from "../../../src/errors.ts";

/** |Σ u_t e^(−2πi h t/N)| · √2/N, which is the root mean square of harmonic h. */
const harmonic = (u: Float64Array, h: number) => {
  let [re, im] = [0, 0];
  u.forEach((v, t) => {
    re += v * Math.cos((2 * Math.PI * h * t) / u.length);
    im += v * Math.sin((2 * Math.PI * h * t) / u.length);
  });
  return (Math.SQRT2 * Math.hypot(re, im)) / u.length;
};
const power = (u: Float64Array) => u.reduce((sum, v) => sum + v * v, 0) / u.length;

test("a multisine has its power in its band, evenly, and repeats", () => {
  const u = multisine(256, { low: 0.1, high: 0.25, rms: 3, seed: 4 });
  const inside = [...Array(128).keys()].filter((h) => h >= 26 && h <= 64);
  for (const h of Array(128).keys()) {
    expect(harmonic(u, h)).toBeCloseTo(inside.includes(h) ? 3 / Math.sqrt(inside.length) : 0, 9);
  }
  expect(power(u)).toBeCloseTo(9, 9);
  const twice = multisine(100, { period: 50, seed: 1 });
  expect(twice.slice(50)).toEqual(twice.slice(0, 50));
  expect(power(multisine(64, { high: 0.5 }))).toBeCloseTo(1, 9);
  expect(multisine(50, { seed: 2 })).not.toEqual(multisine(50, { seed: 3 }));
});

test.each([3, 4, 5, 6, 7, 8, 9, 10, 11, 12])(
  "a register of %i bits gives the longest sequence, and a flat autocorrelation",
  (bits) => {
    const period = 2 ** bits - 1;
    const u = prbs(2 * period, { bits, seed: bits, amplitude: 2 });
    expect(u.slice(period)).toEqual(u.slice(0, period));
    for (const lag of [1, 2, 3, Math.floor(period / 2)]) {
      let sum = 0;
      for (let t = 0; t < period; t++) sum += u[t] * u[t + lag];
      expect(sum).toBe(-4);
    }
  },
);

test.each([13, 14, 15, 16])("a register of %i bits visits every state but zero", (bits) => {
  const period = 2 ** bits - 1;
  const u = prbs(period + bits, { bits });
  const seen = new Uint8Array(period + 1);
  for (let t = 0; t < period; t++) {
    let word = 0;
    for (let k = 0; k < bits; k++) word = 2 * word + +(u[t + k] > 0);
    seen[word]++;
  }
  expect(seen[0]).toBe(0);
  expect(seen.subarray(1).every((times) => times === 1)).toBe(true);
});

test("ticks are held as long as asked", () => {
  const [fast, slow] = [prbs(20, { seed: 5 }), prbs(60, { seed: 5, hold: 3 })];
  expect(slow).toEqual(Float64Array.from({ length: 60 }, (_, t) => fast[Math.floor(t / 3)]));
  const steps = randomSteps(5000, { low: 1, high: 3, shortest: 5, longest: 9, seed: 1 });
  const lengths: number[] = [];
  let since = 0;
  for (let t = 1; t < steps.length; t++)
    if (steps[t] !== steps[t - 1]) {
      lengths.push(t - since);
      since = t;
    }
  expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([5, 9]);
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(1);
  expect(Math.max(...steps)).toBeLessThan(3);
});

test("a sweep crosses zero as often as its frequencies say", () => {
  const u = sineSweep(1000, { low: 0.01, high: 0.09 });
  const crossings = u.reduce((count, v, t) => count + +(t > 0 && v * u[t - 1] < 0), 0);
  expect(Math.abs(crossings - 2 * 0.05 * 1000)).toBeLessThanOrEqual(1);
});

test.each([
  ["no samples", () => multisine(0)],
  ["an empty band", () => multisine(50, { low: 0.301, high: 0.302 })],
  ["a register of 2 bits", () => prbs(50, { bits: 2 })],
  ["half a tick", () => prbs(50, { hold: 0.5 })],
  ["levels upside down", () => randomSteps(50, { low: 1, high: 0 })],
  ["a sweep beyond half the sampling frequency", () => sineSweep(50, { high: 0.6 })],
  ["an unknown option", () => sineSweep(50, { hight: 0.4 } as object)],
])("refuses %s", (_, make) => {
  expect(make).toThrow(UsageError);
});
