import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { toSvg } from "../../src/report/figure/to-svg.ts";
import { batchEstimates, exactBias } from "../../src/reproduce/sobolev/batches.ts";
import {
  bestCutoffs,
  largestCutoff,
  measuredCutoffs,
  truncationErrors,
} from "../../src/reproduce/sobolev/bias.ts";
import { batchLines, cutoffLines } from "../../src/reproduce/sobolev/lines.ts";
import type { SobolevPreset } from "../../src/reproduce/sobolev/plan.ts";
import {
  clean,
  cleanError,
  noisyDraw,
  signalRange,
  truthGrid,
} from "../../src/reproduce/sobolev/signal.ts";
import { study } from "../../src/reproduce/sobolev/study.ts";

test("the signal's range, and the error of its mean, of a line and of y = x", () => {
  const h = Array.from(truthGrid, clean);
  expect(Math.abs(Math.max(...h) - Math.min(...h) - signalRange)).toBeLessThan(0.01);
  const mean = h.reduce((sum, v) => sum + v, 0) / h.length;
  expect(cleanError(h.map(() => mean))).toBeCloseTo(0.782, 2);
  expect(cleanError([...truthGrid])).toBeCloseTo(0.624, 2);
});

test("three quarters train, no sample does both, and the noise is of its level", () => {
  const { train, test: rest } = noisyDraw(0.5, 3);
  expect([train.count, rest.count]).toEqual([750, 250]);
  expect(new Set([...train.features, ...rest.features]).size).toBe(1000);
  const values = train.targets.kind === "values" ? train.targets.values : [];
  const noise = Math.sqrt(
    train.features.reduce((sum, x, i) => sum + (values[i] - clean(x + 1)) ** 2, 0) / 750,
  );
  expect(Math.abs(noise / (0.5 * signalRange) - 1)).toBeLessThan(0.1);
});

describe("bias and variance", () => {
  test("what k ≤ K cannot represent falls with K and never below 0", () => {
    const errors = truncationErrors();
    expect(errors).toHaveLength(largestCutoff + 1);
    errors.slice(1).forEach((value, k) => {
      expect(value).toBeLessThanOrEqual(errors[k]);
    });
    expect(errors.at(-1)!).toBeGreaterThan(0);
    expect(Math.sqrt(errors[9])).toBeCloseTo(0.498, 3);
  });

  test("the best K are those of the reference, and least squares err as the formula says", () => {
    const cases = bestCutoffs();
    const lines = cutoffLines(cases, measuredCutoffs([0.05], [1, 2]));
    expect(lines.map(({ standing }) => standing)).toEqual(Array(7).fill("reached"));
    const [few, , , many] = cases
      .slice(1)
      .concat(cases[1])
      .map(({ cutoff }) => cutoff);
    expect(few).toBeLessThan(many); // more samples, a larger K
  });
});

test("estimates from batches: one batch's square is too large, the others are right on average", () => {
  const bias = exactBias(4);
  expect(batchLines(bias).map(({ standing }) => standing)).toEqual([
    "reached",
    "reached",
    "reached",
  ]);
  const drawn = batchEstimates(200, 4, 60);
  for (const { name, ratio, error, batch } of drawn.filter(({ batch }) => batch <= 32)) {
    if (name === "naive") expect(ratio).toBeGreaterThan(1 + 4 * error);
    else expect(Math.abs(ratio - 1), `${name} of ${batch}`).toBeLessThan(5 * error);
  }
});

test("a small study has its lines, figures that can be drawn, and is not computed again", async () => {
  const preset: SobolevPreset = {
    rows: [
      ["l2", "tanh"],
      ["s1", "tanh"],
      ["s2", "tanh"],
      ["s1+2", "tanh"],
      ["l2", "sigmoid"],
      ["s1", "sigmoid"],
    ],
    levels: [0.05],
    seeds: 1,
    steps: 20,
    draws: 1,
  };
  const folder = mkdtempSync(join(tmpdir(), "eigenflow-sobolev-"));
  const said: string[] = [];
  const options = { seed: 2, folder, progress: (part: string) => said.push(part) };
  const first = await study(preset, options);
  expect(readdirSync(folder)).toHaveLength(6);
  expect(said.filter((part) => part.includes("RMSE"))).toHaveLength(6);
  for (const figure of first.figures) expect(toSvg(figure)).toContain("</svg>");
  // Twenty steps reach nothing: what is not reached is printed as such.
  const table = first.lines.filter(({ what }) => what.startsWith("L2, tanh"));
  expect(table.map(({ standing }) => standing)).toContain("not reached");
  expect(first.lines.every(({ ours }) => !ours.includes("NaN"))).toBe(true);
  said.length = 0;
  const again = await study(preset, options);
  expect(said.filter((part) => part.includes("RMSE"))).toEqual([]);
  expect(again.lines).toEqual(first.lines);
}, 60_000);
