import { describe, expect, test } from "vitest";
import { type DeqOptions, deq } from "../../src/models/deq.ts";
import { convolutional } from "../../src/models/layers/convolutional.ts";
import { dense, perceptron, residual } from "../../src/models/layers/dense.ts";
import type { Layer } from "../../src/models/layers/layer.ts";
import { twoScale } from "../../src/models/layers/two-scale.ts";
import { checkDerivative, evaluate } from "../autodiff/differences.ts";
import { built, exactly } from "./deq.ts";

const image = { image: [1, 4, 4], channels: 2, activation: "softplus" } as const;
const layers: readonly (readonly [string, Layer, number])[] = [
  ["dense tanh", dense({ width: 4 }), 3],
  ["dense relu", dense({ width: 4, activation: "relu" }), 3],
  ["perceptron", perceptron({ width: 2, hidden: 4, activation: "softplus" }), 3],
  ["residual", residual({ width: 4, hidden: 3, activation: "tanh" }), 3],
  ["convolutional", convolutional(image), 16],
  ["convolutional, stride, groups and pooling", convolutional({ ...image, groups: 2, stride: 2, pool: 2 }), 16],
  ["two scales", twoScale({ ...image, stride: 2, coarse: 2 }), 16],
];
const options: readonly (readonly [string, Partial<DeqOptions>])[] = [
  ["no option", {}],
  ["the Jacobian estimated", { jacobian: { gamma: 0.7, samples: 2, probability: 0.9999 } }],
  ["damping and dropout", { damping: 0.7, dropout: 0.3 }],
];

/** All that training minimises against central differences in every parameter, solves at 1e-13. */
async function check(model: ReturnType<typeof deq>) {
  const { inputs, feeds, loss, pass } = built(model);
  const found = await evaluate(inputs, { status: pass.forward[0].status }, feeds);
  expect(Array.from(found.status.data, Number)).toEqual([1, 1, 1]);
  await checkDerivative({ inputs, feeds, outputs: [loss] });
}

describe.each(layers)("%s", (_, layer, inputs) => {
  test.each(options)("%s", async (__, more) => {
    await check(deq({ inputs, outputs: 2, layer, ...exactly, ...more }));
  });
});

const base = { inputs: 3, outputs: 2, layer: dense({ width: 4 }), ...exactly };
test.each<[string, Partial<DeqOptions>]>([
  ["the Jacobian in closed form", { jacobian: { gamma: 0.7, samples: "exact" } }],
  ["the Jacobian row by row", { jacobian: { gamma: 0.7, samples: "exact" }, dropout: 0.2 }],
  ["weight normalisation", { normalise: { kind: "weight" } }],
  ["spectral normalisation", { normalise: { kind: "spectral", power: "converged", target: 0.8 } }],
  ["a learned norm", { normalise: { kind: "spectral", power: "converged", scale: "learned", target: 0.8 } }],
  ["only what is above", { normalise: { kind: "spectral", power: "converged", scale: "shrink", target: 0.5 } }],
  ["correction", { correction: { steps: [1, 3] }, damping: 0.8 }],
  ["a warm start", { warmStart: true }],
  ["a normal start", { initial: { kind: "normal", deviation: 0.2 } }],
])("dense with %s", async (_, more) => {
  await check(deq({ ...base, ...more }));
});
