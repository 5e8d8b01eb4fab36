import { describe, expect, test } from "vitest";
import { randomSteps } from "../../src/data/systems/inputs.ts";
import { duffing } from "../../src/data/systems/oscillators.ts";
import { simulateSystem } from "../../src/data/systems/system.ts";
import { tensorOf, zerosOf } from "../../src/graph/tensor.ts";
import { identifyLinear } from "../../src/identification/identify.ts";
import { linearStep } from "../../src/identification/linear-step.ts";
import { linearised } from "../../src/identification/linearise.ts";
import { identifyRen } from "../../src/identification/ren-fit.ts";
import { middleRest, steepestRest } from "../../src/identification/step-constants.ts";
import { recheckStep, type StepModel, stepPredictor } from "../../src/identification/step-model.ts";
import { howObserved, observedGain } from "../../src/identification/step-observed.ts";
import { restOfStep, standardised } from "../../src/identification/step-rest.ts";
import { searchedGain } from "../../src/identification/step-search.ts";
import { hInfinityNorm } from "../../src/lti/norm.ts";
import { gainAt } from "../../src/lti/response.ts";
import { experimentWith, randomSystem } from "./systems.ts";

// A spring that hardens, hardly damped: at rest it has a resonance that larger swings do not have.
const spring = simulateSystem(duffing({ mass: 1, damping: 0.6, stiffness: 1.5, cubic: 1 }), {
  u: randomSteps(1200, { low: -2, high: 2, shortest: 10, longest: 10, seed: 3 }),
  sampleTime: 0.1,
  noise: 0.01,
  seed: 3,
});

/** ‖Δy‖/‖Δu‖ in the units of the data of a small sinusoid of f Hz about rest, by two simulations. */
function measured(model: StepModel, frequency: number, count = 6000): number {
  const { simulate, states, sampleTime } = stepPredictor(model);
  const mean = Number(model.tensors["u.mean"].data[0]);
  const held = new Float64Array(count).fill(mean);
  const rest = Float64Array.from(simulate(held, new Float64Array(states)).x);
  const moved = held.map((u, t) => u + 0.01 * Math.sin(2 * Math.PI * frequency * t * sampleTime));
  const [y, z] = [held, moved].map((u) => simulate(u, rest).y);
  const distance = (a: Float64Array, b: Float64Array) => Math.hypot(...a.map((v, t) => v - b[t]));
  return distance(y, z) / distance(held, moved);
}

describe("the observed gain of a network with a resonance", () => {
  const found = identifyRen([spring], { epochs: 30, neurons: 8 }).then(async ({ model }) => ({
    model,
    observed: await observedGain(model),
  }));

  test("is at least what two simulations find", async () => {
    const { model, observed } = await found;
    const rest = linearised(stepPredictor(model), Float64Array.of(0), Float64Array.of(1))!;
    const { theta } = hInfinityNorm(rest.system);
    const byHand = measured(model, theta / (2 * Math.PI * 0.1));
    expect(byHand).toBeGreaterThan(0.97 * gainAt(rest.system, theta));
    expect(observed.inUnits).toBeGreaterThanOrEqual(byHand);
  });

  test("is attained by small sinusoids of the frequency that is named", async () => {
    const { model, observed } = await found;
    expect(observed.by).toBe("rest");
    expect(howObserved(observed)).toMatch(/^of small sinusoids of 0\.\d+ Hz about rest$/);
    expect(measured(model, observed.frequency!)).toBeGreaterThan(0.97 * observed.inUnits);
  });

  test("comes close to it also by search, which begins with those", async () => {
    const { model, observed } = await found;
    const rest = middleRest(model)!;
    const near = { samples: 300, pairs: 1, steps: 5 };
    const [from, random] = await Promise.all(
      [[rest], []].map((starts) => searchedGain(model, starts, near)),
    );
    expect(from).toBeGreaterThan(0.85 * rest.gain);
    expect(from).toBeLessThanOrEqual(observed.gain * (1 + 1e-6));
    expect(from).toBeGreaterThan(1.2 * random);
  });
});

test.each([0.7, 2])("neither side of a bound of %f contradicts the other", async (lipschitz) => {
  const { model } = await identifyRen([spring], { lipschitz, epochs: 8, neurons: 6, states: 2 });
  expect(recheckStep(model)?.holds).toBe(true);
  expect(hInfinityNorm(restOfStep(model)!.system).lower).toBeLessThanOrEqual(lipschitz);
  const { gain } = await observedGain(model, { samples: 60, steps: 30 });
  expect(gain).toBeLessThanOrEqual(lipschitz);
  expect(gain).toBeGreaterThan(0.25 * lipschitz);
});

describe.each(["acyclic", "full"] as const)("the linearisation at rest, %s", (feedback) => {
  const data = experimentWith(randomSystem(4, 3, 2, 2, 0.8), 200, 7, { output: 0.01 });
  const found = identifyRen([data], {
    epochs: 2,
    neurons: 4,
    states: 3,
    feedback,
    contraction: 0.9,
  });

  test.each(["tanh", "relu"] as const)(
    "is the derivative of a step with %s",
    async (activation) => {
      const { model: trained } = await found;
      // Apart from 0, where relu has a kink.
      const b_v = { ...trained.tensors.b_v, data: Float32Array.of(0.3, -0.2, 0.1, -0.4) };
      const tensors = { ...trained.tensors, b_v };
      const model = standardised({ ...trained, tensors, activation });
      const { system, x } = restOfStep(model)!;
      const [zero, one] = [new Float64Array(2), new Float64Array(2).fill(1)];
      const differences = linearised(stepPredictor(model), zero, one)!;
      for (const name of ["A", "B", "C", "D"] as const)
        expect([...system[name].data]).toBeAllClose([...differences.system[name].data], {
          atol: 1e-6,
        });
      expect([...x]).toBeAllClose([...differences.x], { atol: 1e-8 });
    },
  );

  test("is none at a kink of relu", async () => {
    const { model } = await found;
    const b_v = { ...model.tensors.b_v, data: new Float32Array(4) };
    const b_x = { ...model.tensors.b_x, data: new Float32Array(3) };
    const kinked: StepModel = { ...model, tensors: { ...model.tensors, b_v, b_x } };
    expect(restOfStep({ ...kinked, activation: "relu" })).toBe(null);
    expect(restOfStep(kinked)).not.toBe(null);
  });

  test("gives sinusoids of two inputs their phases", async () => {
    const { model } = await found;
    const rest = middleRest(model)!;
    const gain = await searchedGain(model, [rest], { pairs: 1, steps: 1, samples: 100 });
    expect(gain).toBeGreaterThan(0.8 * rest.gain);
  });
});

