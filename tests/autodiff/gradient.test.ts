import { describe, expect, test } from "vitest";
import { gradient, vjp } from "../../src/autodiff/gradient.ts";
import { ShapeError } from "../../src/errors.ts";
import type { Value } from "../../src/graph/node.ts";
import { add, mul, neg, sin, sub, tanh } from "../../src/graph/ops/elementwise.ts";
import { gatherElements } from "../../src/graph/ops/indexing.ts";
import { affine } from "../../src/graph/ops/linear.ts";
import { reshape, slice, split, unsqueeze } from "../../src/graph/ops/movement.ts";
import { logSoftmax, reduceMean, reduceSum } from "../../src/graph/ops/reduction.ts";
import { maxPool } from "../../src/graph/ops/window.ts";
import { scalarOf, tensorOf } from "../../src/graph/tensor.ts";
import { apply, constant, input, tensor, topologicalOrder } from "../../src/graph/value.ts";
import { encode } from "../../src/onnx/encode.ts";
import { checkDerivative, evaluate, noise } from "./differences.ts";

/** A perceptron 3 → 4 → 2 whose 26 parameters are one vector, and its cross-entropy on N samples. */
function perceptron() {
  const theta = input("theta", "float64", [26]);
  const x = input("x", "float64", ["N", 3]);
  const labels = input("labels", "int64", ["N"]);
  const [w1, b1, w2, b2] = split(theta, 0, [12, 4, 8, 2]);
  const hidden = tanh(affine(x, reshape(w1, [4, 3]), b1));
  const logits = affine(hidden, reshape(w2, [2, 4]), b2);
  const picked = gatherElements(logSoftmax(logits), unsqueeze(labels, [1]), 1);
  const loss = neg(reduceMean(picked));
  const feeds = {
    theta: tensorOf(Float64Array.from(noise(26)), [26]),
    x: tensorOf(Float64Array.from(noise(15, 2)), [5, 3]),
    labels: tensorOf(BigInt64Array.of(0n, 1n, 1n, 0n, 1n), [5]),
  };
  return { theta, inputs: { theta, x, labels }, feeds, loss };
}

describe("a perceptron with cross-entropy", () => {
  test("gradient and Hessian agree with central differences", async () => {
    const { inputs, feeds, loss } = perceptron();
    const first = await checkDerivative({ inputs, feeds, outputs: [loss] });
    await checkDerivative(first);
  });

  test("the Hessian is symmetric", async () => {
    const { theta, inputs, feeds, loss } = perceptron();
    const slope = gradient(loss, { theta }).theta;
    const rows = Array.from({ length: 26 }, (_, i) => {
      const entry = reduceSum(slice(slope, 0, { start: i, end: i + 1 }));
      return gradient(entry, { theta }).theta;
    });
    const found = await evaluate(
      inputs,
      Object.fromEntries(rows.map((row, i) => [`r${i}`, row])),
      feeds,
    );
    const hessian = rows.map((_, i) => Array.from(found[`r${i}`].data, Number));
    const transposed = hessian.map((_, i) => hessian.map((row) => row[i]));
    expect(hessian.flat()).toBeAllClose(transposed.flat(), { rtol: 0, atol: 1e-14 });
    expect(Math.max(...hessian.flat().map(Math.abs))).toBeGreaterThan(0.1);
  });
});

