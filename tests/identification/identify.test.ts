import { expect, test } from "vitest";
import { parseExperiments } from "../../src/data/experiment/read.ts";
import { splitExperiment } from "../../src/data/experiment/split.ts";
import { multisine, prbs, randomSteps } from "../../src/data/systems/inputs.ts";
import { springChain } from "../../src/data/systems/oscillators.ts";
import { pendulum } from "../../src/data/systems/pendulum.ts";
import { simulateSystem } from "../../src/data/systems/system.ts";
import { twoTanks } from "../../src/data/systems/tanks.ts";
import { UsageError } from "../../src/errors.ts";
import { identifiedPredictor, identifyLinear } from "../../src/identification/identify.ts";
import { radii } from "../../src/identification/model.ts";
import { formatValidation, validate } from "../../src/identification/validate.ts";
import { eigenvalues } from "../../src/linalg/eigenvalues.ts";
import { fromRows } from "../../src/linalg/matrix.ts";
import { staticGain } from "../../src/lti/response.ts";
import { zeroOrderHold } from "../../src/lti/state-space.ts";
import { distance, experimentWith, impulse, randomSystem } from "./systems.ts";

const sorted = (values: Float64Array) => [...values].sort((a, b) => a - b);

test("finds the modes of a chain of masses from noisy data, with the order", () => {
  const [k, c] = [10, 0.3];
  const experiment = simulateSystem(springChain({ masses: 2, stiffness: k, damping: c }), {
    u: prbs(3000, { bits: 11, hold: 3, amplitude: 5 }),
    sampleTime: 0.1,
    noise: 0.02,
    seed: 1,
  });
  const { work, check } = splitExperiment(experiment, { at: 0.7, gap: 5 });
  const found = identifyLinear([work]);
  expect(found.order).toBe(4);
  expect(found.refinement?.status).toBe("converged");
  const { A } = zeroOrderHold(
    fromRows([
      [0, 0, 1, 0],
      [0, 0, 0, 1],
      [-2 * k, k, -2 * c, c],
      [k, -k, c, -c],
    ]),
    fromRows([[0], [0], [0], [1]]),
    0.1,
  );
  const [mine, true_] = [found.model.system.A, A].map(eigenvalues);
  for (const part of ["re", "im"] as const)
    expect(sorted(mine[part])).toBeAllClose(sorted(true_[part]), { atol: 3e-3, rtol: 0 });
  const validation = validate(identifiedPredictor(found), [check]);
  expect(validation.horizons[0].fit).toBeGreaterThan(95);
  expect(validation.residuals).toMatchObject({ white: true, independent: true });
  expect(formatValidation(validation)).toMatch(/^linear, 4 states {3}initial state: estimate/);
});

test("works around an operating point, in several outputs", () => {
  const u = randomSteps(2400, { low: 4.5, high: 5.5, shortest: 20, longest: 80, seed: 3 });
  const experiment = simulateSystem(twoTanks(), { u, sampleTime: 1, noise: 0.003, seed: 2 });
  const { work, check } = splitExperiment(experiment, { gap: 20 });
  const found = identifyLinear([work], { stable: true });
  expect(found.operatingPoint.inputs.offset[0]).toBeGreaterThan(4.5);
  expect(radii(found.model).poles).toBeLessThan(1);
  const { horizons } = validate(identifiedPredictor(found), [check]);
  expect(horizons[0].fits.map(({ output }) => output)).toEqual(["level 1", "level 2"]);
  expect(Math.min(...horizons[0].fits.map(({ fit }) => fit))).toBeGreaterThan(85);
});

test("from CSV: a small swing of the pendulum is linear, a wide one is not", () => {
  const fitAt = (rms: number) => {
    const made = simulateSystem(pendulum("hanging"), {
      u: multisine(3000, { high: 0.1, rms, seed: 1 }),
      sampleTime: 0.05,
    });
    const csv = [
      "t,torque,angle",
      ...Array.from(made.u, (u, t) => `${(t * 0.05).toFixed(2)},${u},${made.y[t]}`),
    ];
    const [read] = parseExperiments(csv.join("\n"), "swing.csv", {
      inputs: ["torque"],
      outputs: ["angle"],
      time: "t",
    });
    expect(read.sampleTime).toBe(0.05);
    const { work, check } = splitExperiment(read, { gap: 1 });
    const found = identifyLinear([work], { order: 2, stable: true, refine: "simulation" });
    return validate(identifiedPredictor(found), [check]).horizons[0].fit;
  };
  const [small, wide] = [fitAt(0.1), fitAt(8)];
  expect(small).toBeGreaterThan(99);
  expect(wide).toBeLessThan(90);
});

test("an operating point far from zero adds no state, and is found", () => {
  for (const [n, m, l] of [
    [2, 1, 1],
    [3, 2, 2],
  ]) {
    const system = randomSystem(60, n, m, l, 0.9);
    const clean = [1, 2].map((seed) => experimentWith(system, 200, seed));
    const raised = clean.map((data) => ({
      ...data,
      u: data.u.map((u, k) => u + 40 + (k % m)),
      y: data.y.map((y, k) => y - 300 + (k % l)),
    }));
    const found = identifyLinear(raised, { refine: "none" });
    expect(found.order).toBe(n);
    expect(distance(impulse(found.model.system), impulse(system))).toBeLessThan(1e-8);
    // the point lies on the line of equilibria: y₀ = G(1) (u₀ − 40 − …) − 300 + …
    const gain = staticGain(system);
    const { inputs, outputs } = found.operatingPoint;
    outputs.offset.forEach((y, i) => {
      const led = inputs.offset.reduce(
        (sum, u, j) => sum + gain.data[i * m + j] * (u - 40 - j),
        i - 300,
      );
      expect(y).toBeCloseTo(led, 6);
    });
    expect(validate(identifiedPredictor(found), raised).horizons[0].fit).toBeCloseTo(100, 5);
  }
});

test("an unstable system without a noise model is left as the subspace method has it, and said so", () => {
  const data = experimentWith(randomSystem(40, 2, 1, 1, 1.03), 200, 3);
  const found = identifyLinear([data], { order: 2 });
  expect(found.refinement).toBeNull();
  expect(found.model.warnings.join()).toMatch(/not refined/);
  expect(radii(identifyLinear([data], { order: 2, stable: true }).model).poles).toBeLessThan(1);
});

test("refuses what it does not know", () => {
  const data = [experimentWith(randomSystem(1, 2, 1, 1), 100, 1)];
  expect(() => identifyLinear(data, { refine: "yes" as "none" })).toThrow(UsageError);
  expect(() => identifyLinear(data, { oder: 2 } as object)).toThrow(/did you mean "order"/);
  expect(identifyLinear(data, { refine: "none" }).refinement).toBeNull();
});
