import { expect, test } from "vitest";
import { castTensor, type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { matrixOf } from "../../src/linalg/matrix.ts";
import { spectralNorm } from "../../src/linalg/svd.ts";
import type { Parameters, Supplies } from "../../src/models/model.ts";
import {
  firstDirection,
  normalisationParameters,
  normalised,
  type WeightNormalisation,
} from "../../src/models/weight-normalisation.ts";
import { evaluate, noise } from "../autodiff/differences.ts";

const draw = (shape: readonly number[], seed: number) =>
  tensorOf(
    Float32Array.from(
      noise(
        shape.reduce((a, b) => a * b),
        seed,
      ),
    ),
    shape,
  );
const norm = ({ data, shape }: Tensor) =>
  spectralNorm(matrixOf(shape[0], data.length / shape[0], Float64Array.from(data, Number)));

/** W of one weight V, at parameters as they start or as given; with a step's carried vector. */
async function normal(
  normalise: WeightNormalisation,
  V: Tensor,
  more: Parameters = {},
  direction?: Tensor,
) {
  const start = { W: V, ...normalisationParameters(normalise, { W: V }), ...more };
  const feeds = Object.fromEntries(
    Object.entries(start).map(([name, t]) => [name, castTensor(t, "float64")]),
  );
  const values = Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
  );
  const u = input("u", "float64", [1, V.shape[0]]);
  const supplies = {
    carried: { W: u },
    next: { carried: {}, remembered: {} },
  } as never as Supplies;
  const found = normalised(normalise, ["W"], values, direction && supplies);
  expect(Object.keys(found)).toEqual(["W"]);
  const outputs = { result: found.W, ...(direction && { next: supplies.next.carried.W }) };
  const { result, next } = await evaluate({ ...values, ...(direction && { u }) }, outputs, {
    ...feeds,
    ...(direction && { u: direction }),
  });
  return { W: result, u: next };
}

test.each([
  { shape: [6, 6] },
  { shape: [3, 8] },
  { shape: [8, 3] },
  { shape: [4, 2, 3, 3] },
  { shape: [1, 1] },
])("a weight $shape has the spectral norm asked for, by SVD", async ({ shape }) => {
  const { W } = await normal({ kind: "spectral", target: 0.7 }, draw(shape, 3));
  expect(norm(W)).toBeCloseTo(0.7, 9);
});

test("of two singular values that are nearly equal too", async () => {
  const V = tensorOf(Float32Array.of(2, 0, 0, 2.0001), [2, 2]);
  const { W } = await normal({ kind: "spectral" }, V);
  expect(norm(W)).toBeGreaterThanOrEqual(1);
  expect(norm(W)).toBeLessThan(1 + 1e-4);
});

test("a weight below the target stays where it is only to be shrunk", async () => {
  const shrink = { kind: "spectral", scale: "shrink" } as const;
  const V = draw([5, 5], 2);
  const size = norm(V);
  const above = await normal({ ...shrink, target: 0.5 * size }, V);
  expect(norm(above.W)).toBeCloseTo(0.5 * size, 9);
  const below = await normal({ ...shrink, target: 2 * size }, V);
  expect(Array.from(below.W.data, Number)).toEqual(Array.from(V.data, Number));
});

test("a learned norm is the parameter's", async () => {
  const learned = { kind: "spectral", scale: "learned", target: 0.9 } as const;
  const V = draw([4, 4], 5);
  expect(norm((await normal(learned, V)).W)).toBeCloseTo(0.9, 6);
  const scale = tensorOf(Float32Array.of(2.5), [1]);
  expect(norm((await normal(learned, V, { "W.scale": scale })).W)).toBeCloseTo(2.5, 6);
});

test("the carried vector comes to the same, one power step at a time", async () => {
  const V = draw([5, 4], 6);
  let u = castTensor(firstDirection(V.shape, 1, "W"), "float64");
  const errors: number[] = [];
  for (let step = 0; step < 60; step++) {
    const found = await normal({ kind: "spectral" }, V, {}, u);
    errors.push(Math.abs(norm(found.W) - 1));
    u = found.u;
  }
  expect(errors[0]).toBeGreaterThan(1e-3);
  expect(errors.at(-1)).toBeLessThan(1e-9);
});

test("weight normalisation starts at V, and its gains are the norms of the rows", async () => {
  const V = draw([3, 2, 3, 3], 4);
  const { W } = await normal({ kind: "weight" }, V);
  expect(Array.from(W.data, Number)).toBeAllClose(Array.from(V.data, Number), {
    rtol: 1e-6,
    atol: 1e-7,
  });
  const gain = tensorOf(Float32Array.of(1, 2, 3), [3]);
  const again = await normal({ kind: "weight" }, V, { "W.gain": gain });
  const rows = Array.from(again.W.data, Number);
  const norms = [0, 1, 2].map((i) => Math.hypot(...rows.slice(18 * i, 18 * (i + 1))));
  expect(norms).toBeAllClose([1, 2, 3]);
});

test("a weight of zeros gives zeros, not NaN", async () => {
  const V = tensorOf(new Float32Array(9), [3, 3]);
  for (const kind of ["weight", "spectral"] as const) {
    const { W } = await normal({ kind }, V);
    expect(Array.from(W.data, Number)).toEqual(Array(9).fill(0));
  }
});
