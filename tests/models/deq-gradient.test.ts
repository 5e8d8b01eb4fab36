import { describe, expect, test } from "vitest";
import { type DeqOptions, deq } from "../../src/models/deq.ts";
import { convolutional } from "../../src/models/layers/convolutional.ts";
import { dense, perceptron, residual } from "../../src/models/layers/dense.ts";
import type { Layer } from "../../src/models/layers/layer.ts";
import { twoScale } from "../../src/models/layers/two-scale.ts";
import type { Model } from "../../src/models/model.ts";
import { checkDerivative, evaluate } from "../autodiff/differences.ts";
import { built, exactly } from "./deq.ts";

const vectors: readonly (readonly [string, Layer])[] = [
  ["dense tanh", dense({ width: 4 })],
  ["dense relu", dense({ width: 4, activation: "relu" })],
  ["perceptron", perceptron({ width: 2, hidden: 4, activation: "softplus" })],
  ["residual", residual({ width: 4, hidden: 3, activation: "tanh" })],
];
const image = { image: [1, 4, 4], channels: 2, activation: "softplus" } as const;
const images: readonly (readonly [string, Layer])[] = [
  ["convolutional", convolutional(image)],
  ["convolutional, in groups", convolutional({ ...image, groups: 2, stride: 2, pool: 2 })],
  ["two scales", twoScale({ ...image, stride: 2, coarse: 2 })],
];
const options: readonly (readonly [string, Partial<DeqOptions>])[] = [
  ["no option", {}],
  ["the Jacobian estimated", { jacobian: { gamma: 0.7, samples: 2, probability: 0.9999 } }],
  ["damping and dropout", { damping: 0.7, dropout: 0.2 }],
];
const initial = { kind: "normal", deviation: 0.2 } as const;

/** All that training minimises against central differences in every parameter. */
async function check(model: Model, dtype: "float32" | "float64" = "float64") {
  const { inputs, feeds, loss, pass } = built(model, { dtype });
  const found = await evaluate(inputs, { status: pass.forward[0].status }, feeds);
  expect(Array.from(found.status.data, Number)).toEqual([1, 1, 1]);
  await checkDerivative({ inputs, feeds, outputs: [loss] });
}

describe.each(vectors)("%s", (_, layer) => {
  test.each(options)("%s", async (__, more) => {
    await check(deq({ inputs: 3, outputs: 2, layer, initial, ...exactly, ...more }));
  });
});

// ONNX Runtime has no convolution in double precision.
const single = { rtol: 1e-5, maxIterations: 500 };
describe.each(images)("%s", (_, layer) => {
  test.each(options)("%s", async (__, more) => {
    const solvers = { forward: single, backward: single };
    await check(deq({ inputs: 16, outputs: 2, layer, initial, ...solvers, ...more }), "float32");
  });
});

const base = { inputs: 3, outputs: 2, layer: dense({ width: 4 }), ...exactly };
test.each<[string, Partial<DeqOptions>]>([
  ["the Jacobian in closed form", { jacobian: { gamma: 0.7, samples: "exact" } }],
  ["the Jacobian row by row", { jacobian: { gamma: 0.7, samples: "exact" }, dropout: 0.2 }],
  ["weight normalisation", { normalise: { kind: "weight" } }],
  ["spectral normalisation", { normalise: { kind: "spectral", power: "converged", target: 0.8 } }],
  [
    "a learned norm",
    { normalise: { kind: "spectral", power: "converged", scale: "learned", target: 0.8 } },
  ],
  [
    "only what is above",
    { normalise: { kind: "spectral", power: "converged", scale: "shrink", target: 0.5 } },
  ],
  ["correction", { correction: { steps: [1, 3] }, damping: 0.8 }],
  ["a warm start", { warmStart: true }],
  ["a normal start", { initial: { kind: "normal", deviation: 0.2 } }],
])("dense with %s", async (_, more) => {
  await check(deq({ ...base, ...more }));
});
