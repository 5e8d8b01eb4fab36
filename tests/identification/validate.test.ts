import { expect, test } from "vitest";
import { splitExperiment } from "../../src/data/experiment/split.ts";
import { multisine } from "../../src/data/systems/inputs.ts";
import { pendulum } from "../../src/data/systems/pendulum.ts";
import { rk4, simulateSystem } from "../../src/data/systems/system.ts";
import { DataError, UsageError } from "../../src/errors.ts";
import { arx } from "../../src/identification/arx.ts";
import type { LinearModel } from "../../src/identification/model.ts";
import {
  linearPredictor,
  type Predictor,
  predictOutputs,
} from "../../src/identification/predictor.ts";
import { subspace } from "../../src/identification/subspace.ts";
import { formatValidation, validate } from "../../src/identification/validate.ts";
import { fromRows, matrix } from "../../src/linalg/matrix.ts";
import { experimentWith, randomSystem } from "./systems.ts";

const system = randomSystem(12, 3, 1, 2, 0.9);
const model: LinearModel = {
  method: "subspace",
  system,
  K: matrix(3, 2, () => 0),
  inputs: ["u0"],
  outputs: ["y0", "y1"],
  warnings: [],
};
const noisy = {
  ...model,
  K: fromRows([
    [0.4, 0.1],
    [0, 0.3],
    [0.2, 0],
  ]),
};
const data = experimentWith(system, 400, 3);

test("the true model of clean data fits 100 %, by an initial state that was not at zero", () => {
  const { horizons } = validate(linearPredictor(model), [data], { horizons: ["simulate", 1, 5] });
  for (const { fit, fits } of horizons) {
    expect(fit).toBeCloseTo(100, 6);
    expect(fits.map(({ output }) => output)).toEqual(["y0", "y1"]);
  }
  const zero = validate(linearPredictor(model), [data], { initial: "zero" }).horizons[0].fit;
  expect(zero).toBeLessThan(99.5);
  const warm = validate(linearPredictor(model), [data], { initial: 200 }).horizons[0].fit;
  expect(warm).toBeGreaterThan(99.999);
});

test("fit is 100 (1 − ‖y − ŷ‖/‖y − mean y‖), by hand", () => {
  const still: Predictor = {
    ...linearPredictor(model, "mean"),
    simulate: (u) => ({ y: new Float64Array(2 * u.length), x: new Float64Array(3) }),
  };
  const { fits } = validate(still, [data], { initial: "zero" }).horizons[0];
  for (const j of [0, 1]) {
    const y = data.y.filter((_, k) => k % 2 === j);
    const mean = y.reduce((a, b) => a + b) / y.length;
    const nrmse = Math.hypot(...y) / Math.hypot(...y.map((v) => v - mean));
    expect(fits[j].nrmse).toBeCloseTo(nrmse, 12);
    expect(fits[j].fit).toBeCloseTo(100 * (1 - nrmse), 10);
    expect(fits[j].rmse).toBeCloseTo(Math.hypot(...y) / Math.sqrt(400), 12);
  }
});

test("k steps ahead of a first-order model, by hand", () => {
  const [a, b, c, k] = [0.7, 2, 1, 0.3];
  const small: LinearModel = {
    ...model,
    system: {
      A: fromRows([[a]]),
      B: fromRows([[b]]),
      C: fromRows([[c]]),
      D: fromRows([[0]]),
      dt: 0.1,
    },
    K: fromRows([[k]]),
    outputs: ["y0"],
  };
  const one = experimentWith(randomSystem(2, 1, 1, 1), 30, 1);
  const x = [0.5];
  for (let t = 0; t < 30; t++) x.push(a * x[t] + b * one.u[t] + k * (one.y[t] - c * x[t]));
  const start = Float64Array.of(0.5);
  const at = (horizon: number) => predictOutputs(linearPredictor(small), one, start, horizon);
  expect(at(1)).toBeAllClose(x.slice(0, 30));
  // three ahead: the state before sample t − 2, and the inputs t − 2 and t − 1
  const three = at(3);
  for (let t = 2; t < 30; t++)
    expect(three[t]).toBeCloseTo(a * a * x[t - 2] + a * b * one.u[t - 2] + b * one.u[t - 1], 10);
  const simulated = predictOutputs(linearPredictor(small), one, start, "simulate");
  expect(three.slice(0, 2)).toEqual(simulated.slice(0, 2));
});