describe("vjp", () => {
  const x = input("x", "float64", [2]);

  test("is null where nothing depends on the value, and gradient gives zeros there", async () => {
    const other = input("other", "float64", [3]);
    expect(vjp([sin(x)], [other], [x])).toEqual([null]);
    const { other: zeros } = gradient(reduceSum(x), { other });
    expect((await evaluate({}, { zeros }, {})).zeros.data).toEqual(Float64Array.of(0, 0, 0));
  });

  test("holds what it differentiates with respect to, also where one is computed from another", () => {
    const y = sin(x);
    const [xbar, ybar] = vjp([mul(x, y)], [x, y], [constant([1, 1], "float64")]) as Value[];
    expect(topologicalOrder([xbar]).map(({ op }) => op)).not.toContain("Cos");
    expect(ybar.shape).toEqual([2]);
  });

  test("an output may itself be what is asked for", () => {
    const seed = constant([3, 4], "float64");
    expect(vjp([x], [x], [seed])).toEqual([seed]);
  });

  test("differentiates with respect to numbers known now", async () => {
    const c = tensor(Float64Array.of(2, 3), [2]);
    const loss = reduceSum(mul(sub(x, c), mul(x, c)));
    const { c: slope } = gradient(loss, { c });
    const { slope: found } = await evaluate(
      { x },
      { slope },
      {
        x: tensorOf(Float64Array.of(5, 7), [2]),
      },
    );
    expect(found.data).toBeAllClose([5 * (5 - 4), 7 * (7 - 6)]); // x(x − 2c)
  });

  test.each([
    ["a loss that is no scalar", () => gradient(x, { x }), "gradient of float64[2]"],
    ["a cotangent of another type", () => vjp([x], [x], [constant(1, "float64")]), "cotangent"],
  ])("refuses %s", (_, ask, message) => {
    expect(ask).toThrow(ShapeError);
    expect(ask).toThrow(message);
  });
});

test("slices of several named axes put their cotangent back, each at its place", async () => {
  const x = input("x", "float64", ["N", 2, "M"]);
  const rows = slice(x, 0, { start: -1, end: -9, step: -2 });
  const y = slice(rows, 2, { start: 1 });
  const both = apply("Slice", [
    x,
    ...[
      [1, -1],
      [4, -9],
      [0, 2],
      [1, -2],
    ].map((n) => constant(n, "int64")),
  ]);
  const feeds = { x: tensorOf(Float64Array.from(noise(24)), [3, 2, 4]) };
  await checkDerivative({ inputs: { x }, feeds, outputs: [mul(y, y), sin(both)] });
});

test("a slice of a long axis puts its cotangent back", async () => {
  const x = input("x", "float64", [2, 70]);
  const y = slice(x, 1, { start: 68, end: 4, step: -3 });
  const feeds = { x: tensorOf(Float64Array.from(noise(140)), [2, 70]) };
  await checkDerivative({ inputs: { x }, feeds, outputs: [sin(y)] });
});

test("the padding of a pool takes no part of a tie", async () => {
  const x = input("x", "float64", [1, 1, 2]);
  const pooled = maxPool(x, [2], { strides: [1], pads: [1, 0] });
  const { x: slope } = gradient(reduceSum(pooled), { x });
  const zeros = tensorOf(Float64Array.of(0, 0), [1, 1, 2]);
  // The first window holds padding and x₀; in the second x₀ and x₁ are equal and share.
  expect((await evaluate({ x }, { slope }, { x: zeros })).slope.data).toEqual(
    Float64Array.of(1.5, 0.5),
  );
});

test("a graph of 100,000 nodes is built, differentiated and encoded without a deep stack", async () => {
  const x = input("x", "float64", []);
  let y: Value = x;
  for (let k = 0; k < 25_000; k++) y = add(mul(y, 0.5), sin(x));
  const { x: slope } = gradient(y, { x });
  expect(topologicalOrder([y]).length).toBeGreaterThanOrEqual(100_000);
  expect(encode({ inputs: { x }, outputs: { y, slope } }).length).toBeGreaterThan(1e6);

  // What it is in the limit: y = x/2 + sin x + y/2 settles at y = 2 sin x.
  let short: Value = x;
  for (let k = 0; k < 200; k++) short = add(mul(short, 0.5), sin(x));
  const limit = gradient(short, { x }).x;
  const found = await evaluate({ x }, { limit }, { x: scalarOf(1, "float64") });
  expect(found.limit.data).toBeAllClose([2 * Math.cos(1)]);
});
