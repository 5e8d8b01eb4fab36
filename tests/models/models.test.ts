import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import { constantOf, tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { cnn } from "../../src/models/cnn.ts";
import { mlp } from "../../src/models/mlp.ts";
import type { Model } from "../../src/models/model.ts";
import { monotoneDeq } from "../../src/models/monotone-deq.ts";
import { compile } from "../../src/runtime/program.ts";
import { solverHealth } from "../../src/solvers/fixed-point.ts";

const count = (model: Model) =>
  Object.values(model.initialise(1)).reduce((sum, { data }) => sum + data.length, 0);

async function outputs(model: Model, x: Float32Array): Promise<Float32Array> {
  const constants = Object.fromEntries(
    Object.entries(model.initialise(1)).map(([name, tensor]) => [name, constantOf(tensor)]),
  );
  const value = input("x", "float32", ["N", model.inputs]);
  const y = model.apply(model.explicit(constants), value, solverHealth());
  const program = await compile({ x: value }, { y });
  const found = await program.run({ x: tensorOf(x, [x.length / model.inputs, model.inputs]) });
  await program.release();
  return found.y.data as Float32Array;
}

describe("parameters", () => {
  test("are as many as the formulas say", () => {
    expect(count(mlp([784, 128, 64, 10]))).toBe(784 * 128 + 128 + 128 * 64 + 64 + 64 * 10 + 10);
    // The published fully connected MNIST network: width 87, 84 K parameters.
    expect(count(monotoneDeq({ inputs: 784, width: 87, outputs: 10 }))).toBe(
      2 * 87 * 87 + 784 * 87 + 87 + 870 + 10,
    );
    expect(count(cnn({ image: [1, 28, 28], channels: [16, 32], hidden: [100], outputs: 10 }))).toBe(
      25 * 16 + 16 + 25 * 16 * 32 + 32 + 512 * 100 + 100 + 1000 + 10,
    );
  });

  test("depend on the seed and on nothing else", () => {
    const model = mlp([3, 4, 2]);
    expect(model.initialise(5)).toEqual(model.initialise(5));
    expect(model.initialise(6)).not.toEqual(model.initialise(5));
    const bound = 1 / Math.sqrt(3);
    const weights = [...model.initialise(5)["layer0.weight"].data].map(Number);
    expect(Math.max(...weights.map(Math.abs))).toBeLessThanOrEqual(bound);
  });
});

test("a perceptron computes its formula", async () => {
  const model = mlp([2, 3, 1], { activation: "tanh" });
  const p = model.initialise(1);
  const at = (name: string, i: number) => Number(p[name].data[i]);
  const x = [0.3, -1.2];
  const h = [0, 1, 2].map((i) =>
    Math.tanh(
      at("layer0.weight", 2 * i) * x[0] +
        at("layer0.weight", 2 * i + 1) * x[1] +
        at("layer0.bias", i),
    ),
  );
  const y = h.reduce((sum, v, i) => sum + at("layer1.weight", i) * v, at("layer1.bias", 0));
  expect(await outputs(model, Float32Array.from(x))).toBeAllClose([y], { rtol: 1e-5, atol: 1e-6 });
});

test("a convolutional network computes its formula", async () => {
  const model = cnn({ image: [1, 6, 6], channels: [1], kernel: 3, hidden: [], outputs: 1 });
  const p = model.initialise(1);
  const weight = (name: string, i: number) => Number(p[name].data[i]);
  const x = Float32Array.from({ length: 36 }, (_, i) => Math.sin(i * i));
  const convolved = (i: number, j: number) => {
    let sum = weight("conv0.bias", 0);
    for (let k = 0; k < 9; k++) {
      const [di, dj] = [Math.floor(k / 3), k % 3];
      sum += weight("conv0.weight", k) * x[(i + di) * 6 + j + dj];
    }
    return sum;
  };
  const pooled = [0, 1, 2, 3].map((k) => {
    const [i, j] = [2 * Math.floor(k / 2), 2 * (k % 2)];
    return Math.max(
      0,
      convolved(i, j),
      convolved(i, j + 1),
      convolved(i + 1, j),
      convolved(i + 1, j + 1),
    );
  });
  const y = pooled.reduce(
    (sum, v, i) => sum + weight("dense0.weight", i) * v,
    weight("dense0.bias", 0),
  );
  expect(await outputs(model, x)).toBeAllClose([y], { rtol: 1e-5, atol: 1e-6 });
});

test.each([
  ["one width", () => mlp([3])],
  ["a fraction of a unit", () => mlp([3, 2.5, 1])],
  ["m = 0", () => monotoneDeq({ inputs: 2, width: 3, outputs: 1, m: 0 })],
  [
    "an odd side to pool",
    () => cnn({ image: [1, 9, 9], channels: [2], kernel: 3, hidden: [], outputs: 2 }),
  ],
  [
    "an even kernel that keeps the size",
    () =>
      cnn({ image: [1, 8, 8], channels: [2], kernel: 4, padding: "same", hidden: [], outputs: 2 }),
  ],
  [
    "an activation that is no prox",
    () => monotoneDeq({ inputs: 2, width: 3, outputs: 1, activation: "gelu" as never }),
  ],
])("refuses %s", (_, make) => {
  expect(make).toThrow(UsageError);
});
