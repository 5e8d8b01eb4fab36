import { mkdtempSync, readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { toSvg } from "../../src/report/figure/to-svg.ts";
import { layerOf, storedLayer } from "../../src/reproduce/hybrid/base.ts";
import { exactLines } from "../../src/reproduce/hybrid/lines.ts";
import { type HybridPlan, hybridPresets } from "../../src/reproduce/hybrid/plan.ts";
import { publishedGrid, publishedYinYang } from "../../src/reproduce/hybrid/published.ts";
import { hybridStudy } from "../../src/reproduce/hybrid/study.ts";
import type { Reproduced } from "../../src/reproduce/reproduction.ts";

const { yinYang, mnist } = hybridPresets.quick;
/** One network that is known to be good, and MNIST in a minute's hundredth. */
const plan: HybridPlan = {
  yinYang: {
    ...yinYang,
    nets: 1,
    tries: 1,
    least: 0.95,
    base: { ...yinYang.base, epochs: 200 },
    scaling: { ...yinYang.scaling, epochs: 100 },
    samples: 600,
    fresh: 500,
  },
  mnist: {
    ...mnist,
    images: 1000,
    base: { ...mnist.base, epochs: 3, batch: 64 },
    scaling: { ...mnist.scaling, epochs: 2 },
    scalingImages: 500,
    trajectories: [1, 40],
    delays: [1, 10],
    liftImages: 1000,
    liftFeatures: 100,
    terminalImages: 800,
    test: 500,
    raw: true,
  },
};

describe("koopman-hybrid", () => {
  const folder = mkdtempSync(join(tmpdir(), "hybrid-"));
  const parts: string[] = [];
  let result: Reproduced;
  const run = () => hybridStudy(plan, 2, folder, (part) => parts.push(part));
  beforeAll(async () => {
    result = await run();
  }, 120_000);

  type Data = {
    yinYang: {
      nets: {
        original: number;
        layers: Record<
          string,
          { good: boolean; scaled: number; accuracies: Record<string, number> }
        >;
      }[];
    };
    mnist: {
      original: number;
      layers: {
        normalised: Record<string, Record<string, number>>;
        raw: object;
        lift: number;
        affine: number;
      }[];
    };
  };
  const data = () => result.data as Data;

  test("within trajectories is no worse than glued, and the lift is near the original", () => {
    const [{ original, layers }] = data().yinYang.nets;
    expect(original).toBeGreaterThan(0.95);
    for (const [name, { accuracies }] of Object.entries(layers)) {
      expect(accuracies["within h=10"], name).toBeGreaterThanOrEqual(
        accuracies["glued h=10"] - 0.003,
      );
      expect(accuracies.fourier, name).toBeGreaterThan(original - 0.015);
      // Nothing linear is better than the network that it was fitted to, but for chance.
      for (const [variant, accuracy] of Object.entries(accuracies))
        expect(accuracy, `${name} ${variant}`).toBeLessThan(original + 0.02);
    }
  });

  test("the grid of MNIST has every cell that its trajectories allow", () => {
    const { layers, original } = data().mnist;
    expect(original).toBeGreaterThan(0.6);
    const [{ normalised, raw, lift }] = layers;
    // One trajectory has 12 snapshots: with ten delays there is one pair.
    expect(Object.keys(normalised["1"])).toEqual(["1", "10"]);
    expect(Object.keys(normalised["40"])).toEqual(["1", "10"]);
    expect(Object.keys(raw)).toEqual(Object.keys(normalised));
    expect(lift).toBeGreaterThan(original - 0.1);
  });

  test("says what was reached and what was not, of every layer", () => {
    const text = result.lines.map(({ what }) => what).join("\n");
    for (const name of Object.keys(publishedYinYang))
      expect(text).toContain(`${name} replaced as printed`);
    const mnistLine = result.lines.find(({ what }) => what.startsWith("MNIST, original"))!;
    expect(mnistLine.standing).toBe("not reached");
    const spectra = result.sections.find(({ heading }) => heading.startsWith("Eigenvalues"))!.text;
    expect(spectra).toMatch(/glued, r = 500, h = 10: gluing artefact/);
    expect(spectra).toMatch(/within, r = 500, h = 10: no gluing artefact/);
  });

  test("draws spectra, regions, ranks and vectors", () => {
    expect(result.figures.map(({ name }) => name)).toEqual([
      "hybrid-spectra",
      "hybrid-boundaries",
      "hybrid-rank",
      "hybrid-vectors",
    ]);
    for (const figure of result.figures) expect(toSvg(figure)).toMatch(/^<svg /);
    expect(result.figures[1].panels).toHaveLength(12);
  });

  test("run again it takes what is there, to the same result", async () => {
    const times = () => readdirSync(folder).map((file) => statSync(join(folder, file)).mtimeMs);
    const before = times();
    expect(before.length).toBe(5); // a network, its layers, the MNIST network, its block, its layer
    expect(await run()).toEqual(result);
    expect(times()).toEqual(before);
  });
});

test("data and sizes are those of the paper", () => {
  expect(exactLines().map(({ standing }) => standing)).toEqual(Array(4).fill("reached"));
});

test("a stored layer comes back to the bit", () => {
  const weights = {
    rows: 2,
    cols: 2,
    data: Float64Array.from([0.1, -3, 1e-9, 7].map(Math.fround)),
  };
  const layer = { weights, bias: Float64Array.from([Math.fround(0.01), 0]) };
  expect(layerOf(JSON.parse(JSON.stringify(storedLayer(layer))))).toEqual(layer);
});

test("the published grid has its best cells where the paper quotes them", () => {
  const best = (name: string) => Math.max(...publishedGrid[name][500]);
  expect([best("256×128"), best("128×64"), best("64×32")]).toEqual([92.04, 94.83, 95.91]);
  for (const grid of Object.values(publishedGrid))
    for (const row of Object.values(grid)) expect(row).toHaveLength(10);
});
