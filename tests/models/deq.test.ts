import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import type { Value } from "../../src/graph/node.ts";
import { add, sin, tanh } from "../../src/graph/ops/elementwise.ts";
import { affine } from "../../src/graph/ops/linear.ts";
import { reshape } from "../../src/graph/ops/movement.ts";
import { constantOf, type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { constant, input } from "../../src/graph/value.ts";
import { type DeqOptions, deq } from "../../src/models/deq.ts";
import { estimatedSquaredJacobian, exactSquaredJacobian } from "../../src/models/jacobian.ts";
import { convolutional } from "../../src/models/layers/convolutional.ts";
import { dense, perceptron, residual } from "../../src/models/layers/dense.ts";
import { type Layer, weight } from "../../src/models/layers/layer.ts";
import { groupNorm } from "../../src/models/layers/norm.ts";
import { twoScale } from "../../src/models/layers/two-scale.ts";
import type { Parameters } from "../../src/models/model.ts";
import { broyden } from "../../src/solvers/broyden.ts";
import { type Solver, solverHealth } from "../../src/solvers/fixed-point.ts";
import type { SolverChoice } from "../../src/solvers/registry.ts";
import { evaluate, noise } from "../autodiff/differences.ts";
import { built, exactly, rowsOf } from "./deq.ts";

const numbers = ({ data }: Tensor) => Array.from(data, Number);
const [rows, width] = [3, 4];
const plain: DeqOptions = {
  inputs: 3,
  outputs: width,
  layer: dense({ width }),
  head: "none",
  ...exactly,
};

/** σ′ of z = tanh(u) times W, squared and summed: ‖J‖²_F of each sample. */
function closedForm(p: Parameters, z: readonly number[], mask = z.map(() => 1)): number[] {
  const W = numbers(p.W);
  return Array.from({ length: rows }, (_, n) => {
    let sum = 0;
    for (let i = 0; i < width; i++) {
      for (let j = 0; j < width; j++) {
        const m = mask[n * width + i];
        const t = m === 0 ? 0 : z[n * width + i] / m;
        sum += (m * (1 - t * t) * W[i * width + j]) ** 2;
      }
    }
    return sum;
  });
}
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;

describe("the Jacobian penalty", () => {
  test.each([0, 0.4])("is γ‖J‖²/d of the layer, dropout %s", async (dropout) => {
    const model = deq({ ...plain, dropout, jacobian: { gamma: 3, samples: "exact" } });
    const { inputs, feeds, prediction, pass } = built(model);
    const [penalty] = pass.supplies!.penalties;
    const mask = pass.supplies!.noise.dropout0 ?? constant(Array(12).fill(1), "float64");
    const found = await evaluate(inputs, { z: prediction, penalty, mask }, feeds);
    const expected = (3 / width) * mean(closedForm(feeds, numbers(found.z), numbers(found.mask)));
    expect(numbers(found.penalty)).toBeAllClose([expected]);
  });

  test("is nought in the steps that leave it out", async () => {
    const model = deq({ ...plain, jacobian: { gamma: 3, probability: 0.5 } });
    const { inputs, feeds, pass } = built(model);
    const coins = Array.from({ length: 400 }, (_, seed) =>
      model.wants!.noise!["jacobian.coin"].draw({ uniform: () => seed / 400 } as never),
    );
    expect(mean(coins)).toBe(0.5);
    const { coin, penalty } = await evaluate(
      inputs,
      { coin: pass.supplies!.noise["jacobian.coin"], penalty: pass.supplies!.penalties[0] },
      feeds,
    );
    expect(numbers(penalty)[0] > 0).toBe(numbers(coin)[0] === 1);
  });

  /** a ← tanh(a A + b B), b ← sin(a C): two tensors, [3] and [2, 1]. */
  const coupled: Layer = (inputs) => ({
    kind: "coupled",
    state: [[3], [2, 1]],
    parameters: {
      A: weight([3, 3], true),
      B: weight([3, 2], true),
      C: weight([2, 3], true),
      U: weight([3, inputs]),
    },
    inject: ({ U }, x) => [affine(x, U)],
    apply: ({ A, B, C }, [a, b], [c]) => [
      tanh(add(add(affine(a, A), affine(flat(b), B)), c)),
      tall(sin(affine(a, C))),
    ],
    read: ([a]) => a,
    features: 3,
  });
  const flat = (b: Value) => reshape(b, [b.shape[0], 2]);
  const tall = (b: Value) => reshape(b, [b.shape[0], 2, 1]);

  test("of a layer of several tensors: the mean over all sign rows is ‖J‖², as by differences", async () => {
    const layer = coupled(2);
    const p = deq({ inputs: 2, outputs: 3, layer: coupled }).initialise(5);
    const constants = Object.fromEntries(
      Object.entries(p).map(([name, t]) => [name, constant(numbers(t), "float64", t.shape)]),
    );
    const a = input("a", "float64", [rows, 3]);
    const b = input("b", "float64", [rows, 2, 1]);
    const x = constantOf(tensorOf(Float64Array.from(noise(2 * rows, 2)), [rows, 2]));
    const injected = layer.inject(constants, x);
    const f = (...z: Value[]) => layer.apply(constants, z, injected);
    // A state of 5 numbers has 4 × 4 rows.
    const pairs = Array.from({ length: rows * 16 }, (_, k) => [Math.floor(k / 4) % 4, k % 4]);
    const all = constant(pairs.flat(), "float64", [rows, 16, 2]);
    const [fa, fb] = f(a, b);
    const feeds = {
      a: tensorOf(Float64Array.from(noise(3 * rows, 3)), [rows, 3]),
      b: tensorOf(Float64Array.from(noise(2 * rows, 4)), [rows, 2, 1]),
    };
    const found = await evaluate(
      { a, b },
      {
        estimate: estimatedSquaredJacobian(f, [a, b], all, layer.state),
        exact: exactSquaredJacobian(f, [a, b], layer.state),
        fa,
        fb,
      },
      feeds,
    );
    const squares = Array<number>(rows).fill(0);
    const h = 1e-6;
    for (const name of ["a", "b"] as const) {
      const size = name === "a" ? 3 : 2;
      for (let j = 0; j < size; j++) {
        const shifted = async (step: number) => {
          const data = feeds[name].data.map(
            (v, k) => (k % size === j ? Number(v) + step : v) as never,
          );
          return evaluate(
            { a, b },
            { fa, fb },
            { ...feeds, [name]: { ...feeds[name], data: data as Float64Array } },
          );
        };
        const [up, down] = [await shifted(h), await shifted(-h)];
        for (const [key, m] of [
          ["fa", 3],
          ["fb", 2],
        ] as const) {
          const [high, low] = [numbers(up[key]), numbers(down[key])];
          high.forEach((v, k) => {
            squares[Math.floor(k / m)] += ((v - low[k]) / (2 * h)) ** 2;
          });
        }
      }
    }
    expect(numbers(found.exact)).toBeAllClose(squares, { rtol: 1e-7, atol: 0 });
    expect(numbers(found.estimate)).toBeAllClose(numbers(found.exact));
  });
});

describe("dropout", () => {
  test("has one mask for all iterations: z* solves the masked equation to rounding", async () => {
    const { inputs, feeds, prediction, pass } = built(deq({ ...plain, dropout: 0.5 }));
    const mask = pass.supplies!.noise.dropout0;
    const x = rowsOf(deq(plain), rows);
    const found = await evaluate(inputs, { z: prediction, mask }, feeds);
    const [z, m] = [numbers(found.z), numbers(found.mask)];
    expect(new Set(m)).toEqual(new Set([0, 2]));
    const [W, U, b] = [feeds.W, feeds.U, feeds.b].map(numbers);
    const f = z.map((_, k) => {
      const [n, i] = [Math.floor(k / width), k % width];
      let u = b[i];
      for (let j = 0; j < width; j++) u += W[i * width + j] * z[n * width + j];
      for (let j = 0; j < 3; j++) u += U[i * 3 + j] * Number(x.data[n * 3 + j]);
      return m[k] * Math.tanh(u);
    });
    expect(z).toBeAllClose(f, { rtol: 1e-12, atol: 1e-12 });
  });

  test("is for training: without supplies the model is the plain one", async () => {
    const x = input("x", "float64", [rows, 3]);
    const outputs = [deq({ ...plain, dropout: 0.5, jacobian: { gamma: 1 } }), deq(plain)].map(
      (model) => {
        const p = Object.entries(model.initialise(3)).map(([name, t]): [string, Value] => [
          name,
          constant(numbers(t), "float64", t.shape),
        ]);
        return model.apply(model.explicit(Object.fromEntries(p)), x, solverHealth());
      },
    );
    const found = await evaluate(
      { x },
      { a: outputs[0], b: outputs[1] },
      { x: rowsOf(deq(plain), rows) },
    );
    expect(found.a.data).toEqual(found.b.data);
  });

  test("drops whole channels of an image", () => {
    const layer = convolutional({ image: [1, 4, 4], channels: 2 });
    const { wants } = deq({ inputs: 16, outputs: 2, layer, dropout: 0.1 });
    expect(wants!.noise!.dropout0.shape).toEqual([2, 1, 1]);
  });
});

test("correction reads the iterates from the start, weighted by their distance from the end", async () => {
  const model = deq({ ...plain, damping: 0.5, correction: { steps: [1, 4], decay: 0.8 } });
  const { inputs, feeds, pass } = built(model);
  const { corrections } = pass.supplies!;
  expect(corrections.map(({ weight }) => weight)).toBeAllClose([0.64, 0.8]);
  const outputs = { first: corrections[0].prediction };
  const { first } = await evaluate(inputs, outputs, feeds);
  const [U, b] = [feeds.U, feeds.b].map(numbers);
  const x = numbers(rowsOf(model, rows));
  const expected = Array.from({ length: rows * width }, (_, k) => {
    const [n, i] = [Math.floor(k / width), k % width];
    const u = [0, 1, 2].reduce((sum, j) => sum + U[i * 3 + j] * x[n * 3 + j], b[i]);
    return 0.5 * Math.tanh(u);
  });
  expect(numbers(first)).toBeAllClose(expected);
});

test("options that there are not are refused, with the one that was meant", () => {
  expect(() => deq({ ...plain, forwrd: "picard" } as never)).toThrow('did you mean "forward"?');
  expect(() => deq({ inputs: 1, outputs: 1, layer: "dense" } as never)).toThrow("is no layer");
});

test("unknown options of a solver are refused", () => {
  const forward = { rtol: 1e-2, unknown: 1 };
  expect(() => deq({ ...plain, forward })).toThrow('auto: unknown option "unknown"');
});

const bad = (more: Partial<DeqOptions>) => () => deq({ ...plain, ...more });
test.each<[string, () => unknown, string]>([
  ["a negative penalty", bad({ jacobian: { gamma: -1 } }), "gamma -1"],
  ["a penalty in no step", bad({ jacobian: { gamma: 1, probability: 0 } }), "probability 0"],
  ["half a sample", bad({ jacobian: { gamma: 1, samples: 0.5 } }), "samples 0.5"],
  [
    "the exact Jacobian of a large state",
    bad({
      layer: perceptron({ width: 40, hidden: 2 }),
      outputs: 40,
      jacobian: { gamma: 1, samples: "exact" },
    }),
    "a state of 40 numbers; 32 is the most",
  ],
  ["dropping everything", bad({ dropout: 1 }), "dropout 1"],
  ["no step to correct", bad({ correction: { steps: [] } }), "correction.steps []"],
  ["steps that do not ascend", bad({ correction: { steps: [2, 2] } }), "[2,2]"],
  ["a growing weight", bad({ correction: { steps: [1], decay: 1.5 } }), "decay 1.5"],
  ["no damping", bad({ damping: 0 }), "damping"],
  ["a norm of 0", bad({ normalise: { kind: "spectral", target: 0 } }), "target 0"],
  ["no spread", bad({ initial: { kind: "normal", deviation: 0 } }), "deviation 0"],
  ["a state that is not the output", bad({ outputs: 3 }), "4 features of the state, but 3 outputs"],
  ["no width", () => dense({ width: 0 }), "width = 0"],
  ["an unknown activation", () => residual({ width: 2, activation: "abs" as never }), '"abs"'],
  [
    "another image",
    () => convolutional({ image: [1, 5, 5], channels: 2 })(16),
    "images of 1 × 5 × 5, but 16 features",
  ],
  [
    "groups that do not divide",
    () => convolutional({ image: [1, 4, 4], channels: 3, groups: 2 })(16),
    "2 groups do not divide 3 channels",
  ],
  ["an odd side to halve", () => twoScale({ image: [1, 5, 5], channels: 2 })(25), "half of 5 × 5"],
])("refuses %s", (_, make, message) => {
  expect(make).toThrow(UsageError);
  expect(make).toThrow(message);
});

test.each([1, 2])("group normalisation of %s groups is its formula", async (groups) => {
  const [n, channels, size] = [2, 4, 3];
  const x = input("x", "float64", ["N", channels, size]);
  const [gain, shift] = [noise(channels, 5), noise(channels, 6)];
  const y = groupNorm(x, groups, constant(gain, "float64"), constant(shift, "float64"));
  const values = noise(n * channels * size, 4);
  const feed = tensorOf(Float64Array.from(values), [n, channels, size]);
  const found = await evaluate({ x }, { y }, { x: feed });
  const per = (channels / groups) * size;
  const expected = values.map((v, k) => {
    const group = values.slice(k - (k % per), k - (k % per) + per);
    const spread = Math.sqrt(mean(group.map((u) => (u - mean(group)) ** 2)) + 1e-5);
    const channel = Math.floor(k / size) % channels;
    return ((v - mean(group)) / spread) * gain[channel] + shift[channel];
  });
  expect(found.y.shape).toEqual([n, channels, size]);
  expect(numbers(found.y)).toBeAllClose(expected);
});

test("the lecture's hard start: N(0, 1) weights, which Broyden's method solves and Picard's does not", async () => {
  const solved = async (forward: SolverChoice | Solver) => {
    let count = 0;
    for (let seed = 0; seed < 20; seed++) {
      const layer = dense({ width: 10 });
      const initial = { kind: "normal", deviation: 1 } as const;
      const model = deq({ inputs: 3, outputs: 1, layer, initial, forward });
      const { inputs, feeds, pass } = built(model, { rows: 1, seed });
      const { status } = await evaluate(inputs, { status: pass.forward[0].status }, feeds);
      count += Number(numbers(status)[0] === 1);
    }
    return count;
  };
  const options = { rtol: 1e-3, maxIterations: 150 };
  expect(await solved({ method: "picard", ...options })).toBeLessThan(8);
  expect(await solved(options)).toBeGreaterThan(18); // auto
  expect(await solved({ method: "broyden", ...options })).toBeGreaterThan(14);
  expect(await solved({ method: broyden(), options })).toBeGreaterThan(14);
});
