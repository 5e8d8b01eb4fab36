import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { toSvg } from "../../src/report/figure/to-svg.ts";
import { flows, orbit, pairsOf } from "../../src/reproduce/sim/flows.ts";
import {
  type InvariantPlan,
  invariantPlan,
  invariantStudy,
} from "../../src/reproduce/sim/invariant.ts";
import { dmdModes, startingAngles } from "../../src/reproduce/sim/learn.ts";

describe("the flows have the limits that they claim", () => {
  test("van der Pol's period and Floquet exponent", () => {
    const path = orbit(flows.vanDerPol, [2, 0], 0.01, 4000);
    const crossings: number[] = [];
    for (let k = 1500; k < 4000; k++) {
      const [a, b] = [path[k][0], path[k + 1][0]];
      if (a < 0 && b >= 0) crossings.push((k - a / (b - a)) * 0.01);
    }
    const period = (crossings.at(-1)! - crossings[0]) / (crossings.length - 1);
    expect((2 * Math.PI) / period).toBeCloseTo(flows.vanDerPol.angles[0], 5);
    // The exponent is the mean of the divergence 1 − x² along the cycle.
    const cycle = path.slice(2000, 2000 + Math.round(period / 0.01));
    const mean = cycle.reduce((sum, [x]) => sum + 1 - x * x, 0) / cycle.length;
    expect(-mean).toBeCloseTo(flows.vanDerPol.rate, 2);
  });

  test("the oscillators' radii go to 1 and their angles are those of DMD", () => {
    const path = orbit(flows.twoOscillators, [0.5, 1, -0.2, 0.8], 0.1, 200);
    expect(Math.hypot(...path[200])).toBeCloseTo(Math.SQRT2, 8);
    const angles = startingAngles(dmdModes(path.slice(60)), 2).sort((a, b) => a - b);
    expect(angles).toBeAllClose([1, Math.SQRT2], { rtol: 1e-4 });
  });

  test("pairs are of one orbit, and as far apart as they say", () => {
    const path = orbit(flows.pendulum, [1, 0], 0.1, 30);
    const { features, targets } = pairsOf([path], 0.1, { count: 50, longest: 20, seed: 1 });
    for (let row = 0; row < 50; row++) {
      const [x, v, t] = features.subarray(3 * row, 3 * row + 3);
      const from = path.findIndex((z) => Math.fround(z[0]) === x && Math.fround(z[1]) === v);
      const to = path[from + Math.round(t / 0.1)];
      const values = targets.kind === "values" ? targets.values : [];
      expect([values[2 * row], values[2 * row + 1]]).toEqual(to.map(Math.fround));
    }
  });
});

test("the study at its smallest: the limit is what the flow's is, and a repeated run is read", async () => {
  const { learn, distil } = invariantPlan("quick", 2);
  const plan: InvariantPlan = {
    learn: learn.map((one) => ({
      ...one,
      held: 4,
      starts: 8,
      rows: 600,
      epochs: 2,
      rivals: false,
    })),
    distil: { ...distil, ranks: [2], rows: 40, epochs: 2 },
  };
  const parts: string[] = [];
  const folder = mkdtempSync(join(tmpdir(), "sim-"));
  const options = {
    preset: "quick",
    seed: 2,
    folder,
    progress: (part: string) => parts.push(part),
  } as const;
  const found = await invariantStudy(options, plan);
  expect(parts).toHaveLength(4);
  expect(found.lines).toHaveLength(4);
  expect(found.lines[0].ours).toContain("point");
  expect(found.lines[1].ours).toContain("cycle");
  expect(found.lines[2].ours).toContain("torus of dimension 2");
  for (const figure of found.figures) expect(toSvg(figure)).toContain("<svg");
  const data = JSON.parse(JSON.stringify(found.data));
  // Nothing that a start is given can leave the torus: a point has no extent, a cycle has.
  const extents = data.learned.map(
    ({ outcomes }: { outcomes: { extent: number }[] }) => outcomes[0].extent,
  );
  expect(extents[0]).toBe(0);
  expect(extents[1]).toBeGreaterThan(0.01);
  expect(data.distilled.radius).toBeLessThan(1);
  expect(data.distilled.solver).toBeLessThan(0.01);
  const again = await invariantStudy(options, plan);
  expect(again.data).toEqual(data);
}, 60_000);
