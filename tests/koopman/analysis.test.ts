import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { DataError, ShapeError, UsageError } from "../../src/errors.ts";
import { analyseSeries, type SeriesInput } from "../../src/koopman/verdict/analysis.ts";
import { verdict } from "../../src/koopman/verdict/verdict.ts";

const series = (values: ArrayLike<number>, every = 1): SeriesInput => ({
  name: "loss",
  source: "log.csv",
  steps: Float64Array.from({ length: values.length }, (_, i) => i * every),
  values,
});
const decay = Float64Array.from({ length: 600 }, (_, t) => 0.5 + Math.exp(-t / 30));

test("every window of a sum of exponentials has its eigenvalues", () => {
  const { growing, sliding } = analyseSeries(series(decay.slice(0, 120), 10));
  expect(growing.map(({ place, from, to, length }) => [place, from, to, length])).toEqual([
    ["first", 0, 390, 40],
    ["first", 0, 990, 100],
    ["last", 600, 1190, 60],
  ]);
  for (const { modes } of growing) {
    const values = modes.map(({ re }) => re);
    expect(values[0]).toBeCloseTo(1, 9);
    expect(values[1]).toBeCloseTo(Math.exp(-1 / 30), 9);
  }
  const slowest = sliding.map((window) => window.slowestResolved);
  expect(sliding.map(({ to }) => to)).toEqual([440, 590, 740, 890, 1040, 1190]);
  for (const value of slowest) expect(value).toBeCloseTo(Math.exp(-1 / 30), 9);
});

test("contributions of a window add up to its last value, and E₁ is a share of them", () => {
  const { growing } = analyseSeries(series(decay));
  expect(growing).toHaveLength(4);
  growing.forEach(({ modes, place, length, clustering }) => {
    const sum = modes.reduce((total, mode) => total + mode.contribution, 0);
    expect(sum).toBeCloseTo(decay[(place === "first" ? length : decay.length) - 1], 5);
    const near = modes.filter(({ re, im }) => Math.hypot(re - 1, im) < 1 / length);
    const size = (some: typeof modes) =>
      some.reduce((total, mode) => total + Math.hypot(mode.contribution, mode.contributionIm), 0);
    expect(clustering).toBeCloseTo(size(near) / size(modes), 12);
  });
  // Near the minimum nearly all of the loss is the eigenvalue 1.
  expect(growing[0].clustering).toBeLessThan(0.8);
  expect(growing[3].clustering).toBeGreaterThan(0.99);
});

test("the last sliding window is that of the verdict", () => {
  const found = analyseSeries(series(decay), { window: 80 });
  const last = found.sliding[found.sliding.length - 1];
  expect(last.decision).toBe(found.verdict.decision);
  expect(last.improvement).toBe(found.verdict.prospect?.improvement);
  expect(found.verdict).toEqual(verdict(decay, { window: 80 }));
  expect(last).toMatchObject({ from: 520, to: 599 });
});

test("no window of the verdict spans a step of the learning rate", () => {
  const values = Float64Array.from({ length: 160 }, (_, t) =>
    t < 90 ? 1 + Math.exp(-t / 30) : 0.2 + 0.5 * Math.exp(-(t - 90) / 15),
  );
  const stepped = { ...series(values, 10), rateSteps: [900] };
  const { sliding, growing, verdict: found } = analyseSeries(stepped);
  expect(found.windows).toBe(3); // of 70 values two windows more, 55 and 40
  expect(sliding.map(({ from, to, decision }) => [from, to, decision])).toEqual([
    [0, 390, "continue"],
    [0, 540, "continue"],
    [100, 690, "continue"],
    [250, 840, "continue"],
    [900, 990, "insufficient-data"],
    [900, 1140, "insufficient-data"],
    [900, 1290, "continue"],
    [900, 1440, "continue"],
    [1000, 1590, "continue"],
  ]);
  expect(growing.at(-1)).toMatchObject({ place: "last", from: 1000, to: 1590 });
  // Of means of three, from epoch 1 on, that of epochs 88 to 90 holds some of either rate.
  const means = analyseSeries(stepped, { average: 3 });
  expect(means.verdict.sentence).toContain("23 epochs since the learning rate changed at step 900");
});