/**
 * x⁺ = a x + (1 − a) tanh(kᵀu − 5), y = x, of standardised u: from rest to rest y is tanh(kᵀu − 5), so that
 * no gain exceeds ‖k‖, and small signals about kᵀu = 5 have it. At the mean inputs it is 0.0002 ‖k‖.
 */
const bent = (k: readonly number[], a: number): StepModel => {
  const m = k.length;
  const of = (shape: readonly number[], ...data: number[]) =>
    tensorOf(Float32Array.from(data), shape);
  return {
    kind: "ren",
    inputs: k.map((_, j) => `u${j + 1}`),
    outputs: ["y"],
    sampleTime: 1,
    activation: "tanh",
    certificate: null,
    tensors: {
      A: of([1, 1], a),
      B1: of([1, 1], 1 - a),
      B2: zerosOf("float32", [1, m]),
      C1: of([1, 1], 0),
      D11: of([1, 1], 0),
      D12: of([1, m], ...k),
      C2: of([1, 1], 1),
      D21: of([1, 1], 0),
      D22: zerosOf("float32", [1, m]),
      b_x: of([1], 0),
      b_v: of([1], -5),
      b_y: of([1], 0),
      "u.mean": of([m], ...k.map(() => 10)),
      "u.scale": of([m], ...k.map(() => 3)),
      "y.mean": of([1], 0),
      "y.scale": of([1], 1),
    },
  };
};

describe("the observed gain of a network that is steepest away from rest", () => {
  test.each([
    { k: [2], a: 0.5 },
    { k: [2], a: 0.99995 }, // slow: the gain is that of some ten thousand samples
    { k: [1.5, -2], a: 0.8 },
  ])("is that of small constant inputs there: $k, $a", async ({ k, a }) => {
    const model = bent(k, a);
    const found = await observedGain(model, { pairs: 1, steps: 2, samples: 50 });
    expect(found.by).toBe("constant");
    expect(howObserved(found)).toMatch(/^of small constant inputs about rest under u1 = /);
    expect(found.gain).toBeGreaterThan(0.995 * Math.hypot(...k));
    expect(found.gain).toBeLessThanOrEqual(Math.hypot(...k) * (1 + 1e-6));
    // Where kᵀu = 5; and two simulations there find it.
    const u = Object.values(found.about!);
    expect(k.reduce((sum, factor, j) => sum + (factor * (u[j] - 10)) / 3, 0)).toBeCloseTo(5, 0);
    const count = Math.ceil(40 / (1 - a));
    const constant = (by: number) => {
      const own = u.map((value, j) => value + (3 * by * k[j]) / Math.hypot(...k));
      return Float64Array.from({ length: count * k.length }, (_, t) => own[t % k.length]);
    };
    const { simulate } = stepPredictor(model);
    const start = Float64Array.from(simulate(constant(0), Float64Array.of(0)).x);
    const [y, z] = [0, 0.01].map((by) => simulate(constant(by), start).y);
    const square = y.reduce((sum, value, t) => sum + (value - z[t]) ** 2, 0);
    expect(Math.sqrt(square / count) / 0.01).toBeGreaterThan(0.97 * found.gain);
  });

  test("a network that is steepest at the mean inputs stays there", () => {
    const flat = bent([2], 0.5);
    const tensors = { ...flat.tensors, b_v: zerosOf("float32", [1]) };
    const middle = middleRest({ ...flat, tensors })!;
    expect(middle.gain).toBeCloseTo(2, 6);
    expect(steepestRest({ ...flat, tensors }, middle)).toBe(middle);
  });
});

describe("the observed gain of a linear model", () => {
  test("is its H∞ norm, attained by a sinusoid", async () => {
    const linear = identifyLinear([spring], { stable: true });
    const model = linearStep(linear, [spring]);
    const found = await observedGain(model);
    expect([found.by, howObserved(found)]).toEqual(["norm", "its H∞ norm"]);
    const { system } = linear.model; // in the units of the data
    const { lower, theta } = hInfinityNorm(system);
    expect(found.inUnits).toBeCloseTo(lower, 5);
    expect(found.frequency).toBeCloseTo(theta / (2 * Math.PI * 0.1), 3);
    expect(measured(model, found.frequency!)).toBeGreaterThan(0.97 * found.inUnits);
  });

  test("is infinite where it is unstable", async () => {
    const model = linearStep(identifyLinear([spring], { stable: true }), [spring]);
    const { A } = model.tensors;
    const grown = { ...A, data: Float32Array.from(A.data as Float32Array, (a) => 2 * a) };
    const { gain } = await observedGain({ ...model, tensors: { ...model.tensors, A: grown } });
    expect(gain).toBe(Infinity);
  });
});
