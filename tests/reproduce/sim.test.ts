import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { constantOf } from "../../src/graph/tensor.ts";
import { deq } from "../../src/models/deq.ts";
import type { Layer } from "../../src/models/layers/layer.ts";
import { trainedCount } from "../../src/models/model.ts";
import { toSvg } from "../../src/report/figure/to-svg.ts";
import { parseFigure } from "../../src/report/figure.ts";
import { drawerModel, drawers, psnrOf } from "../../src/reproduce/sim/drawing.ts";
import { comparisonFigures } from "../../src/reproduce/sim/figures.ts";
import { comparisonLines, countLines } from "../../src/reproduce/sim/lines.ts";
import type { MemoryRun } from "../../src/reproduce/sim/memory.ts";
import {
  imageNetworks,
  imageRecipes,
  memoryNetwork,
  memoryNetworks,
} from "../../src/reproduce/sim/networks.ts";
import { picture, pictureNames, pixelSet } from "../../src/reproduce/sim/pictures.ts";
import { type ComparisonPlan, comparisonPlan } from "../../src/reproduce/sim/plan.ts";
import { bySeeds } from "../../src/reproduce/sim/seeds.ts";
import { denseSteps, monotoneSteps } from "../../src/reproduce/sim/steps.ts";
import { compared } from "../../src/reproduce/sim/study.ts";
import { comparisonSections } from "../../src/reproduce/sim/tables.ts";
import { compile } from "../../src/runtime/program.ts";
import { solverHealth } from "../../src/solvers/fixed-point.ts";
import { noise } from "../autodiff/differences.ts";

describe("equal terms", () => {
  test("the counts of the reference implementation are met", () => {
    const lines = countLines();
    expect(lines.map(({ standing }) => standing)).toEqual(Array(4).fill("reached"));
    expect(lines.map(({ ours }) => ours)).toEqual(["81,480", "80,466", "17,294", "17,294"]);
  });

  test("no rival has more than four per cent more or fewer parameters", () => {
    const near = (count: number, of: number) => expect(Math.abs(count / of - 1)).toBeLessThan(0.04);
    for (const name of imageNetworks) near(trainedCount(imageRecipes[name].model()), 81_480);
    for (const name of memoryNetworks) near(trainedCount(memoryNetwork(name, 3, null)), 17_294);
    const single = trainedCount(drawerModel({ name: "single", width: 16, inverse: 32 }, null));
    for (const name of drawers.filter((one) => one !== "fourier"))
      near(trainedCount(drawerModel({ name, width: 16, inverse: 32 }, 0.1)), single);
  });

  test.each(["quick", "full"] as const)(
    "%s: the same data and budget for all of a task",
    (preset) => {
      const { images, memory, drawings } = comparisonPlan(preset, 5);
      const budgets = (plans: readonly object[], own: readonly string[]) =>
        new Set(
          plans.map((plan) =>
            JSON.stringify(Object.entries(plan).filter(([key]) => !own.includes(key))),
          ),
        ).size;
      expect(budgets(images, ["name", "seed"])).toBe(1);
      const delays = new Set(memory.map(({ delay }) => delay));
      expect(budgets(memory, ["name", "seed", "deviation"])).toBe(delays.size);
      expect(budgets(drawings, ["name", "seed", "bandwidths", "picture"])).toBe(1);
      expect([...delays]).toEqual(preset === "full" ? [100, 500] : [10]);
    },
  );
});

