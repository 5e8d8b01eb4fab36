import { describe, expect, test } from "vitest";
import { gradient } from "../../src/autodiff/gradient.ts";
import { randomStream } from "../../src/data/random.ts";
import { square } from "../../src/graph/ops/elementwise.ts";
import { reduceSum } from "../../src/graph/ops/reduction.ts";
import { constantOf, tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import {
  accuracyOf,
  dense,
  entering,
  leaving,
  logitsOf,
  networkOf,
  parameterCount,
} from "../../src/hybrid/network.ts";
import { plateauRate } from "../../src/hybrid/plateau.ts";
import { scalingModel, trainScaling, untrainedScaling } from "../../src/hybrid/scaling.ts";
import { startedMlp } from "../../src/hybrid/train.ts";
import { fromRows, matrix } from "../../src/linalg/matrix.ts";
import { compile } from "../../src/runtime/program.ts";
import { solverHealth } from "../../src/solvers/fixed-point.ts";
import { adamW } from "../../src/training/optimisers.ts";

const random = randomStream(5);
const layer = {
  weights: matrix(4, 6, () => random.normal() / 2),
  bias: Float64Array.from({ length: 4 }, () => 0.1),
};
const X = matrix(300, 6, () => Math.max(0, random.normal()));

describe("network", () => {
  test("has the parameters of the paper's networks", () => {
    const count = (widths: number[]) => parameterCount(networkOf(startedMlp(widths).initialise(1)));
    expect(count([2, 8, 6, 4, 3, 2])).toBe(129);
    expect(count([784, 256, 128, 64, 32, 10])).toBe(244_522);
    const trained = (inputs: number, outputs: number) => {
      const weights = matrix(outputs, inputs, () => 0);
      const model = scalingModel({ weights, bias: new Float64Array(outputs) }, "he");
      const sizes = Object.values(model.initialise(1)).map(({ data }) => data.length);
      return sizes.reduce((sum, n) => sum + n, 0);
    };
    expect([trained(6, 4), trained(6, 4) + 129]).toEqual([420, 549]);
    expect([trained(64, 32), trained(64, 32) + 244_522]).toEqual([41_600, 286_122]);
  });

  test("computes what the graph of the model computes, whole and cut at any layer", async () => {
    const model = startedMlp([2, 8, 6, 4, 3, 2]);
    const parameters = model.initialise(3);
    expect(new Set(Array.from(parameters["layer2.bias"].data, Number))).toEqual(
      new Set([Math.fround(0.01)]),
    );
    const network = networkOf(parameters);
    const rows = matrix(9, 2, (i, j) => Math.sin(i + 3 * j));
    const x = input("x", "float32", ["N", 2]);
    const values = Object.fromEntries(
      Object.entries(parameters).map(([name, tensor]) => [name, constantOf(tensor)]),
    );
    const program = await compile({ x }, { y: model.apply(values, x, solverHealth()) });
    const { y } = await program.run({ x: tensorOf(Float32Array.from(rows.data), [9, 2]) });
    await program.release();
    expect(logitsOf(network, rows).data).toBeAllClose(y.data as Float32Array, { atol: 1e-5 });
    for (const l of [1, 2, 3]) {
      const out = dense(network.layers[l], entering(network, l, rows));
      const positive = { ...out, data: out.data.map((v) => Math.max(0, v)) };
      expect(leaving(network, l, positive).data).toBeAllClose(logitsOf(network, rows).data);
    }
  });

  test("a row without a number is wrong, not class 0", () => {
    const logits = { rows: 3, cols: 2, data: Float64Array.from([1, 0, 0, 1, Number.NaN, 0]) };
    expect(accuracyOf(logits, [0n, 1n, 0n])).toBeCloseTo(2 / 3);
  });
});

describe("scaling block", () => {
  /** r and the gradient of Σ r² of the block of identities, for targets y [N × 4]. */
  async function residuals(targets: Float32Array, rows: number) {
    const model = scalingModel(layer, "he", 2);
    const p = Object.fromEntries(
      [0, 1].flatMap((j) => [
        [`layer${j}.weight`, input(`layer${j}.weight`, "float32", [6, 6])],
        [`layer${j}.bias`, input(`layer${j}.bias`, "float32", [6])],
      ]),
    );
    const x = input("x", "float32", ["N", 10]);
    const r = model.apply(p, x, solverHealth());
    const { slope } = gradient(reduceSum(square(r)), { slope: p["layer1.bias"] });
    const program = await compile({ ...p, x }, { r, slope });
    const eye = Float32Array.from({ length: 36 }, (_, k) => Number(k % 7 === 0));
    const features = Float32Array.from({ length: rows * 10 }, (_, k) => {
      const [i, j] = [Math.floor(k / 10), k % 10];
      return j < 6 ? X.data[i * 6 + j] : targets[i * 4 + j - 6];
    });
    const feeds = Object.fromEntries(
      Object.entries(p).map(([name, { shape }]) => [
        name,
        tensorOf(name.endsWith("weight") ? eye : new Float32Array(6), shape as number[]),
      ]),
    );
    const found = await program.run({ ...feeds, x: tensorOf(features, [rows, 10]) });
    await program.release();
    return { r: found.r.data as Float32Array, slope: found.slope.data as Float32Array };
  }
  const rows = { ...X, rows: 8, data: X.data.slice(0, 48) };
  const y = dense(layer, rows).data.map((v) => Math.max(0, v));

  test("the identity is a solution of loss zero, and has a slope", async () => {
    const { r, slope } = await residuals(Float32Array.from(y), 8);
    expect(r).toBeAllClose(new Float32Array(32), { atol: 1e-6 });
    expect(slope.every(Number.isFinite)).toBe(true);
  });

  test("the squared residual is twice the Huber loss", async () => {
    const errors = Float32Array.from({ length: 32 }, (_, k) => (k - 16) / 5);
    const { r, slope } = await residuals(
      Float32Array.from(y, (v, k) => v - errors[k]),
      8,
    );
    const huber = errors.map((e) => (Math.abs(e) <= 1 ? e ** 2 / 2 : Math.abs(e) - 0.5));
    expect(r.map((v) => v ** 2 / 2)).toBeAllClose(huber, { rtol: 1e-4, atol: 1e-5 });
    // d/db Σ 2·Huber = 2 Σ clip(e, ±1) Wᵀ where the layer's own ReLU and the block's are open.
    const expected = Array.from({ length: 6 }, (_, j) => {
      let sum = 0;
      for (let i = 0; i < 8; i++) {
        for (let k = 0; k < 4; k++) {
          const open = y[i * 4 + k] > 0 && rows.data[i * 6 + j] > 0;
          const clipped = Math.max(-1, Math.min(1, errors[i * 4 + k]));
          if (open) sum += 2 * clipped * layer.weights.data[k * 6 + j];
        }
      }
      return sum;
    });
    expect(slope).toBeAllClose(expected, { rtol: 1e-3, atol: 1e-4 });
  });

  test("training brings the end of the block to the layer's output; the same seed the same block", async () => {
    const recipe = { rate: 3e-3, epochs: 60, batch: 100, optimiser: adamW() };
    const options = { seed: 2, start: "near-identity", count: 3 } as const;
    const block = await trainScaling(layer, X, recipe, options);
    const first = await trainScaling(layer, X, { ...recipe, epochs: 1 }, options);
    expect(block.layers).toHaveLength(3);
    expect(block.loss).toBeLessThan(first.loss / 10);
    expect(await trainScaling(layer, X, recipe, options)).toEqual(block);
    expect(untrainedScaling(layer, options).layers[0].weights).not.toEqual(block.layers[0].weights);
  });

  test("near the identity: deviations of 1/(2√n), biases 0.01", () => {
    const wide = { weights: matrix(1, 100, () => 1), bias: new Float64Array(1) };
    const [{ weights, bias }] = untrainedScaling(wide, { seed: 1, start: "near-identity" }).layers;
    const off = weights.data.map((w, k) => w - Number(k % 101 === 0));
    const deviation = Math.sqrt(off.reduce((sum, d) => sum + d * d, 0) / off.length);
    expect(deviation).toBeGreaterThan(0.045);
    expect(deviation).toBeLessThan(0.055);
    expect(bias[0]).toBeCloseTo(0.01, 6);
  });
});

test("the rate falls as torch's ReduceLROnPlateau would have it", () => {
  const plateau = { factor: 0.5, patience: 1, threshold: 0.1 };
  const { schedule, observe } = plateauRate({ rate: 8, plateau, enough: ({ loss }) => loss < 0.1 });
  const seen = (loss: number) => ({
    epoch: 1,
    total: 1,
    attempt: 0,
    train: { loss },
    test: { loss },
    theta: new Float32Array(1),
  });
  const rates = [1, 0.95, 0.94, 0.8, 0.79, 0.78, 0.77, 0.76].map((loss) => {
    expect(observe(seen(loss)).act).toBe("continue");
    return schedule(1, 1);
  });
  // 0.95 and 0.94 are no tenth below 1: two bad epochs, one more than patience; 0.8 is good.
  expect(rates).toEqual([8, 8, 4, 4, 4, 2, 2, 1]);
  expect(observe(seen(0.05)).act).toBe("stop");
});

test("a layer wider than its input cannot be padded", async () => {
  const { trajectoriesOf } = await import("../../src/hybrid/trajectories.ts");
  const wide = { weights: fromRows([[1], [2]]), bias: new Float64Array(2) };
  expect(() => trajectoriesOf(wide, [], fromRows([[1]]))).toThrow("none wider than its input");
});