test("prediction gets harder with the horizon, and reaches simulation", () => {
  const disturbed = experimentWith(system, 3000, 5, { K: noisy.K, innovation: 0.5 });
  const horizons = [1, 2, 5, 30, "simulate"] as const;
  const fits = validate(linearPredictor(noisy), [disturbed], { horizons }).horizons.map(
    (h) => h.fit,
  );
  expect(fits[0]).toBeGreaterThan(fits[1]);
  expect(fits[1]).toBeGreaterThan(fits[2]);
  expect(Math.abs(fits[3] - fits[4])).toBeLessThan(2);
});

test("residuals of the true model are white and independent; of a wrong one they are not", () => {
  const disturbed = experimentWith(system, 2000, 6, { K: noisy.K, innovation: 0.5 });
  const right = validate(linearPredictor(noisy, "true"), [disturbed]);
  expect([right.residuals.white, right.residuals.independent]).toEqual([true, true]);
  expect(formatValidation(right)).toMatch(/white at 99 %\n.*independent of past inputs at 99 %/);
  const small = subspace([disturbed], { order: 1 }).model;
  const wrong = validate(linearPredictor(small, "too small"), [disturbed]);
  expect(wrong.residuals.independent).toBe(false);
  expect(formatValidation(wrong)).toMatch(
    /too small {3}initial state: estimate\n {2}simulation +fit/,
  );
  expect(formatValidation(wrong)).toMatch(/depend on past inputs .*u0 → y/);
});

test("a nonlinear model is validated alike, its initial state found", () => {
  const hanging = pendulum("hanging");
  const experiment = simulateSystem(hanging, {
    u: multisine(300, { high: 0.1, rms: 3 }),
    sampleTime: 0.05,
    x0: [0.8, -0.5],
  });
  const physics: Predictor = {
    name: "physics",
    inputs: ["torque"],
    outputs: ["angle"],
    sampleTime: 0.05,
    states: 2,
    simulate(u, x0) {
      let x: Float64Array = x0;
      const y = Float64Array.from(u, (torque) => {
        const [angle] = x;
        for (let k = 0; k < 8; k++) x = rk4(hanging.rate, x, Float64Array.of(torque), 0.05 / 8);
        return angle;
      });
      return { y, x };
    },
  };
  const { horizons, noiseModel } = validate(physics, [experiment]);
  expect(horizons[0].fit).toBeGreaterThan(99.99);
  expect(noiseModel).toBe(false);
  const { work, check } = splitExperiment(experiment, { at: 0.6, gap: 0.5 });
  const linear = arx([work], { outputLags: 2, inputLags: 2 }).model;
  expect(validate(linearPredictor(linear), [check]).horizons[0].fit).toBeLessThan(horizons[0].fit);
});

test("a model that runs away is told, not thrown", () => {
  const wild = {
    ...model,
    system: {
      ...system,
      A: fromRows([
        [9, 0, 0],
        [0, 9, 0],
        [0, 0, 9],
      ]),
    },
  };
  const result = validate(linearPredictor(wild), [data]);
  expect(result.horizons[0].fit).toBe(-Infinity);
  expect(result.residuals.white).toBe(false);
  expect(formatValidation(result)).toMatch(/fit -Infinity %[\s\S]*unstable/);
});

test.each<[string, new (...args: never[]) => Error, RegExp, () => unknown]>([
  [
    "other signals",
    UsageError,
    /1 inputs and 2 outputs, the data have 1 and 1/,
    () => validate(linearPredictor(model), [experimentWith(randomSystem(1, 1, 1, 1), 100, 1)]),
  ],
  [
    "another sample time",
    UsageError,
    /steps by 0.1 s, the data .* 1 s/,
    () => validate(linearPredictor(model), [{ ...data, sampleTime: 1 }]),
  ],
  [
    "a warm-up of everything",
    DataError,
    /leaves 5 of 400/,
    () => validate(linearPredictor(model), [data], { initial: 395 }),
  ],
  [
    "half a step ahead",
    UsageError,
    /horizon of 0.5/,
    () => validate(linearPredictor(model), [data], { horizons: [0.5] }),
  ],
  [
    "a slip",
    UsageError,
    /did you mean "horizons"/,
    () => validate(linearPredictor(model), [data], { horizon: [1] } as object),
  ],
])("refuses %s", (_, kind, message, act) => {
  expect(act).toThrow(kind);
  expect(act).toThrow(message);
});
