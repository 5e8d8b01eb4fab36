import { describe, expect, test } from "vitest";
import { fitStandardisation } from "../../src/data/standardise.ts";
import { twoMoons } from "../../src/data/two-moons.ts";
import { constantOf, tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { cnn } from "../../src/models/cnn.ts";
import { deq } from "../../src/models/deq.ts";
import { convolutional } from "../../src/models/layers/convolutional.ts";
import { dense, residual } from "../../src/models/layers/dense.ts";
import { twoScale } from "../../src/models/layers/two-scale.ts";
import { mlp } from "../../src/models/mlp.ts";
import type { Model } from "../../src/models/model.ts";
import { monotoneConvDeq } from "../../src/models/monotone-conv-deq.ts";
import { monotoneDeq } from "../../src/models/monotone-deq.ts";
import { decode } from "../../src/onnx/decode.ts";
import { encode } from "../../src/onnx/encode.ts";
import { loadBackend } from "../../src/runtime/backend.ts";
import { compile } from "../../src/runtime/program.ts";
import { solverHealth } from "../../src/solvers/fixed-point.ts";
import { deploy, explicitTensors } from "../../src/training/deploy.ts";

const options = { rtol: 1e-6, maxIterations: 200 };
const forward = options;
const image = { image: [1, 4, 4], channels: 4, groups: 2 } as const;
const models: readonly (readonly [string, Model])[] = [
  ["mlp", mlp([2, 8, 3], { activation: "gelu" })],
  [
    "monotone-deq, Peaceman–Rachford",
    monotoneDeq({ inputs: 2, width: 9, outputs: 3, forward: options }),
  ],
  [
    "monotone-deq, forward–backward, tanh",
    monotoneDeq({
      inputs: 2,
      width: 9,
      outputs: 3,
      activation: "tanh",
      splitting: "forward-backward",
      alpha: 0.2,
      forward: options,
    }),
  ],
  [
    "monotone-conv-deq, two tiers",
    monotoneConvDeq({
      image: [1, 8, 8],
      channels: [2, 3],
      outputs: 3,
      injection: { kernel: 3, stride: 2 },
      forward: options,
    }),
  ],
  [
    "monotone-conv-deq in squares, with a border",
    monotoneConvDeq({
      image: [1, 8, 8],
      channels: [2],
      outputs: 3,
      injection: { kernel: 3, stride: 1 },
      border: 1,
      pool: 4,
      forward: options,
    }),
  ],
  [
    "cnn",
    cnn({ image: [1, 12, 12], channels: [3], kernel: 3, padding: "same", hidden: [5], outputs: 3 }),
  ],
  [
    "deq, its weight normalised, with all that training adds",
    deq({
      inputs: 2,
      outputs: 3,
      layer: dense({ width: 9 }),
      forward,
      normalise: { kind: "spectral" },
      dropout: 0.5,
      warmStart: true,
      jacobian: { gamma: 1 },
    }),
  ],
  [
    "deq, residual, weights normalised by rows",
    deq({
      inputs: 2,
      outputs: 3,
      layer: residual({ width: 6 }),
      forward,
      normalise: { kind: "weight" },
    }),
  ],
  ["deq, convolutional", deq({ inputs: 16, outputs: 3, layer: convolutional(image), forward })],
  ["deq, two scales", deq({ inputs: 16, outputs: 3, layer: twoScale(image), forward })],
];

/** Raw feature rows that no model has seen. */
function rows(model: Model, count: number) {
  const data = twoMoons(count * model.inputs, 5, 0.2).features.subarray(0, count * model.inputs);
  return tensorOf(
    Float32Array.from(data, (x) => 3 * x + 1),
    [count, model.inputs],
  );
}

describe.each(models)("%s", (_, model) => {
  const doc = { task: "classes" as const, doc: "a test model", metadata: { origin: "test" } };

  test("the file gives the logits of the training graph, for any batch size", async () => {
    const parameters = model.initialise(3);
    const x = input("x", "float32", ["N", model.inputs]);
    const constants = Object.fromEntries(
      Object.entries(parameters).map(([k, v]) => [k, constantOf(v)]),
    );
    const trained = await compile(
      { x },
      { y: model.apply(model.explicit(constants), x, solverHealth()) },
    );
    const bytes = deploy(model, await explicitTensors(model, parameters, null), doc);
    const { ort } = await loadBackend();
    const session = await ort.InferenceSession.create(bytes);
    for (const count of [1, 7, 64]) {
      const batch = rows(model, count);
      const { y } = await trained.run({ x: batch });
      const found = await session.run({ x: new ort.Tensor("float32", batch.data, batch.shape) });
      expect(found.logits.dims).toEqual([count, 3]);
      expect(found.logits.data as Float32Array).toBeAllClose(y.data as Float32Array, {
        rtol: 1e-5,
        atol: 1e-5,
      });
    }
    await session.release();
    await trained.release();
  });

  test("holds standard operators only, its text and its metadata", async () => {
    const bytes = deploy(model, await explicitTensors(model, model.initialise(3), null), doc);
    const file = decode(bytes);
    expect(file.doc).toBe("a test model");
    expect(file.metadata.origin).toBe("test");
    expect(Object.keys(file.opsets)).toEqual([""]);
  });

  test("survives being read and written again", async () => {
    const bytes = deploy(model, await explicitTensors(model, model.initialise(3), null), doc);
    const { inputs, outputs } = decode(bytes);
    const again = encode({ inputs, outputs });
    const { ort } = await loadBackend();
    const [first, second] = [
      await ort.InferenceSession.create(bytes),
      await ort.InferenceSession.create(again),
    ];
    const batch = rows(model, 5);
    const feeds = { x: new ort.Tensor("float32", batch.data, batch.shape) };
    const [a, b] = [await first.run(feeds), await second.run(feeds)];
    expect(Object.keys(b).sort()).toEqual(Object.keys(a).sort());
    for (const name of Object.keys(a)) expect(b[name].data).toEqual(a[name].data);
    await first.release();
    await second.release();
  });
});

test("the standardisation travels with the file", async () => {
  const model = mlp([2, 4, 2]);
  const data = twoMoons(50, 1, 0.1);
  const standardisation = fitStandardisation(data, { per: "feature" });
  const doc = { task: "classes" as const, doc: "", metadata: {} };
  const parameters = model.initialise(1);
  const { ort } = await loadBackend();
  const run = async (bytes: Uint8Array, x: Float32Array) => {
    const session = await ort.InferenceSession.create(bytes);
    const { logits } = await session.run({ x: new ort.Tensor("float32", x, [x.length / 2, 2]) });
    await session.release();
    return logits.data as Float32Array;
  };
  const { mean, scale } = standardisation;
  const scaled = data.features.map((x, i) => (x - mean[i % 2]) / scale[i % 2]);
  const raw = deploy(model, await explicitTensors(model, parameters, standardisation), doc);
  const bare = deploy(model, await explicitTensors(model, parameters, null), doc);
  expect(await run(raw, data.features)).toBeAllClose(await run(bare, scaled), {
    rtol: 1e-5,
    atol: 1e-6,
  });
});

test("the residual in the file is that of the model's equation, and falls with the tolerance", async () => {
  const { ort } = await loadBackend();
  const worst = async (rtol: number) => {
    const model = monotoneDeq({ inputs: 2, width: 9, outputs: 3, m: 0.2, forward: { rtol } });
    const tensors = await explicitTensors(model, model.initialise(3), null);
    const session = await ort.InferenceSession.create(
      deploy(model, tensors, { task: "classes", doc: "", metadata: {} }),
    );
    const batch = rows(model, 20);
    const { residual } = await session.run({ x: new ort.Tensor("float32", batch.data, [20, 2]) });
    await session.release();
    return Math.max(...(residual.data as Float32Array));
  };
  const [loose, tight] = [await worst(1e-1), await worst(1e-6)];
  expect(tight).toBeLessThan(2e-5);
  expect(loose).toBeGreaterThan(100 * tight);
});
