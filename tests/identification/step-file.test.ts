import { beforeAll, describe, expect, test } from "vitest";
import { randomStream } from "../../src/data/random.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { identifyLinear } from "../../src/identification/identify.ts";
import { linearStep } from "../../src/identification/linear-step.ts";
import { identifyRen } from "../../src/identification/ren-fit.ts";
import { decodeStep, encodeSequence, encodeStep } from "../../src/identification/step-file.ts";
import { recheckStep, type StepModel, stepPredictor } from "../../src/identification/step-model.ts";
import { decode } from "../../src/onnx/decode.ts";
import { compile } from "../../src/runtime/program.ts";
import { experimentWith, randomSystem } from "./systems.ts";
import "../matchers.ts";

// Two inputs, two outputs.
const data = experimentWith(randomSystem(5, 3, 2, 2), 300, 5, { output: 0.05 });

const feedbackOf = (kind: "ren" | "full") => (kind === "full" ? "full" : "acyclic");

describe.each(["linear", "ren", "full"] as const)("a file of sequences, %s", (kind) => {
  let model: StepModel;
  beforeAll(async () => {
    model =
      kind === "linear"
        ? linearStep(identifyLinear([data], { stable: true }), [data])
        : (await identifyRen([data], { epochs: 3, neurons: 5, feedback: feedbackOf(kind) })).model;
  });

  const run = async (u: Float32Array, x: Float32Array, N: number, T: number) => {
    const { inputs, outputs } = decode(encodeSequence(model));
    const program = await compile(inputs, outputs, { threads: 1 });
    const n = x.length / N;
    const found = await program.run({ u: tensorOf(u, [N, T, 2]), x: tensorOf(x, [N, n]) });
    await program.release();
    return found;
  };

  test("answers a batch as the model simulates each, to 1e-6 of the range", async () => {
    const random = randomStream(1, kind);
    const [N, T, n] = [3, 80, model.tensors.b_x.shape[0]];
    const u = Float32Array.from({ length: N * T * 2 }, () => random.normal());
    const x = Float32Array.from({ length: N * n }, () => random.normal());
    const { y, x_next } = await run(u, x, N, T);
    expect([y.shape, x_next.shape]).toEqual([
      [N, T, 2],
      [N, n],
    ]);
    for (let k = 0; k < N; k++) {
      const own = Float64Array.from(u.subarray(k * T * 2, (k + 1) * T * 2));
      const wanted = stepPredictor(model).simulate(
        own,
        Float64Array.from(x.subarray(k * n, (k + 1) * n)),
      );
      const found = Array.from(y.data as Float32Array).slice(k * T * 2, (k + 1) * T * 2);
      const range = Math.max(...wanted.y.map(Math.abs));
      expect(found.map((v) => v / range)).toBeAllClose(
        [...wanted.y].map((v) => v / range),
        { atol: 1e-6, rtol: 0 },
      );
      const states = Array.from(x_next.data as Float32Array).slice(k * n, (k + 1) * n);
      expect(states).toBeAllClose([...wanted.x], { atol: 2e-6, rtol: 0 });
    }
  });

  test("goes on from the state that it gave back", async () => {
    const u = Float32Array.from(data.u.subarray(0, 120));
    const n = model.tensors.b_x.shape[0];
    const whole = await run(u, new Float32Array(n), 1, 60);
    const first = await run(u.slice(0, 50), new Float32Array(n), 1, 25);
    const second = await run(u.slice(50), first.x_next.data as Float32Array, 1, 35);
    const joined = [first, second].flatMap(({ y }) => Array.from(y.data as Float32Array));
    expect(joined).toBeAllClose(Array.from(whole.y.data as Float32Array), { atol: 1e-6 });
  });

  test("says what it is, and is read and proven as the file of a step is", () => {
    const { metadata } = decode(encodeSequence(model));
    expect(JSON.parse(metadata["eigenflow.model"])).toMatchObject({
      kind: kind === "linear" ? "linear" : "ren",
      ...(kind === "full" && { feedback: "full" }),
      entry: "sequence",
      sampleTime: data.sampleTime,
    });
    const read = decodeStep(encodeSequence(model));
    expect(read).toEqual(decodeStep(encodeStep(model)));
    expect(Buffer.compare(encodeSequence(model), encodeSequence(model))).toBe(0);
    expect(recheckStep(read)?.holds).toBe(true);
  });

  test.each([
    ["u.scale", 0, "u.scale[1] is 0, no deviation"],
    ["y.scale", -1, "y.scale[1] is -1, no deviation"],
    ["y.mean", NaN, 'tensor "y.mean": entry 1 is NaN'],
    ["b_y", NaN, 'tensor "b_y": entry 1 is NaN'],
  ])("with %s of %d is refused", (name, value, message) => {
    const tensors = { ...model.tensors, [name]: tensorOf(Float32Array.of(1, value), [2]) };
    expect(() => decodeStep(encodeStep({ ...model, tensors }))).toThrow(message);
  });

  test("one neuron, or none that is driven, is a network still", async () => {
    if (kind === "linear") return;
    const small = (
      await identifyRen([data], { epochs: 1, neurons: 1, states: 1, feedback: feedbackOf(kind) })
    ).model;
    expect(decodeStep(encodeSequence(small))).toEqual(small);
  });
});
