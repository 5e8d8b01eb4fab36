import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { simulate, stateSpace } from "../../src/lti/state-space.ts";
import { toSvg } from "../../src/report/figure/to-svg.ts";
import { parseFigure } from "../../src/report/figure.ts";
import { contractionAngle, metricExists } from "../../src/reproduce/pendulum/contraction.ts";
import { drivenData } from "../../src/reproduce/pendulum/driven.ts";
import { simulator } from "../../src/reproduce/pendulum/learn.ts";
import { linearModel } from "../../src/reproduce/pendulum/linear-model.ts";
import { measuredStart } from "../../src/reproduce/pendulum/measured-start.ts";
import { physicsOf } from "../../src/reproduce/pendulum/physics.ts";
import { contestants, planOf, type StudyPlan } from "../../src/reproduce/pendulum/plan.ts";
import { type PendulumResults, pendulumResults } from "../../src/reproduce/pendulum/study.ts";
import { irregular, swingSequences, swings } from "../../src/reproduce/pendulum/swings.ts";
import { evaluate } from "../autodiff/differences.ts";

const folder = mkdtempSync(join(tmpdir(), "pendulum-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("the lecture's pendulum", () => {
  const physics = physicsOf(3);

  test("the corrected form is Euler's method, the printed one is not", () => {
    expect(physics.lureError).toBeLessThan(1e-12);
    expect(physics.swappedError).toBeGreaterThan(1);
  });

  test("its regulator stabilises it, with the published gain", () => {
    expect(physics.gain.map((k) => k.toFixed(4))).toEqual(["19.4061", "5.4387"]);
    expect(physics.openLoop[0]).toBeGreaterThan(1);
    expect(Math.max(...physics.closedLoop.map(Math.abs))).toBeLessThan(1);
  });

  test("Euler's error is of the order of the step, RK4's of its fourth power", () => {
    const [, middle, fine] = physics.integration;
    expect(middle.euler / fine.euler).toBeGreaterThan(5);
    expect(Math.log(middle.rk4 / fine.rk4) / Math.log(5)).toBeCloseTo(4, 0);
  });

  test("z − sin z has slopes up to 2 and a sector up to 1.2172", () => {
    expect(physics.slope[1]).toBeCloseTo(2, 6);
    expect(physics.sector.most).toBeCloseTo(1.2172, 4);
  });
});

test.each([
  [9.81, 0.9, 59.5],
  [9.81, 0.2, 28.8],
  [19.62, 1.5, 64.1],
])("g/l = %d, d = %d: one metric contracts up to %d°", (stiffness, damping, published) => {
  const angle = contractionAngle({ stiffness, damping });
  expect((angle * 180) / Math.PI).toBeCloseTo(published, 1);
  expect(metricExists({ stiffness, damping }, angle - 0.02)).toBe(true);
  expect(metricExists({ stiffness, damping }, angle + 0.02)).toBe(false);
});

test("the linear contestant is a linear system", async () => {
  const model = linearModel(1, 3, 2);
  const parameters = model.initialise(5);
  const rows = (name: string) => {
    const { shape, data } = parameters[name];
    return matrix(shape[0], shape[1], (i, j) => Number(data[i * shape[1] + j]));
  };
  const system = stateSpace(rows("A"), rows("B"), rows("C"), undefined, 1);
  const u = Float64Array.from({ length: 20 }, (_, t) => Math.sin(t));
  const { run, release } = await simulator(model, 20);
  const found = await run(parameters, tensorOf(Float32Array.from(u), [1, 20, 1]));
  await release();
  expect(found).toBeAllClose(simulate(system, u).y, { atol: 1e-5 });
});

test("a measured start sets the state by E y₀ + e, and weights silence what was not seen", async () => {
  const inner = linearModel(1, 3, 2);
  const model = measuredStart(inner, 2);
  const own = inner.initialise(1);
  const E = [0.5, -1, 2, 0.25, 0, 1];
  const bias = [0.1, 0.2, 0.3];
  const y0 = [0.7, -0.4];
  const x0 = [0, 1, 2].map((i) => E[2 * i] * y0[0] + E[2 * i + 1] * y0[1] + bias[i]);
  const torque = [1, 0.5, -1, 2];
  const weights = [1, 0, 1, 1];
  const u = torque.flatMap((tau, t) => [tau, ...(t === 0 ? y0 : [9, 9]), weights[t]]);
  const { run, release } = await simulator(model, 4);
  const found = await run(
    {
      ...own,
      "start.weight": tensorOf(Float32Array.from(E), [3, 2]),
      "start.bias": tensorOf(Float32Array.from(bias), [3]),
    },
    tensorOf(Float32Array.from(u), [1, 4, 4]),
  );
  await release();
  const named = Object.fromEntries(
    Object.entries(own).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
  );
  const [sequence, start] = [input("u", "float32", [1, 4, 1]), input("x0", "float32", [1, 3])];
  const { y } = await evaluate(
    { ...named, u: sequence, x0: start },
    { y: inner.simulate(named, sequence, start).y },
    {
      ...own,
      u: tensorOf(Float32Array.from(torque), [1, 4, 1]),
      x0: tensorOf(Float32Array.from(x0), [1, 3]),
    },
  );
  const wanted = Array.from(y.data, Number).map((v, k) => v * weights[Math.floor(k / 2)]);
  expect(found).toBeAllClose(wanted, { atol: 1e-6 });
});