test("a verdict is not changed by what the run did before: decisions slide as they were called", () => {
  const golden = JSON.parse(
    readFileSync(new URL("../golden/dmd/loss_curves.json", import.meta.url), "utf8"),
  ) as { referenceLoss: number; curves: { name: string; loss: number[] }[] };
  for (const { name, loss } of golden.curves) {
    const found = analyseSeries(series(loss), { reference: golden.referenceLoss });
    for (const { to, decision } of found.sliding) {
      const then = verdict(loss.slice(0, to + 1), { reference: golden.referenceLoss });
      expect(then.decision, `${name} at ${to}`).toBe(decision);
    }
  }
});

test("long runs have a bounded number of sliding windows", () => {
  const long = Float64Array.from({ length: 20_000 }, (_, t) => 1 + Math.exp(-t / 5000));
  const { sliding } = analyseSeries(series(long), { growing: [] });
  expect(sliding.length).toBeGreaterThan(150);
  expect(sliding.length).toBeLessThanOrEqual(201);
  expect(sliding[sliding.length - 1].to).toBe(19_999);
});

test("an analysis is plain JSON, what is not finite included", () => {
  const values = [...decay.slice(0, 60), Number.NaN, ...decay.slice(61, 130), Infinity];
  const found = analyseSeries({ ...series(values), kind: "csv", caveats: ["sampled"] });
  expect(found).toMatchObject({
    schema: "eigenflow/analyze@2",
    kind: "csv",
    warnings: ["sampled"],
    verdict: { decision: "diverged" },
  });
  expect(found.series.notFinite).toEqual([
    { step: 60, value: "NaN" },
    { step: 130, value: "Infinity" },
  ]);
  expect(found.series.values[60]).toBeNull();
  // The loss of a diverged run alone is not a number of JSON.
  const written = JSON.parse(JSON.stringify(found));
  expect(written.verdict.loss).toBeNull();
  expect(JSON.stringify(written)).toBe(JSON.stringify(found));
  expect(unsigned(found)).toEqual(written);
});

/** JSON has no −0. */
const unsigned = (value: unknown): object =>
  JSON.parse(JSON.stringify(value), (_, x) => (x === 0 ? 0 : x));

test("means of batches: of noise-free pairs the eigenvalue is squared", () => {
  const { growing, series: taken } = analyseSeries(series(decay.slice(0, 201)), { average: 2 });
  expect(taken.steps.slice(0, 3)).toEqual([2, 4, 6]);
  expect(taken.spacing).toBe(2);
  expect(taken.values[0]).toBeCloseTo((decay[1] + decay[2]) / 2, 15);
  const values = growing[1].modes.map(({ re }) => re);
  expect(values[1]).toBeCloseTo(Math.exp(-2 / 30), 6);
});

describe("refusals", () => {
  test("steps that are uneven are told", () => {
    const steps = Float64Array.from(decay, (_, i) => (i < 300 ? i : 2 * i));
    const found = analyseSeries({ ...series(decay), steps });
    expect(found.series.even).toBe(false);
    expect(found.warnings[0]).toContain("unevenly spaced");
  });

  test.each([
    [{ growing: [4] }, UsageError, "growing 4"],
    [{ average: 0 }, UsageError, "average 0"],
    [{ widnow: 60 }, UsageError, "window"],
    [{ average: 1000 }, DataError, "too few"],
  ])("%j", (options, kind, message) => {
    const call = () => analyseSeries(series(decay), options as object);
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });

  test("steps that do not fit the values, or do not increase", () => {
    expect(() => analyseSeries({ ...series(decay), steps: [0, 1] })).toThrow(ShapeError);
    expect(() => analyseSeries({ ...series([3, 2, 1]), steps: [0, 2, 2] })).toThrow(
      "step 2 comes after step 2",
    );
    expect(() => analyseSeries(series([]))).toThrow("has no value");
  });
});
