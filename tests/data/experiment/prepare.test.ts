import { expect, test } from "vitest";
import {
  type Experiment,
  experimentOf,
  requireAlike,
} from "../../../src/data/experiment/experiment.ts";
import {
  applyScaling,
  detrend,
  fitScaling,
  unscaleOutputs,
} from "../../../src/data/experiment/prepare.ts";
import { resample } from "../../../src/data/experiment/resample.ts";
import { cut, splitExperiment } from "../../../src/data/experiment/split.ts";
import { randomStream } from "../../../src/data/random.ts";
import { DataError, UsageError } from "../../../src/errors.ts";

const made = (
  count: number,
  u: (t: number) => number,
  y: (t: number) => number,
  sampleTime = 0.01,
): Experiment =>
  experimentOf({
    name: "made",
    sampleTime,
    inputs: ["u"],
    outputs: ["y", "z"],
    u: Float64Array.from({ length: count }, (_, t) => u(t)),
    y: Float64Array.from({ length: 2 * count }, (_, k) => y(Math.floor(k / 2)) * (k % 2 ? 10 : 1)),
  });
const random = randomStream(1, "prepare");
const noise = Float64Array.from({ length: 400 }, random.normal);

test("standardises all experiments by one rule, and undoes it", () => {
  const all = [
    made(
      50,
      (t) => noise[t],
      (t) => 3 + t,
    ),
    made(
      70,
      (t) => 5 * noise[t],
      (t) => t ** 2,
    ),
  ];
  const scaling = fitScaling(all);
  const scaled = all.map((experiment) => applyScaling(experiment, scaling));
  const z = scaled.flatMap(({ y }) => [...y.filter((_, k) => k % 2 === 1)]);
  expect(z.reduce((a, b) => a + b) / z.length).toBeCloseTo(0, 12);
  expect(z.reduce((a, b) => a + b * b, 0) / z.length).toBeCloseTo(1, 12);
  expect(unscaleOutputs(scaled[1].y, scaling)).toBeAllClose(all[1].y, { atol: 1e-9 });
  const constant = made(
    20,
    () => 4,
    (t) => t,
  );
  expect(applyScaling(constant, fitScaling([constant])).u).toEqual(new Float64Array(20));
  const other = { ...all[0], inputs: ["u", "v"], u: new Float64Array(100) };
  expect(() => applyScaling(other, scaling)).toThrow(UsageError);
});

test("takes away means and straight lines, and nothing else", () => {
  const wave = (t: number) => Math.sin((2 * Math.PI * t) / 20);
  const drifting = made(200, wave, (t) => 5 + 0.3 * t);
  expect(detrend(drifting, "linear").y).toBeAllClose(new Float64Array(400), { atol: 1e-10 });
  const level = detrend(drifting, "mean").y;
  expect(level[2] - level[0]).toBeCloseTo(0.3, 12);
  expect(detrend(drifting).u).toBeAllClose(drifting.u, { atol: 1e-12 });
  expect(detrend(detrend(drifting, "linear"), "linear").u).toBeAllClose(
    detrend(drifting, "linear").u,
    { atol: 1e-12 },
  );
  expect(() => detrend(drifting, "none" as "mean")).toThrow(UsageError);
});

test("resamples slow signals without error, and lets no fast one come back as slow", () => {
  const slow = (t: number) => Math.sin((2 * Math.PI * t) / 150);
  const fast = (t: number) => Math.sin((2 * Math.PI * t) / 4.1); // beyond the new Nyquist frequency
  const data = made(900, slow, fast);
  const coarse = resample(data, 0.04);
  expect(coarse).toMatchObject({ count: 225, sampleTime: 0.04 });
  const inside = (values: Float64Array) => values.slice(20, 200);
  expect(inside(coarse.u)).toBeAllClose(
    inside(Float64Array.from({ length: 225 }, (_, k) => slow(4 * k))),
    { atol: 2e-3 },
  );
  expect(
    Math.max(
      ...inside(coarse.y)
        .filter((_, k) => k % 2 === 0)
        .map(Math.abs),
    ),
  ).toBeLessThan(1e-2);
  const fine = resample(data, 0.005);
  expect(fine.count).toBe(1799);
  expect(fine.u.filter((_, k) => k % 2 === 0)).toBeAllClose(data.u);
  expect(resample(data, 0.01)).toBe(data);
  // a constant is kept to the ends, where the filter is cut off
  const level = made(
    100,
    () => 3,
    (t) => t % 7,
  );
  expect(resample(level, 0.03).u).toBeAllClose(new Float64Array(34).fill(3));
  expect(() => resample(data, 0)).toThrow(UsageError);
  expect(() => resample(data, 5)).toThrow(/samples; at least/);
});

test("splits with a gap that neither part has", () => {
  const data = made(
    100,
    (t) => t,
    (t) => 2 * t,
  );
  const { work, check } = splitExperiment(data, { at: 0.6, gap: 0.05 });
  expect([work.count, check.count]).toEqual([60, 35]);
  expect([work.u[0], work.u[59], check.u[0], check.u[34]]).toEqual([0, 59, 65, 99]);
  expect(check.y.slice(0, 2)).toEqual(Float64Array.of(130, 1300));
  expect(() => splitExperiment(data, { at: 0.6, gap: 1 })).toThrow(/shorten|each part needs 10/);
  expect(() => splitExperiment(data, { at: 1 })).toThrow(UsageError);
  expect(() => splitExperiment(data, { at: 0.5, gap: -1 })).toThrow(UsageError);
  expect(() => splitExperiment(data, { gapp: 1 } as object)).toThrow(/did you mean "gap"/);
  expect(() => cut(data, 0, 5)).toThrow(DataError);
});

test("checks what it is given", () => {
  const data = made(
    20,
    (t) => t,
    (t) => t,
  );
  expect(() => experimentOf({ ...data, u: data.u.slice(1) })).toThrow(/19 samples of the inputs/);
  const y = data.y.slice();
  y[7] = NaN;
  expect(() => experimentOf({ ...data, y })).toThrow(/"z" is NaN in sample 3/);
  expect(() => requireAlike([data, { ...data, sampleTime: 1 }])).toThrow(/sampled every 1 s/);
  expect(() => requireAlike([data, { ...data, outputs: ["z", "y"] }])).toThrow(/has the signals/);
  expect(() => requireAlike([])).toThrow(/no experiment/);
});
