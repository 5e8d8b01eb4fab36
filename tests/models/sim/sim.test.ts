import { describe, expect, test } from "vitest";
import { sampleJacobian } from "../../../src/autodiff/jacobian.ts";
import { splitBySeed } from "../../../src/data/split.ts";
import { twoMoons } from "../../../src/data/two-moons.ts";
import { UsageError } from "../../../src/errors.ts";
import { matmul } from "../../../src/graph/ops/linear.ts";
import { transpose } from "../../../src/graph/ops/movement.ts";
import { constantOf, type Tensor, tensorOf } from "../../../src/graph/tensor.ts";
import { input, topologicalOrder } from "../../../src/graph/value.ts";
import { matrixOf } from "../../../src/linalg/matrix.ts";
import { singularValues } from "../../../src/linalg/svd.ts";
import { mlp } from "../../../src/models/mlp.ts";
import { trainedCount } from "../../../src/models/model.ts";
import { normalisedCnn } from "../../../src/models/normalised-cnn.ts";
import { fourierFeatures, fourierWeights } from "../../../src/models/sim/fourier.ts";
import { sim } from "../../../src/models/sim/sim.ts";
import { temporalConvolution } from "../../../src/models/temporal-convolution.ts";
import { decode } from "../../../src/onnx/decode.ts";
import { solverHealth } from "../../../src/solvers/fixed-point.ts";
import { deploy, explicitTensors } from "../../../src/training/deploy.ts";
import { fit } from "../../../src/training/fit.ts";
import { adam, adamW } from "../../../src/training/optimisers.ts";
import { constantRate } from "../../../src/training/schedules.ts";
import { parametersOf } from "../../../src/training/state.ts";
import { evaluate, noise } from "../../autodiff/differences.ts";

const image = [1, 28, 28] as const;
const single = sim({
  basis: normalisedCnn({ image, channels: 24, outputs: 50 }),
  width: 32,
  outputs: 10,
});
const twoTier = sim({
  basis: normalisedCnn({ image, channels: 21, outputs: 50 }),
  fourier: { count: 104, bandwidth: 10 },
  width: 32,
  outputs: 10,
});
const copying = { inputs: 1, channels: 10, levels: 8, kernel: 8, outputs: 32 } as const;

describe("parameters are as many as published", () => {
  test.each([
    ["MNIST, single-tier", single, 81_480],
    ["MNIST, two-tier", twoTier, 80_466],
    [
      "copy memory",
      sim({ basis: temporalConvolution({ ...copying, length: 30 }), width: 32, outputs: 10 }),
      17_294,
    ],
    [
      "copy memory, two-tier",
      sim({
        basis: temporalConvolution({ ...copying, length: 30 }),
        fourier: { count: 32, bandwidth: 500 },
        width: 32,
        outputs: 10,
      }),
      17_294,
    ],
    [
      "CIFAR-10, single-tier",
      sim({
        basis: normalisedCnn({ image: [3, 32, 32], channels: 38, outputs: 50 }),
        width: 32,
        outputs: 10,
      }),
      168_694,
    ],
  ])("%s", (_, model, count) => {
    expect(trainedCount(model)).toBe(count);
  });
});

const constants = (tensors: Readonly<Record<string, Tensor>>) =>
  Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, constantOf(t)]));
const numbers = ({ data }: Tensor) => Array.from(data, Number);

test("inner products of Fourier features are the Gaussian kernel within O(1/√m)", async () => {
  const [rows, width, bandwidth] = [12, 5, 1.3];
  const a = noise(rows * width, 3);
  const error = async (count: number) => {
    const p = fourierFeatures(
      constantOf(tensorOf(Float32Array.from(a), [rows, width])),
      constantOf(fourierWeights({ count, bandwidth }, width, 5)),
    );
    const { gram } = await evaluate({}, { gram: matmul(p, transpose(p)) }, {});
    return numbers(gram).reduce((worst, found, k) => {
      const [i, j] = [Math.floor(k / rows), k % rows];
      const squared = a
        .slice(i * width, (i + 1) * width)
        .reduce((sum, x, l) => sum + (x - a[j * width + l]) ** 2, 0);
      return Math.max(worst, Math.abs(found - Math.exp(-squared / (2 * bandwidth ** 2))));
    }, 0);
  };
  // 66 pairs, each with a deviation of at most 1/√m.
  expect(await error(400)).toBeLessThan(4 / Math.sqrt(400));
  expect(await error(40_000)).toBeLessThan(4 / Math.sqrt(40_000));
});

const small = sim({
  basis: mlp([2, 16, 12]),
  fourier: { count: 20, bandwidth: 2 },
  rank: 3,
  width: 8,
  outputs: 2,
  projector: 0.5,
});