describe("an equilibrium at each step of a sequence", () => {
  const sizes = { length: 3, features: 2, width: 4 };
  const x = noise(6, 1);

  /** z* as rows [T][n], with the parameters. */
  async function equilibrium(layer: Layer) {
    const solver = { method: "picard", rtol: 1e-6, maxIterations: 500 };
    const model = deq({ inputs: 6, outputs: 4, layer, head: "none", forward: solver });
    const parameters = model.initialise(2);
    const p = Object.fromEntries(
      Object.entries(parameters).map(([name, tensor]) => [name, constantOf(tensor)]),
    );
    const rows = constantOf({ dtype: "float32", shape: [1, 3, 2], data: Float32Array.from(x) });
    const program = await compile({}, { z: model.apply(p, rows, solverHealth()) });
    const { z } = await program.run({});
    await program.release();
    expect(z.shape).toEqual([1, 3, 4]);
    const number = (name: string, at: number) => Number(parameters[name].data[at]);
    const states = [0, 1, 2].map((t) => Array.from(z.data, Number).slice(4 * t, 4 * t + 4));
    return { states, number };
  }

  /** σ(W z + U x + b) of each step, by its formula. */
  const layerOf = (
    states: readonly number[][],
    number: (name: string, at: number) => number,
    W: (i: number, j: number) => number,
    sigma: (v: number) => number,
  ) =>
    states.map((z, t) =>
      z.map((_, i) => {
        const recurrent = z.reduce((sum, v, j) => sum + W(i, j) * v, number("b", i));
        return sigma(
          recurrent + number("U", 2 * i) * x[2 * t] + number("U", 2 * i + 1) * x[2 * t + 1],
        );
      }),
    );

  test("solves its equation", async () => {
    const { states, number } = await equilibrium(denseSteps(sizes));
    const W = (i: number, j: number) => number("W", 4 * i + j);
    expect(layerOf(states, number, W, Math.tanh).flat()).toBeAllClose(states.flat(), {
      atol: 1e-5,
    });
  });

  test("solves the monotone one by its dual variable", async () => {
    const { states, number } = await equilibrium(monotoneSteps(sizes));
    const of = (name: string, i: number, j: number) => number(name, 4 * i + j);
    const W = (i: number, j: number) =>
      [0, 1, 2, 3].reduce(
        (sum, k) => sum - of("A", k, i) * of("A", k, j),
        of("B", i, j) - of("B", j, i),
      );
    const found = layerOf(states, number, W, (v) => Math.max(v, 0));
    expect(found.flat()).toBeAllClose(states.flat(), { atol: 1e-5 });
    expect(Math.max(...states.flat())).toBeGreaterThan(0.01);
  });
});

describe("pictures", () => {
  test.each(pictureNames)("%s: in 0 … 1, not flat, and split without overlap", (name) => {
    const drawn = picture(name, 24, 3);
    expect(Math.min(...drawn.pixels)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...drawn.pixels)).toBeLessThanOrEqual(1);
    expect(Math.max(...drawn.pixels) - Math.min(...drawn.pixels)).toBeGreaterThan(0.5);
    const places = [0, 1].flatMap((row) =>
      [0, 1].flatMap((column) => {
        const { features, count } = pixelSet(drawn, [row, column]);
        return Array.from({ length: count }, (_, i) => `${features[2 * i]} ${features[2 * i + 1]}`);
      }),
    );
    expect(new Set(places).size).toBe(24 * 24);
    expect(places).toHaveLength(24 * 24);
    expect(pixelSet(drawn, null).count).toBe(24 * 24);
  });

  test("an error of a tenth everywhere is 20 dB", () => {
    const set = pixelSet(picture("texture", 8, 1), null);
    const values = set.targets.kind === "values" ? Array.from(set.targets.values) : [];
    expect(
      psnrOf(
        values.map((v, i) => v + (i % 2 ? 0.1 : -0.1)),
        set,
      ),
    ).toBeCloseTo(20, 3);
  });

  test("odd sides are refused", () => {
    expect(() => picture("text", 25, 1)).toThrow("a side of 25");
  });
});

