import { describe, expect, test } from "vitest";
import { gradient } from "../../src/autodiff/gradient.ts";
import type { Value } from "../../src/graph/node.ts";
import { loop } from "../../src/graph/ops/control.ts";
import { div, mul, sigmoid, silu } from "../../src/graph/ops/elementwise.ts";
import { matmul } from "../../src/graph/ops/linear.ts";
import { reduceSum } from "../../src/graph/ops/reduction.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { constant, input } from "../../src/graph/value.ts";
import { encode } from "../../src/onnx/encode.ts";
import type { Device } from "../../src/runtime/backend.ts";
import { fusionsToDisable } from "../../src/runtime/fusions.ts";
import { openProgram } from "../../src/runtime/model-file.ts";
import { compile } from "../../src/runtime/program.ts";

const n = 5;
const entries = Array.from({ length: n * n }, (_, k) => Math.sin(k + 1));
const points = [-800, -90, -30, -3, -1e-3, 0, 0.5, 2, 40, 800];

async function evaluated(
  f: (x: Value) => Value,
  data: Float32Array | Float64Array,
  shape: readonly number[],
  device: Device = "cpu",
): Promise<number[]> {
  const feed = tensorOf(data, shape);
  const x = input("x", feed.dtype, shape);
  const program = await compile({ x }, { y: f(x) }, { device, threads: 1 });
  const { y } = await program.run({ x: feed });
  await program.release();
  return Array.from(y.data as Float64Array);
}

describe.each(["cpu", "wasm"] as const)("a float64 product on %s", (device) => {
  const square = (f: (x: Value) => Value) =>
    evaluated(f, Float64Array.from(entries), [n, n], device);
  const weight = constant(
    entries.map((v) => v + 0.1),
    "float64",
    [n, n],
  );
  const repeated = (x: Value) =>
    loop({ times: 1 }, { s: x }, ({ s }) => ({ state: { s: mul(matmul(s, weight), 0.1) } })).state
      .s;

  test.each<[string, (x: Value) => Value, number]>([
    ["times a constant", (x) => mul(matmul(x, weight), 0.1), 0.1],
    ["by a constant", (x) => div(matmul(x, weight), 10.1), 1 / 10.1],
    ["of a matrix times a constant", (x) => matmul(mul(x, 0.3), weight), 0.3],
    ["in the body of a loop", repeated, 0.1],
  ])("%s has all its digits", async (_, f, factor) => {
    const plain = await square((x) => matmul(x, weight));
    const largest = Math.max(...plain.map(Math.abs)) * factor;
    (await square(f)).forEach((found, k) => {
      expect(Math.abs(found - plain[k] * factor) / largest).toBeLessThan(1e-15);
    });
  });

  test("a sigmoid of a multiple of its factor runs", async () => {
    const found = await square((x) => mul(x, sigmoid(mul(x, 1.7))));
    const wanted = entries.map((v) => v / (1 + Math.exp(-1.7 * v)));
    expect(found).toBeAllClose(wanted, { rtol: 1e-14 });
  });
});

describe("silu", () => {
  const expected = points.map((v) => v / (1 + Math.exp(-v)));
  const slopes = points.map((v) => {
    const s = 1 / (1 + Math.exp(-v));
    return s * (1 + v * (1 - s));
  });
  const derivative = (x: Value) => gradient(reduceSum(silu(x)), { x }).x;

  test.each([
    ["float32", Float32Array.from(points), 1e-5],
    ["float64", Float64Array.from(points), 1e-13],
  ] as const)("x·sigmoid(x) and its derivative in %s", async (_, data, atol) => {
    const close = { rtol: atol, atol }; // ONNX Runtime's sigmoid is right to the digits of 1
    expect(await evaluated(silu, data, [points.length])).toBeAllClose(expected, close);
    expect(await evaluated(derivative, data, [points.length])).toBeAllClose(slopes, close);
  });

  test("a float64 model file with it runs as it stands", async () => {
    const x = input("x", "float64", [points.length]);
    const program = await openProgram(encode({ inputs: { x }, outputs: { y: silu(x) } }));
    const feeds = { x: { type: "float64", dims: x.shape, data: Float64Array.from(points) } };
    const { y } = await program.run(feeds as never, ["y"]);
    await program.release();
    expect(Array.from(y.data as Float64Array)).toBeAllClose(expected, { rtol: 1e-13, atol: 1e-13 });
  });
});

test("a graph whose products are float32 keeps every fusion", () => {
  const x = input("x", "float32", [n, n]);
  expect(fusionsToDisable([silu(mul(matmul(x, x), 0.1))])).toEqual([]);
});
