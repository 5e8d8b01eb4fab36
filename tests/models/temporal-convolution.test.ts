import { expect, test } from "vitest";
import { gradient } from "../../src/autodiff/gradient.ts";
import { copyMemory, recall } from "../../src/data/copy-memory.ts";
import { mul } from "../../src/graph/ops/elementwise.ts";
import { reduceSum } from "../../src/graph/ops/reduction.ts";
import { constantOf, type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { constant, input } from "../../src/graph/value.ts";
import { temporalConvolution } from "../../src/models/temporal-convolution.ts";
import { solverHealth } from "../../src/solvers/fixed-point.ts";
import { evaluate, noise } from "../autodiff/differences.ts";

const length = 20;
const options = { length, inputs: 2, channels: 3, levels: 2, kernel: 3, outputs: 1 } as const;
const model = temporalConvolution(options);
const parameters = model.initialise(4);
const constants = Object.fromEntries(
  Object.entries(parameters).map(([name, t]) => [name, constantOf(t)]),
);
const numbers = ({ data }: Tensor) => Array.from(data, Number);
const x = input("x", "float32", [1, length * 2]);
const series = noise(length * 2, 3);
const feeds = { x: tensorOf(Float32Array.from(series), [1, length * 2]) };

test("computes its formula", async () => {
  const y = model.apply(model.explicit(constants), x, solverHealth());
  expect(y.shape).toEqual([1, length, 1]);
  const at = (name: string, i: number) => Number(parameters[name].data[i]);
  const relu = (v: number) => Math.max(v, 0);
  type Series = number[][]; // [channel][time]
  const conv = (h: Series, name: string, dilation: number): Series => {
    const [outs, ins, size] = parameters[`${name}.weight`].shape;
    return Array.from({ length: outs }, (_, o) =>
      Array.from({ length }, (_, t) => {
        let sum = at(`${name}.bias`, o);
        for (let c = 0; c < ins; c++)
          for (let k = 0; k < size; k++)
            sum +=
              at(`${name}.weight`, (o * ins + c) * size + k) *
              (h[c][t - (size - 1 - k) * dilation] ?? 0);
        return sum;
      }),
    );
  };
  // The gains start where they change nothing.
  let h: Series = [0, 1].map((c) => Array.from({ length }, (_, t) => series[2 * t + c]));
  for (const level of [0, 1]) {
    const residual = level === 0 ? conv(h, "bridge", 1) : h;
    let z = h;
    for (const k of [0, 1])
      z = conv(z, `level${level}.${k}`, 2 ** level).map((row) => row.map(relu));
    h = z.map((row, c) => row.map((v, t) => relu(v + residual[c][t])));
  }
  const expected = Array.from({ length }, (_, t) =>
    h.reduce((sum, row, c) => sum + at("dense.weight", c) * row[t], at("dense.bias", 0)),
  );
  const found = await evaluate({ x }, { y }, feeds);
  expect(numbers(found.y)).toBeAllClose(expected, { rtol: 1e-4, atol: 1e-5 });
});

test("an output depends on the receptive field and nothing after or before it", async () => {
  const y = model.apply(model.explicit(constants), x, solverHealth());
  const at = 16;
  const pick = constant(
    Array.from({ length }, (_, t) => +(t === at)),
    "float32",
    [1, length, 1],
  );
  const { bar } = await evaluate({ x }, { bar: gradient(reduceSum(mul(y, pick)), { x }).x }, feeds);
  const reached = Array.from({ length }, (_, t) =>
    numbers(bar)
      .slice(2 * t, 2 * t + 2)
      .some((v) => v !== 0),
  );
  const field = 1 + 2 * (3 - 1) * (2 ** 2 - 1);
  reached.forEach((does, t) => {
    if (t > at || t <= at - field) expect(does, `step ${t}`).toBe(false);
  });
  expect(reached[at]).toBe(true);
  expect(reached.slice(0, at).filter(Boolean).length).toBeGreaterThan(field / 2);
});

test("weight normalisation: the direction's length does not matter, the gain's does", async () => {
  const out = async (name: string, factor: number) => {
    const scaled = {
      ...parameters,
      [name]: tensorOf(
        (parameters[name].data as Float32Array).map((v) => factor * v),
        parameters[name].shape,
      ),
    };
    const p = Object.fromEntries(Object.entries(scaled).map(([k, t]) => [k, constantOf(t)]));
    const y = model.apply(model.explicit(p), x, solverHealth());
    return numbers((await evaluate({ x }, { y }, feeds)).y);
  };
  const plain = await out("level0.0.weight", 1);
  expect(await out("level0.0.weight", 7)).toBeAllClose(plain, { rtol: 1e-4, atol: 1e-5 });
  expect(await out("level0.0.weight.gain", 7)).not.toBeAllClose(plain, { rtol: 1e-2, atol: 1e-2 });
});

test("copy memory: the digits, the blanks, the marks, and what is to be said", () => {
  const set = copyMemory(3, 5, 1);
  expect(set.width).toBe(25);
  const labels = set.targets.kind === "classes" ? set.targets.labels : [];
  for (let row = 0; row < 3; row++) {
    const x = Array.from(set.features.slice(row * 25, (row + 1) * 25));
    const y = Array.from(labels.slice(row * 25, (row + 1) * 25), Number);
    expect(x.slice(0, 10).every((digit) => digit >= 1 && digit <= 8)).toBe(true);
    expect(x.slice(10)).toEqual([...Array(4).fill(0), ...Array(11).fill(9)]);
    expect(y).toEqual([...Array(15).fill(0), ...x.slice(0, 10)]);
  }
  expect(copyMemory(3, 5, 1)).toEqual(set);
  expect(copyMemory(3, 5, 2)).not.toEqual(set);
  const logits = new Float32Array(3 * 25 * 10);
  labels.forEach((label, i) => {
    logits[10 * i + Number(label)] = 1;
  });
  expect(recall(logits, set)).toBe(1);
  expect(
    recall(
      logits.map((v, i) => (i < 250 ? 0 : v)),
      set,
    ),
  ).toBeCloseTo(2 / 3);
});
