import { describe, expect, test } from "vitest";
import { constantOf, type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { constant, input } from "../../src/graph/value.ts";
import { batchNorm } from "../../src/models/layers/batch-norm.ts";
import type { Supplies } from "../../src/models/model.ts";
import { trainedCount } from "../../src/models/model.ts";
import { normalisedCnn } from "../../src/models/normalised-cnn.ts";
import { solverHealth } from "../../src/solvers/fixed-point.ts";
import type { TrainingState } from "../../src/training/events.ts";
import { fit } from "../../src/training/fit.ts";
import { adamW } from "../../src/training/optimisers.ts";
import { constantRate } from "../../src/training/schedules.ts";
import { parametersOf } from "../../src/training/state.ts";
import { checkDerivative, evaluate, noise } from "../autodiff/differences.ts";

const [rows, channels, side] = [5, 3, 2];
const count = rows * side * side;
const none = (): Supplies => ({
  noise: {},
  carried: {},
  remembered: {},
  next: { carried: {}, remembered: {}, settled: {} },
  penalties: [],
  corrections: [],
});
const x = input("x", "float64", [rows, channels, side, side]);
const gain = input("gain", "float64", [channels]);
const shift = input("shift", "float64", [channels]);
const fill = (value: number) => constant(Array(channels).fill(value), "float64");
const feeds = {
  x: tensorOf(Float64Array.from(noise(count * channels, 2)), [rows, channels, side, side]),
  gain: tensorOf(Float64Array.of(0.5, 1, -2), [channels]),
  shift: tensorOf(Float64Array.of(0, 1, 3), [channels]),
};
const supplies = none();
const given = { "n.gain": gain, "n.shift": shift, "n.mean": fill(0.5), "n.variance": fill(2) };
const y = batchNorm(x, given, "n", supplies);
const numbers = ({ data }: Tensor) => Array.from(data, Number);
const ofChannel = (list: readonly number[], c: number) =>
  list.filter((_, i) => Math.floor(i / side ** 2) % channels === c);
const average = (list: readonly number[]) => list.reduce((a, b) => a + b) / list.length;

describe("normalisation over the batch", () => {
  test("gives each channel its shift as mean and its gain as deviation, and moves the statistics", async () => {
    const { settled } = supplies.next;
    const found = await evaluate(
      { x, gain, shift },
      { y, mean: settled["n.mean"], variance: settled["n.variance"] },
      feeds,
    );
    for (let c = 0; c < channels; c++) {
      const before = ofChannel(numbers(feeds.x), c);
      const m = average(before);
      const squares = before.map((v) => (v - m) ** 2);
      const after = ofChannel(numbers(found.y), c);
      const [g, s] = [numbers(feeds.gain)[c], numbers(feeds.shift)[c]];
      const scale = g / Math.sqrt(average(squares) + 1e-5);
      expect(after).toBeAllClose(before.map((v) => (v - m) * scale + s));
      expect(numbers(found.mean)[c]).toBeCloseTo(0.9 * 0.5 + 0.1 * m, 12);
      const unbiased = (average(squares) * count) / (count - 1);
      expect(numbers(found.variance)[c]).toBeCloseTo(0.9 * 2 + 0.1 * unbiased, 12);
    }
  });

  test("has the derivative of its formula, by differences", async () => {
    await checkDerivative({ inputs: { x, gain, shift }, feeds, outputs: [y] });
  });
});

describe("a network with batch normalisation", () => {
  const model = normalisedCnn({ image: [1, 4, 4], channels: 3, outputs: 2 });
  const examples = 48;
  const features = Float32Array.from(noise(examples * 16, 4), (v) => 3 * v + 1);
  const labels = BigInt64Array.from({ length: examples }, (_, i) =>
    BigInt(+(features[16 * i] > 1)),
  );
  const set = {
    name: "squares",
    features,
    count: examples,
    width: 16,
    targets: { kind: "classes", labels, classes: 2 },
  } as const;
  const constants = (tensors: Readonly<Record<string, Tensor>>) =>
    Object.fromEntries(Object.entries(tensors).map(([name, t]) => [name, constantOf(t)]));

  test("counts no running statistics among what is trained", () => {
    const all = Object.values(model.initialise(1)).reduce((n, { data }) => n + data.length, 0);
    expect(trainedCount(model)).toBe(all - 4 * 2 * 3);
  });

  test("computes the same with its statistics folded in as with the batch's, once they are the batch's", async () => {
    // A rate of next to nothing: only the running statistics move, towards those of the one batch.
    let state: TrainingState | undefined;
    for await (const event of fit(
      model,
      { train: set, test: set },
      {
        seed: 3,
        epochs: 150,
        batch: examples,
        optimiser: adamW({ weightDecay: 0.5 }),
        schedule: constantRate(1e-12),
        compile: { threads: 1 },
      },
    ))
      if (event.type === "end") state = event.state;
    // Running variances are unbiased, those of a batch are not: with N of the layer, (N − 1)/N of them.
    const parameters = Object.fromEntries(
      Object.entries(parametersOf(model, state!)).map(([name, tensor]) => {
        const layer = /^norm(\d).variance$/.exec(name)?.[1];
        if (layer === undefined) return [name, tensor];
        const N = examples * (Number(layer) < 2 ? 16 : 4);
        const biased = (tensor.data as Float32Array).map((value) => (value * (N - 1)) / N);
        return [name, tensorOf(biased, tensor.shape)];
      }),
    );
    const p = constants(parameters);
    const v = constantOf(tensorOf(features, [examples, 16]));
    const supplied = none();
    const batch = model.apply(model.explicit(p, supplied), v, {
      ...solverHealth(),
      supplies: supplied,
    });
    const folded = model.apply(model.explicit(p), v, solverHealth());
    const found = await evaluate({}, { batch, folded }, {});
    expect(numbers(found.folded)).toBeAllClose(numbers(found.batch), { rtol: 1e-4, atol: 1e-4 });
    expect(Object.keys(model.explicit(p)).some((name) => name.startsWith("norm"))).toBe(false);
  });
});
