import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { splitBySeed } from "../../src/data/split.ts";
import { twoMoons } from "../../src/data/two-moons.ts";
import { mlp } from "../../src/models/mlp.ts";
import { findingsOf } from "../../src/reproduce/koopman/findings.ts";
import { network, plansOf, startNames } from "../../src/reproduce/koopman/plan.ts";
import { rangeSpectrum } from "../../src/reproduce/koopman/spectra.ts";
import { type KoopmanStudy, koopmanResults } from "../../src/reproduce/koopman/study.ts";
import { type Trajectory, trajectoryOf } from "../../src/reproduce/koopman/trajectory.ts";

const preset = {
  images: 64,
  epochs: 60,
  coordinates: 16,
  lossRanges: [40, 60],
  weightRanges: [30, 60],
};
const plans = plansOf(preset, 4);
const times = (n: number, f: (t: number) => number) => Array.from({ length: n }, (_, t) => f(t));

/** A run whose loss and weights are sums of exponentials that are known. */
const known = (k: number, test: (t: number) => number): Trajectory => ({
  plan: plans[k],
  train: times(60, (t) => 0.1 + 0.9 ** t + 3 * 0.2 ** t),
  test: times(60, test),
  accuracy: times(60, () => 0.9),
  weights: Array.from({ length: 61 }, (_, t) =>
    Float32Array.from({ length: 40 }, (_, i) => Math.sin(i) + Math.cos(3 * i) * 0.8 ** t),
  ),
});

test("spectra of a range have the eigenvalues that were put in, and the shares near 0 and 1", () => {
  const run = known(0, () => 1);
  const loss = rangeSpectrum(run, "loss", 60);
  expect(loss.re).toHaveLength(3);
  expect(loss.re.toSorted((a, b) => b - a)).toBeAllClose([1, 0.9, 0.2], { rtol: 1e-5 });
  const total = loss.importance.reduce((a, b) => a + b, 0);
  const of = (value: number) =>
    loss.importance[loss.re.findIndex((x) => Math.abs(x - value) < 0.01)];
  expect(loss.nearZero).toBeCloseTo(of(0.2) / total, 5);
  expect(loss.nearOne).toBeCloseTo(of(1) / total, 5);
  expect(loss.nearOneNow).toBeGreaterThan(0.9); // all the rest has died away
  // In single precision the constant and the decay remain; increments lack the constant.
  expect(rangeSpectrum(run, "weights", 30).re).toBeAllClose([1, 0.8], { rtol: 1e-3 });
  expect(rangeSpectrum(run, "increments", 30).re).toBeAllClose([0.8], { rtol: 1e-3 });
});

test("findings come out where they are in the data, and do not where they are not", () => {
  const verdicts = (tests: ((t: number) => number)[]) => {
    const runs = tests.map((one, k) => known(k, one));
    const spectra = runs.flatMap((run) =>
      [40, 60].map((range) => rangeSpectrum(run, "loss", range)),
    );
    return findingsOf(runs, spectra);
  };
  const rising = (t: number) => 0.3 + 0.01 * Math.abs(t - 20);
  const flat = () => 0.8;
  const yes = verdicts([rising, rising, flat]);
  expect(yes).toHaveLength(9);
  expect(yes.slice(-3).map(({ verdict }) => verdict)).toEqual(["came out", "came out", "came out"]);
  const no = verdicts([flat, flat, () => 0.2]);
  expect(no.slice(-3).map(({ verdict }) => verdict)).toEqual(Array(3).fill("did not come out"));
  expect(no.at(-1)!.ours).toBe("he 0.8, xavier 0.8, normal 0.2");
});

test("tables and figures hold every panel; figures have titles", () => {
  const runs = startNames.map((_, k) => known(k, () => 0.5));
  const { lines, sections, files, data } = koopmanResults(runs, {
    preset: "tiny",
    plan: preset,
    seed: 4,
  });
  expect((data as KoopmanStudy).spectra).toHaveLength(3 * (2 + 2 + 2));
  expect(lines).toHaveLength(9);
  expect(sections[0].text).toContain("| he     | increments |");
  expect(Object.keys(files!)).toHaveLength(4);
  for (const text of Object.values(files!)) {
    expect(text).toContain("<title>");
    expect(text.length).toBeLessThan(200_000);
  }
  expect(files!["loss-spectra.svg"]).toContain("first 40 epochs");
});

test("an interrupted run goes on where it was, to the same numbers", async () => {
  const folder = mkdtempSync(join(tmpdir(), "trajectory-"));
  const plan = { ...plans[0], epochs: 20, batch: 16 };
  const model = mlp([2, 6, 2]);
  const data = splitBySeed(twoMoons(120, 2), 0.5, 1);
  const run = (name: string, progress: () => void) =>
    trajectoryOf(plan, model, data, { path: join(folder, name), progress });
  const whole = await run("whole", () => {});
  const stop = () => {
    throw new Error("interrupted");
  };
  await expect(run("broken", stop)).rejects.toThrow("interrupted");
  let saved = 0;
  const resumed = await run("broken", () => {
    saved++;
  });
  expect(saved).toBe(1); // ten epochs had been done
  expect([whole.train.length, whole.weights.length]).toEqual([20, 21]);
  expect(resumed.train).toBeAllClose(whole.train, { rtol: 1e-5 });
  expect([...resumed.weights[20]]).toBeAllClose([...whole.weights[20]], { rtol: 1e-4, atol: 1e-5 });
  // Once done it is read, not trained again.
  expect(await run("broken", stop)).toEqual(resumed);
});

test("the network is that of the paper", () => {
  const parameters = Object.values(network().initialise(0));
  expect(parameters.reduce((sum, { data }) => sum + data.length, 0)).toBe(65_558);
});