test("the study at its smallest: a line for every network, and it goes on where it was", async () => {
  const { images, memory, drawings } = comparisonPlan("quick", 3);
  const plan: ComparisonPlan = {
    images: images
      .filter(({ name }) => name === "single" || name === "deq")
      .map((one) => ({ ...one, images: 32, tested: 20, epochs: 1, batch: 16 })),
    memory: memory
      .filter(({ name }) => name !== "feed-forward" && name !== "deq")
      .map((one) => ({ ...one, delay: 2, sequences: 20, tested: 5, epochs: 2 })),
    drawings: drawings
      .filter((one) => one.picture === "texture" && ["single", "fourier", "deq"].includes(one.name))
      .map((one) => ({ ...one, side: 8, width: 4, inverse: 6, steps: 4 })),
  };
  const folder = mkdtempSync(join(tmpdir(), "sim-"));
  const parts: string[] = [];
  const go = () => compared(plan, folder, (part) => parts.push(part));
  const found = await go();
  expect(parts).toHaveLength(2 + 3 + 3);
  const lines = comparisonLines(found);
  expect(lines).toHaveLength(2 + 3 + 3);
  // So few rows are no comparison with print.
  for (const { ours, standing } of lines) {
    expect(ours).toMatch(/\d/);
    expect(standing).toBe("");
  }
  for (const { recall, accuracy, loss } of found.memory)
    expect([recall.length, accuracy.length, loss.length]).toEqual([2, 2, 2]);
  for (const { plan, evaluations } of [...found.images, ...found.memory])
    expect(evaluations > 1).toBe(plan.name === "deq" || plan.name === "monotone");
  for (const figure of comparisonFigures(found))
    expect(toSvg(parseFigure(JSON.parse(JSON.stringify(figure))))).toContain("<svg");
  for (const { text } of comparisonSections(found)) expect(text).not.toMatch(/NaN|undefined/);

  // One part lost, as by an interruption: it alone is computed, to the same numbers.
  parts.length = 0;
  rmSync(join(folder, "memory-two-tier-2-3.json"));
  const again = await go();
  expect(parts).toEqual(["copy memory, T = 2, SIM, two-tier, seed 3"]);
  const timeless = (runs: readonly object[]) => runs.map((run) => ({ ...run, seconds: 0 }));
  expect(timeless(again.memory)).toEqual(timeless(found.memory));
  expect(again.drawings).toEqual(found.drawings);
}, 60_000);

describe("lines judge by what they are given", () => {
  const run = (seed: number, recall: readonly number[], delay = 100): MemoryRun => ({
    plan: {
      ...comparisonPlan("full", 1).memory[0],
      delay,
      seed,
    },
    parameters: 17_294,
    recall,
    accuracy: recall,
    loss: recall,
    evaluations: 1,
    seconds: 1,
  });
  const standing = (...memory: MemoryRun[]) =>
    comparisonLines({ images: [], memory, drawings: [] }).map((line) => line.standing);

  test("copy memory: every seed within ten epochs, at T = 100 alone", () => {
    expect(standing(run(1, [0.5, 1]), run(2, [1, 0.9]))).toEqual(["reached"]);
    expect(standing(run(1, [0.5, 1]), run(2, [0.5, 0.9999]))).toEqual(["not reached"]);
    expect(standing(run(1, [...Array(10).fill(0), 1]))).toEqual(["not reached"]);
    expect(standing(run(1, [1], 500))).toEqual([""]);
  });

  test.each([
    ["single", [0.9795, 0.9805, 0.989], "reached"],
    ["single", [0.975], "not reached"],
    ["single", [0.9921], "better"],
    ["monotone", [0.9835], "better"],
    ["conv-monotone", [0.9895], "not reached"],
    ["feed-forward", [0.99], ""],
  ] as const)("MNIST: %s at %j is “%s”", (name, accuracies, expected) => {
    const [plan] = comparisonPlan("full", 1).images.filter((one) => one.name === name);
    const images = accuracies.map((accuracy, seed) => ({
      plan: { ...plan, seed },
      ...{ parameters: 80_000, accuracy: [accuracy], evaluations: 1, seconds: 1 },
    }));
    const [line] = comparisonLines({ images, memory: [], drawings: [] });
    expect(line.standing).toBe(expected);
    expect(line.ours).toContain(`${images.length} seed`);
  });

  test("seeds of one plan go together, other plans do not", () => {
    const groups = bySeeds([run(1, [1]), run(1, [1], 500), run(2, [0])]);
    expect(groups.map((runs) => runs.map(({ plan }) => plan.seed))).toEqual([[1, 2], [1]]);
  });
});