test("the Jacobian of features → U V features has rank k, whatever the features", async () => {
  const p = input("p", "float64", [1, 20]);
  const cast = Object.fromEntries(
    Object.entries(small.initialise(2)).map(([name, { data, shape }]) => [
      name,
      constantOf(tensorOf(Float64Array.from(data, Number), shape)),
    ]),
  );
  const J = sampleJacobian(small.core(cast, p), p);
  const found = await evaluate(
    { p },
    { J },
    { p: tensorOf(Float64Array.from(noise(20)), [1, 20]) },
  );
  const values = singularValues(matrixOf(20, 20, Float64Array.from(numbers(found.J))));
  expect(values[2]).toBeGreaterThan(1e-3);
  expect(values[3]).toBeLessThan(1e-12);
});

const data = splitBySeed(twoMoons(300, 3, 0.1), 0.8, 1);
const usual = { seed: 1, batch: 32, compile: { threads: 1 } } as const;
async function trained(model: typeof small, options: object) {
  for await (const event of fit(model, data, {
    ...usual,
    optimiser: adam(),
    schedule: constantRate(5e-3),
    epochs: 12,
    ...options,
  }))
    if (event.type === "end") return event;
  throw new Error("no end");
}

test("training leaves the frozen features as they were drawn, weight decay or not", async () => {
  const before = small.initialise(1);
  for (const optimiser of [adam(), adamW({ weightDecay: 0.1 })]) {
    const { state, status } = await trained(small, { optimiser, epochs: 2 });
    const after = parametersOf(small, state);
    expect(status).toBe("completed");
    expect(after["fourier.weight"].data).toEqual(before["fourier.weight"].data);
    for (const name of Object.keys(before).filter((name) => name !== "fourier.weight"))
      expect(after[name].data, name).not.toEqual(before[name].data);
  }
});

test("the penalty makes UV a projector: the core twice is the core once", async () => {
  const p = input("p", "float32", [7, 20]);
  const feeds = { p: tensorOf(Float32Array.from(noise(140)), [7, 20]) };
  const defect = async (tensors: Readonly<Record<string, Tensor>>) => {
    const once = small.core(constants(tensors), p);
    const twice = small.core(constants(tensors), once);
    const found = await evaluate({ p }, { once, twice }, feeds);
    const [a, b] = [numbers(found.once), numbers(found.twice)];
    return Math.hypot(...a.map((x, i) => x - b[i])) / Math.hypot(...a);
  };
  const { state } = await trained(small, { epochs: 60 });
  expect(await defect(small.initialise(1))).toBeGreaterThan(0.5);
  expect(await defect(parametersOf(small, state))).toBeLessThan(0.02);
});

test("learns, and is exported as one pass without a loop", async () => {
  const { state } = await trained(small, { epochs: 40 });
  const parameters = parametersOf(small, state);
  const x = input("x", "float32", ["N", 2]);
  const y = small.apply(constants(parameters), x, solverHealth());
  const { test: held } = data;
  const feeds = { x: tensorOf(held.features, [held.count, 2]) };
  const found = numbers((await evaluate({ x }, { y }, feeds)).y);
  const labels = held.targets.kind === "classes" ? held.targets.labels : [];
  const right = Array.from(labels).filter(
    (label, i) => +(found[2 * i + 1] > found[2 * i]) === Number(label),
  );
  expect(right.length / held.count).toBeGreaterThan(0.9);

  const tensors = await explicitTensors(small, parameters, null);
  const file = deploy(small, tensors, { task: "classes", doc: "", metadata: {} });
  const { inputs, outputs } = decode(file);
  expect(Object.keys(inputs)).toEqual(["x"]);
  const ops = topologicalOrder(Object.values(outputs)).map(({ op }) => op);
  expect(ops).not.toContain("Loop");
  expect(ops).not.toContain("Scan");
  const exported = await evaluate(inputs, { logits: outputs.logits }, feeds);
  expect(numbers(exported.logits)).toBeAllClose(found, { rtol: 1e-5, atol: 1e-5 });
});

test.each([
  [{ rank: 13 }, "rank 13 of 12"],
  [{ width: 0 }, "width = 0"],
  [{ fourier: { count: 7, bandwidth: 1 } }, "count = 7"],
  [{ fourier: { count: 8, bandwidth: 0 } }, "bandwidth 0"],
  [{ projector: -1 }, "projector -1"],
  [{ wdith: 3 }, "wdith"],
])("refuses %s", (wrong, message) => {
  const options = { basis: mlp([2, 12]), width: 4, outputs: 2, ...wrong };
  expect(() => sim(options)).toThrow(UsageError);
  expect(() => sim(options)).toThrow(message);
});
