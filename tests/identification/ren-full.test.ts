import { describe, expect, test } from "vitest";
import { splitExperiment } from "../../src/data/experiment/split.ts";
import { randomStream } from "../../src/data/random.ts";
import { randomSteps } from "../../src/data/systems/inputs.ts";
import { simulateSystem } from "../../src/data/systems/system.ts";
import { cascadedTanks } from "../../src/data/systems/tanks.ts";
import { DataError, NumericError } from "../../src/errors.ts";
import { type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { identifyRen, type RenFitState } from "../../src/identification/ren-fit.ts";
import { storedProgram } from "../../src/identification/ren-stored.ts";
import { decodeStep, encodeStep } from "../../src/identification/step-file.ts";
import { recheckStep, type StepModel, stepPredictor } from "../../src/identification/step-model.ts";
import { acyclicNeurons, fullNeurons } from "../../src/identification/step-neurons.ts";
import { observedGain } from "../../src/identification/step-observed.ts";
import { ren } from "../../src/models/ren/ren.ts";
import { decode } from "../../src/onnx/decode.ts";
import { compile } from "../../src/runtime/program.ts";
import { certifyRen } from "../../src/verification/ren-certificate.ts";

const tanks = simulateSystem(cascadedTanks(), {
  u: randomSteps(300, { low: 1, high: 4, seed: 1 }),
  sampleTime: 4,
  noise: 0.02,
  seed: 1,
});
const { work, check } = splitExperiment(tanks);

describe("neurons, step by step", () => {
  const q = 7;
  const random = randomStream(3, "neurons");
  const skew = Array.from({ length: q * q }, () => 2 * random.normal());
  // I − D11 = (1 − 0.6) I plus a skew part: monotone, and far from a contraction.
  const D11 = Float64Array.from(skew, (s, k) => {
    const [i, j] = [Math.floor(k / q), k % q];
    return 0.6 * +(i === j) + s - skew[j * q + i];
  });

  test("of a full D11 solve their equation, from wherever the step before ended", () => {
    const solve = fullNeurons(D11, q, Math.tanh)();
    for (let step = 0; step < 20; step++) {
      const v = Float64Array.from({ length: q }, () => 3 * random.normal());
      const w = solve(v);
      const again = w.map((_, i) =>
        Math.tanh(v[i] + w.reduce((sum, wk, k) => sum + D11[i * q + k] * wk, 0)),
      );
      expect(Array.from(w)).toBeAllClose(Array.from(again), { atol: 1e-10 });
    }
  });

  test("of a triangular D11 are those of the substitution", () => {
    const lower = D11.map((d, k) => (k % q < Math.floor(k / q) ? d : 0));
    const v = Float64Array.from({ length: q }, () => random.normal());
    const one = Array.from(acyclicNeurons(lower, q, Math.tanh)()(v));
    expect(Array.from(fullNeurons(lower, q, Math.tanh)()(v))).toBeAllClose(one, { atol: 1e-10 });
  });

  test("without a solution are refused", () => {
    // w = relu(3w + 1) has none.
    const relu = (x: number) => Math.max(0, x);
    expect(() => fullNeurons(Float64Array.of(3), 1, relu)()(Float64Array.of(1))).toThrow(
      NumericError,
    );
  });
});

describe("a network of full D11, identified", () => {
  const options = {
    feedback: "full",
    neurons: 6,
    states: 3,
    lipschitz: 0.6,
    epochs: 6,
    length: 40,
    seed: 2,
  } as const;
  const states: RenFitState[] = [];
  const found = identifyRen([work], { ...options, keep: (state) => states.push(state) });

  test("goes on from a state that was kept, to the same bytes", async () => {
    const { model, history } = await found;
    const again = await identifyRen([work], { ...options, from: states[3] });
    expect(again.history).toEqual(history);
    expect(again.model).toEqual(model);
  });

  test("is certified on its float32 weights, D11 not triangular, and its gain is within the bound", async () => {
    const { model, fit } = await found;
    expect(fit).toBeGreaterThan(5);
    expect(model.feedback).toBe("full");
    expect(model.certificate).toMatchObject({ feedback: "full" });
    expect(recheckStep(model)).toMatchObject({ holds: true, weightsMatch: true });
    const { data, shape } = model.tensors.D11;
    const above = Array.from(data, Number).filter(
      (_, k) => k % shape[1] > Math.floor(k / shape[1]),
    );
    expect(Math.max(...above.map(Math.abs))).toBeGreaterThan(0.01);
    const { gain } = await observedGain(model, { samples: 30, steps: 10, pairs: 4 });
    expect(gain).toBeGreaterThan(0.1);
    expect(gain).toBeLessThanOrEqual(0.6);
    const D11 = {
      ...model.tensors.D11,
      data: Float32Array.from(data as Float32Array, (d) => d + 2),
    };
    expect(recheckStep({ ...model, tensors: { ...model.tensors, D11 } })?.holds).toBe(false);
  });

  test("computes from its file what the predictor computes, and is read back whole", async () => {
    const { model } = await found;
    const file = encodeStep(model);
    expect(decodeStep(file)).toEqual(model);
    const { inputs, outputs } = decode(file);
    const program = await compile(inputs, outputs, { threads: 1 });
    const n = model.tensors.b_x.shape[0];
    const u = check.u.subarray(0, 30);
    let x: Tensor = tensorOf(new Float32Array(n), [1, n]);
    const y: number[] = [];
    for (const value of u) {
      const step = await program.run({ u: tensorOf(Float32Array.of(value), [1, 1]), x });
      y.push(Number(step.y.data[0]));
      x = step.x_next;
    }
    await program.release();
    const wanted = stepPredictor(model).simulate(u, new Float64Array(n)).y;
    expect(y).toBeAllClose(Array.from(wanted), { atol: 1e-4, rtol: 1e-4 });
  });

  test("computes the same where D11 is far from symmetric, and takes thousands of steps to solve", async () => {
    const { model } = await found;
    const q = 6;
    const network = ren({ inputs: 1, outputs: 1, states: 3, neurons: q, feedback: "full" });
    const start = network.initialise(1);
    const Y2 = Float32Array.from({ length: q * q }, (_, k) => 20 * Math.sin(k * k + 1));
    const stored = await storedProgram(network, 1);
    const { tensors, metric } = await stored.run({ ...start, Y2: tensorOf(Y2, [q, q]) });
    await stored.release();
    const { form, activation, guarantee } = network;
    const claim = { activation, feedback: "full", rate: form.rate, guarantee } as const;
    const turning: StepModel = {
      ...model,
      tensors: { ...model.tensors, ...tensors },
      certificate: certifyRen(tensors, metric, claim),
    };
    const { inputs, outputs } = decode(encodeStep(turning));
    const program = await compile(inputs, outputs, { threads: 1 });
    const x = [2, -1, 3];
    for (const u of [-3, 0.1, 2]) {
      const feeds = { u: Float32Array.of(u), x: Float32Array.from(x) };
      const step = await program.run({
        u: tensorOf(feeds.u, [1, 1]),
        x: tensorOf(feeds.x, [1, 3]),
      });
      const wanted = stepPredictor(turning).simulate(
        Float64Array.from(feeds.u),
        Float64Array.from(x),
      );
      expect(Array.from(step.y.data, Number)).toBeAllClose(wanted.y, { atol: 2e-5, rtol: 2e-5 });
      expect(Array.from(step.x_next.data, Number)).toBeAllClose(wanted.x, {
        atol: 2e-5,
        rtol: 2e-5,
      });
    }
    await program.release();
  });

  test("is not read from a file whose solver is of another D11", async () => {
    const { model } = await found;
    const file = decode(encodeStep(model));
    const R = file.initialisers["D11.reflected"];
    const data = Float32Array.from(R.node.data as Float32Array, (r) => r + 0.01);
    const other = { ...R, node: { ...R.node, data } };
    const changed = { ...file, initialisers: { ...file.initialisers, "D11.reflected": other } };
    expect(() => decodeStep(changed)).toThrow(DataError);
    expect(() => decodeStep(changed)).toThrow("D11.reflected is not that of D11");
    // Nor as one that is solved by substitution, which is another network.
    const about = JSON.parse(file.metadata["eigenflow.model"]);
    const metadata = {
      ...file.metadata,
      "eigenflow.model": JSON.stringify({ ...about, feedback: "acyclic" }),
    };
    expect(() => decodeStep({ ...file, metadata })).toThrow("its certificate is of full feedback");
  });
});
