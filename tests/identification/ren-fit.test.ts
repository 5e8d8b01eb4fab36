import { describe, expect, test } from "vitest";
import { type Experiment, experimentOf } from "../../src/data/experiment/experiment.ts";
import { splitExperiment } from "../../src/data/experiment/split.ts";
import { randomSteps } from "../../src/data/systems/inputs.ts";
import { simulateSystem } from "../../src/data/systems/system.ts";
import { cascadedTanks } from "../../src/data/systems/tanks.ts";
import { CertificateError, DataError, UsageError } from "../../src/errors.ts";
import { type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { identifiedPredictor, identifyLinear } from "../../src/identification/identify.ts";
import { linearStep } from "../../src/identification/linear-step.ts";
import { identifyRen } from "../../src/identification/ren-fit.ts";
import { decodeStep, encodeStep } from "../../src/identification/step-file.ts";
import {
  recheckStep,
  type StepModel,
  stepPredictor,
  unitsOfGain,
} from "../../src/identification/step-model.ts";
import { observedGain } from "../../src/identification/step-observed.ts";
import { validate } from "../../src/identification/validate.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { simulate, stateSpace } from "../../src/lti/state-space.ts";
import { decode } from "../../src/onnx/decode.ts";
import { compile } from "../../src/runtime/program.ts";
import { experimentWith, randomSystem } from "./systems.ts";

const tanks = (count: number, seed = 1): Experiment =>
  simulateSystem(cascadedTanks(), {
    u: randomSteps(count, { low: 1, high: 4, seed }),
    sampleTime: 4,
    noise: 0.02,
    seed,
  });
const { work, check } = splitExperiment(tanks(900));
const simulation = (model: StepModel, data: Experiment) =>
  validate(stepPredictor(model), [data]).horizons[0].fit;

/** Outputs of the file, step by step in the runtime. */
async function stepped(file: Uint8Array, u: Float64Array, states: number): Promise<number[]> {
  const { inputs, outputs } = decode(file);
  const program = await compile(inputs, outputs, { threads: 1 });
  let x: Tensor = tensorOf(new Float32Array(states), [1, states]);
  const y: number[] = [];
  for (const value of u) {
    const found = await program.run({ u: tensorOf(Float32Array.of(value), [1, 1]), x });
    y.push(Number(found.y.data[0]));
    x = found.x_next;
  }
  await program.release();
  return y;
}

describe("tanks whose outflow goes with the root of their level", () => {
  const found = identifyRen([work], { contraction: 0.97, epochs: 100, neurons: 8 });

  test("the network beats the linear model that it starts from, on data it never saw", async () => {
    const { model, startedFrom, history, best } = await found;
    const linear = validate(identifiedPredictor(identifyLinear([work])), [check]);
    expect(startedFrom).toBe("linear");
    expect(simulation(model, check)).toBeGreaterThan(linear.horizons[0].fit + 2);
    expect(history[best]).toBe(Math.max(...history));
  });

  test("trajectories from other states approach one another as certified", async () => {
    const { model } = await found;
    const { simulate } = stepPredictor(model);
    const { rate, overshoot } = model.certificate!;
    expect(rate).toBe(0.97);
    const n = model.tensors.b_x.shape[0];
    const [a, b] = [1, -1].map((sign) =>
      Float64Array.from({ length: n }, (_, i) => sign * (i + 1)),
    );
    const apart = (p: Float64Array, q: Float64Array) => Math.hypot(...p.map((v, i) => v - q[i]));
    for (const steps of [1, 5, 20, 80]) {
      const u = work.u.subarray(0, steps);
      const after = apart(simulate(u, a).x, simulate(u, b).x);
      expect(after).toBeLessThanOrEqual(overshoot * rate ** steps * apart(a, b));
    }
  });

  test("the file computes in the runtime what the model predicts, and is read back whole", async () => {
    const { model } = await found;
    const file = encodeStep(model);
    expect(decodeStep(file)).toEqual(model);
    const u = check.u.subarray(0, 60);
    const n = model.tensors.b_x.shape[0];
    const y = stepPredictor(model).simulate(u, new Float64Array(n)).y;
    expect(await stepped(file, u, n)).toBeAllClose(Array.from(y), { atol: 1e-4, rtol: 1e-4 });
  });

  test("the same seed gives the same bytes", async () => {
    const twice = [0, 0].map(() => identifyRen([work], { epochs: 3, neurons: 4, seed: 5 }));
    const [a, b] = (await Promise.all(twice)).map(({ model }) => encodeStep(model));
    expect(Buffer.compare(a, b)).toBe(0);
  });

  test("a weight changed so that it does not contract is caught", async () => {
    const { model } = await found;
    expect(recheckStep(model)?.holds).toBe(true);
    const { A } = model.tensors;
    const grown = { ...A, data: Float32Array.from(A.data as Float32Array, (v) => 2 * v) };
    const changed = { ...model, tensors: { ...model.tensors, A: grown } };
    expect(recheckStep(decodeStep(encodeStep(changed)))?.holds).toBe(false);
  });
});

test("a Lipschitz bound that binds is kept, and nearly reached", async () => {
  const { model, startedFrom } = await identifyRen([work], {
    states: 3,
    neurons: 8,
    lipschitz: 0.5,
    epochs: 60,
  });
  expect(startedFrom).toBe("random");
  const { gain } = await observedGain(model);
  expect(gain).toBeLessThanOrEqual(0.5);
  expect(gain).toBeGreaterThan(0.35);
  // In the units of the data: two inputs, the gain of their outputs.
  const { simulate, states } = stepPredictor(model);
  const [u, v] = [work.u, work.u.map((x) => x + 1)];
  const [y, z] = [u, v].map((input) => simulate(input, new Float64Array(states)).y);
  const size = (a: Float64Array, b: Float64Array) => Math.hypot(...a.map((x, i) => x - b[i]));
  expect(size(y, z) / size(u, v)).toBeLessThanOrEqual(0.5 * unitsOfGain(model));
});

test("before training the network is the linear model, also with states to spare and a slow pole", async () => {
  const slow = stateSpace(
    [
      [0.995, 0.02],
      [-0.02, 0.97],
    ],
    [[0.1], [0.2]],
    [[1, 0]],
    [[0]],
    0.1,
  );
  const data = experimentWith(slow, 800, 3, { output: 0.01 });
  const { model, startedFrom } = await identifyRen([data], { states: 4, epochs: 1, rate: 1e-9 });
  expect(startedFrom).toBe("linear");
  const linear = identifyLinear([data], { stable: true, maxOrder: 4, refine: "simulation" });
  const [a, b] = [stepPredictor(model), identifiedPredictor(linear)].map(
    ({ simulate, states }) => simulate(data.u, new Float64Array(states)).y,
  );
  expect(Array.from(a)).toBeAllClose(Array.from(b), { atol: 2e-3, rtol: 1e-3 });
});

test("a start that is not forgotten is estimated, not taken for an error of the model", async () => {
  // From rest at 20 a pole of 0.999 is still at 13 where the data kept for stopping begin.
  const slow = stateSpace([[0.999]], [[0.03]], [[1]], [[0]], 0.1);
  const u = experimentWith(slow, 500, 4, { output: 0 }).u;
  const { y } = simulate(slow, u, Float64Array.of(20));
  const signals = { sampleTime: 0.1, inputs: ["u"], outputs: ["y"], u, y };
  const data = experimentOf({ name: "slow", ...signals });
  const { history, best, warnings } = await identifyRen([data], { epochs: 1, rate: 1 });
  expect(history[0]).toBeGreaterThan(95);
  expect(best).toBe(0);
  expect(warnings.at(-1)).toMatch(
    /^no epoch simulated .* linear start, which is the model: .* k-th row/,
  );
});

test("two inputs, two outputs, two experiments of unequal lengths", async () => {
  const system = randomSystem(4, 3, 2, 2, 0.8);
  const both = [700, 400].map((count, i) => experimentWith(system, count, 7 + i, { output: 0.01 }));
  const { model, fit } = await identifyRen(both, { epochs: 5, neurons: 4 });
  expect(fit).toBeGreaterThan(95);
  expect(recheckStep(decodeStep(encodeStep(model)))?.holds).toBe(true);
  const fresh = experimentWith(system, 200, 20, { output: 0.01 });
  expect(simulation(model, fresh)).toBeGreaterThan(95);
  expect((await observedGain(model, { samples: 30, steps: 20 })).gain).toBeGreaterThan(0);
  const few = experimentWith(system, 14, 3);
  await expect(identifyRen([few])).rejects.toThrow(DataError);
});

describe("linear models of a step", () => {
  test("simulate as the system around its operating point, and are certified", async () => {
    const linear = identifyLinear([work], { stable: true });
    const model = linearStep(linear, [work]);
    const { system } = linear.model;
    const { inputs, outputs } = linear.operatingPoint;
    const y = simulate(
      system,
      check.u.map((v) => v - inputs.offset[0]),
    ).y.map((v) => v + outputs.offset[0]);
    const n = system.A.rows;
    const found = stepPredictor(model).simulate(check.u, new Float64Array(n)).y;
    expect(Array.from(found)).toBeAllClose(Array.from(y), { atol: 1e-4, rtol: 1e-4 });
    const read = decodeStep(encodeStep(model));
    expect(recheckStep(read)?.holds).toBe(true);
    expect(await stepped(encodeStep(model), check.u.subarray(0, 30), n)).toBeAllClose(
      Array.from(y.subarray(0, 30)),
      { atol: 1e-4, rtol: 1e-4 },
    );
  });

  test("a rate that the poles do not keep, and an unstable model", () => {
    const linear = identifyLinear([work], { stable: true });
    expect(() => linearStep(linear, [work], 0.5)).toThrow(CertificateError);
    const { system } = linear.model;
    const A = matrix(system.A.rows, system.A.rows, (i, j) => +(i === j) * 1.01);
    const unstable = { ...linear, model: { ...linear.model, system: { ...system, A } } };
    expect(linearStep(unstable, [work]).certificate).toBeNull();
    expect(() => linearStep(unstable, [work], 1)).toThrow("modulus 1.01");
  });
});

test("a single step, options out of range, other files", async () => {
  const one = { ...work, u: work.u.map((_, t) => +(t > 100)) };
  await expect(identifyRen([one])).rejects.toThrow(DataError);
  await expect(identifyRen([one])).rejects.toThrow("single step");
  await expect(identifyRen([work], { epochs: 0 })).rejects.toThrow(UsageError);
  await expect(identifyRen([work], { contraction: 1.5 })).rejects.toThrow("rate = 1.5");
  await expect(identifyRen([work], { epoch: 3 } as object)).rejects.toThrow('mean "epochs"');
  const { model } = await identifyRen([work], { epochs: 1, neurons: 1 });
  const { b_y: _, ...rest } = model.tensors;
  expect(() => decodeStep(encodeStep({ ...model, tensors: { ...rest, b_y: rest.b_x } }))).toThrow();
  // A single neuron has no D11 in the file.
  expect(decodeStep(encodeStep(model)).certificate).toEqual(model.certificate);
});