test("swings lose energy, and what was not seen is no target", () => {
  const plan = planOf("quick", 1).runs[0].swing;
  const { truth, measured, count, samples } = swings(plan, "test", 5, 80, 1);
  const energy = (k: number) =>
    truth[2 * k + 1] ** 2 / 2 + (9.81 / 0.5) * (1 - Math.cos(truth[2 * k]));
  for (let i = 0; i < count; i++) {
    for (let t = 1; t < samples; t++)
      expect(energy(i * samples + t)).toBeLessThanOrEqual(energy(i * samples + t - 1));
  }
  const seen = irregular(0.5, count, samples, 4);
  const { u, y } = swingSequences({ truth, measured, count, samples }, measured, seen);
  const weights = Array.from({ length: count * samples }, (_, k) => Number(u.data[4 * k + 3]));
  const share = weights.reduce((sum, w) => sum + w, 0) / weights.length;
  expect(share).toBeGreaterThan(0.4);
  expect(share).toBeLessThan(0.6);
  weights.forEach((w, k) => {
    expect(Number(y.data[2 * k])).toBe(w === 1 ? measured[2 * k] : 0);
  });
});

test("the driven pendulum stays where one metric contracts", () => {
  expect(drivenData("train", 40, 1).largestAngle).toBeLessThan(Math.PI / 2);
});

describe("a tiny study", () => {
  const quick = planOf("quick", 1);
  const tiny: StudyPlan = {
    runs: quick.runs.slice(0, contestants.length).map((run) => ({
      ...run,
      steps: 4,
      batch: 4,
      swing: { ...run.swing, train: 8, validation: 4, test: 4, trainSamples: 10, testSamples: 12 },
    })),
    driven: quick.driven
      .filter(({ model }) => model === "linear" || model === "REN")
      .map((one) => ({ ...one, train: 6, validation: 2, test: 3, steps: 4, batch: 4 })),
  };
  const told: string[] = [];
  const options = { seed: 1, folder, progress: (part: string) => void told.push(part) };

  test("has every contestant, proves both RENs, and draws its figures", async () => {
    const { lines, sections, figures, data } = await pendulumResults(tiny, options);
    const { runs, driven, counts } = data as PendulumResults;
    expect(runs.map(({ plan }) => plan.model)).toEqual([...contestants]);
    expect(counts.map(({ evaluations }) => evaluations)).toEqual([92, 296, 446, 290, 986, 1496]);
    const proofs = [...runs, ...driven].flatMap(({ proven }) => proven ?? []);
    expect(proofs).toHaveLength(3);
    for (const { kind, claimed, observed, margin } of proofs) {
      expect(margin).toBeGreaterThan(0);
      expect(observed).toBeLessThanOrEqual(kind === "rate" ? claimed : -claimed);
    }
    expect(runs.every(({ loss, nrmse }) => loss > 0 && Number.isFinite(nrmse))).toBe(true);
    const wrong = lines.filter(
      ({ what, standing }) => !/test loss/.test(what) && standing === "not reached",
    );
    expect(wrong).toEqual([]);
    expect(sections.map(({ heading }) => heading)).toContain("Driven from rest");
    for (const figure of figures) {
      expect(parseFigure(JSON.parse(JSON.stringify(figure)))).toEqual(figure);
      expect(toSvg(figure, { theme: "print" })).toContain("<svg");
    }
  }, 60_000);

  test("computed once, is read again", async () => {
    told.length = 0;
    const { data } = await pendulumResults(tiny, options);
    expect(told).toHaveLength(1); // the exact part alone
    expect((data as PendulumResults).runs).toHaveLength(contestants.length);
  });
});

test("both presets repeat the REN over seeds, settings and ten samplings", () => {
  for (const preset of ["quick", "full"] as const) {
    const { runs } = planOf(preset, 7);
    const own = runs.filter(({ model }) => model === "REN");
    expect(new Set(own.map(({ seed }) => seed)).size).toBe(3);
    expect(new Set(own.map(({ swing }) => `${swing.damping} ${swing.noise}`)).size).toBe(4);
    expect(own.filter(({ sampling }) => sampling > 0)).toHaveLength(10);
  }
});
