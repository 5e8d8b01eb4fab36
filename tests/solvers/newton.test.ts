import { describe, expect, test } from "vitest";
import { jvp, sampleJacobian } from "../../src/autodiff/jacobian.ts";
import { randomStream } from "../../src/data/random.ts";
import type { Value } from "../../src/graph/node.ts";
import { add, mul, relu, sin, tanh } from "../../src/graph/ops/elementwise.ts";
import { affine } from "../../src/graph/ops/linear.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { constant, input } from "../../src/graph/value.ts";
import { compile } from "../../src/runtime/program.ts";
import { iterate } from "../../src/solvers/iterate.ts";
import { newton } from "../../src/solvers/newton.ts";
import { newtonGmres } from "../../src/solvers/newton-gmres.ts";
import { solveOptions } from "../../src/solvers/options.ts";
import { evaluations } from "./classes.ts";
import { phantomQuality } from "./phantom-quality.ts";

const stream = randomStream(3, "newton");
const normals = (count: number, size = 1) =>
  Float64Array.from({ length: count }, () => size * stream.normal());

describe("Jacobians", () => {
  const [n, samples] = [4, 3];
  const [numbers, point] = [normals(2 * n * n, 0.5), normals(samples * n)];
  const W = (from: number) =>
    constant([...numbers.slice(from * n * n, (from + 1) * n * n)], "float64", [n, n]);
  const map = (x: Value) => mul(sin(affine(tanh(affine(x, W(0))), W(1))), x);

  test("of each sample, and its products with vectors, are central differences", async () => {
    const x = input("x", "float64", ["N", n]);
    const v = input("v", "float64", ["N", n]);
    const y = map(x);
    const program = await compile(
      { x, v },
      { y, J: sampleJacobian(y, x), Jv: jvp([y], [x], [v])[0] },
    );
    const direction = normals(samples * n);
    const at = async (shift: Float64Array) =>
      program.run({
        x: tensorOf(
          point.map((value, i) => value + shift[i]),
          [samples, n],
        ),
        v: tensorOf(direction, [samples, n]),
      });
    const { J, Jv } = await at(new Float64Array(samples * n));
    const slopes = async (d: Float64Array) => {
      const [up, down] = [await at(d.map((e) => 1e-6 * e)), await at(d.map((e) => -1e-6 * e))];
      return Float64Array.from(
        up.y.data as Float64Array,
        (value, k) => (value - Number(down.y.data[k])) / 2e-6,
      );
    };
    expect(J.shape).toEqual([samples, n, n]);
    expect(Jv.data).toBeAllClose(await slopes(direction), { rtol: 1e-6, atol: 1e-8 });
    for (let j = 0; j < n; j++) {
      const column = await slopes(Float64Array.from(point, (_, i) => +(i % n === j)));
      const found = Array.from({ length: samples * n }, (_, i) => Number(J.data[i * n + j]));
      expect(found).toBeAllClose(column, { rtol: 1e-6, atol: 1e-8 });
    }
    await program.release();
  });

  test("along what an output does not depend on are zero", async () => {
    const [x, y] = [input("x", "float64", [2]), input("y", "float64", [2])];
    const [a, b] = jvp([mul(x, 3), mul(x, y)], [x], [constant([1, 2], "float64")]);
    const [c] = jvp([mul(x, 3)], [y], [constant([1, 2], "float64")]);
    const program = await compile({ x, y }, { a, b, c });
    const found = await program.run({
      x: tensorOf(Float64Array.of(1, 1), [2]),
      y: tensorOf(Float64Array.of(5, 7), [2]),
    });
    await program.release();
    expect([...found.a.data, ...found.b.data, ...found.c.data]).toEqual([3, 6, 5, 14, 0, 0]);
  });
});

const median = (ascending: readonly number[]) => ascending[Math.floor(ascending.length / 2)];
const methods = { newton: newton(), "newton-gmres": newtonGmres() };

describe.each(Object.entries(methods))("%s, steps to 1e-8 of 50 draws", (name, method) => {
  // Medians published count the evaluation at the start as well.
  test.each([
    ["PyTorch's, n = 10", { n: 10 }, 50, 5],
    ["spectral radius 0.93, n = 10", { n: 10, deviation: 0.285 }, 50, 5],
    ["PyTorch's, n = 87", { n: 87 }, 50, 5],
    ["spectral radius 0.94, n = 87", { n: 87, deviation: 0.94 / Math.sqrt(87) }, 50, 6],
    ["standard normal, n = 10", { n: 10, deviation: 1 }, 43, 15],
  ] as const)("%s", async (_, kind, solved, most) => {
    const slow = "deviation" in kind && kind.deviation === 1 && name === "newton-gmres";
    const counts = await evaluations(kind, 50, method, {
      rtol: 1e-8,
      ...(slow && { maxIterations: 60 }),
    });
    expect(counts.length).toBeGreaterThanOrEqual(solved);
    expect(median(counts)).toBeLessThanOrEqual(most);
  });
});

test("steps of Newton's method square the error", async () => {
  // z = cos z in one dimension, by sin of a shifted unknown.
  const z0 = input("z0", "float64", ["N", 1]);
  const f = (z: Value) => [sin(add(z, Math.PI / 2))];
  const { z, info } = iterate(
    newton(),
    f,
    [z0],
    solveOptions({ rtol: 0, atol: 1e-15, trace: true }),
  );
  const program = await compile({ z0 }, { z: z[0], trace: info.trace! });
  const found = await program.run({ z0: tensorOf(Float64Array.of(0), [1, 1]) });
  await program.release();
  expect(found.z.data).toBeAllClose([0.7390851332151607], { rtol: 1e-15 });
  const [, second, third, fourth] = found.trace.data as Float64Array;
  expect(third / second ** 2).toBeLessThan(1);
  expect(fourth / third ** 2).toBeLessThan(1);
});

test("for ReLU it ends in finitely many steps, at rounding", async () => {
  const n = 12;
  const [w, c] = [normals(n * n, 0.7 / Math.sqrt(n)), normals(5 * n)];
  const inputs = { W: input("W", "float64", [n, n]), c: input("c", "float64", ["N", n]) };
  const f = (z: Value) => [relu(add(affine(z, inputs.W), inputs.c))];
  const options = solveOptions({ rtol: 1e-15, atol: 1e-15, maxIterations: 20 });
  const { z, info } = iterate(newton(), f, [mul(inputs.c, 0)], options);
  const program = await compile(inputs, { z: z[0], fz: f(z[0])[0], iterations: info.iterations });
  const found = await program.run({ W: tensorOf(w, [n, n]), c: tensorOf(c, [5, n]) });
  await program.release();
  expect(found.fz.data).toBeAllClose(found.z.data as Float64Array, { rtol: 0, atol: 1e-14 });
  expect(Math.max(...Array.from(found.iterations.data, Number))).toBeLessThanOrEqual(8);
});

test("where I − J is singular a sample takes plain steps, and its neighbour Newton's", async () => {
  // f(z) = z + 1 − z²b: J = 1 at the start, z = 0, of both; b = 0 leaves no fixed point.
  const z0 = input("z0", "float64", ["N", 1]);
  const b = input("b", "float64", ["N", 1]);
  const f = (z: Value) => [add(add(z, mul(b, 0.25)), mul(mul(mul(z, z), b), -1))];
  const { z, info } = iterate(newton(), f, [z0], solveOptions({ rtol: 1e-12 }));
  const program = await compile({ z0, b }, { z: z[0], status: info.status });
  const found = await program.run({
    z0: tensorOf(Float64Array.of(0, 0), [2, 1]),
    b: tensorOf(Float64Array.of(1, 2), [2, 1]),
  });
  await program.release();
  expect([...found.status.data]).toEqual([1n, 1n]);
  expect(found.z.data).toBeAllClose([0.5, 0.5], { rtol: 1e-10 });
});

test("phantom gradients are as near to the gradient as published", async () => {
  // Cosines and relative errors of 50 draws at z*: medians; computed in plain arithmetic beside.

  const rows = await phantomQuality(50);
  for (const { found, published } of rows) {
    expect(found.cosine).toBeGreaterThan(published.cosine - 0.03);
    expect(found.error).toBeLessThan(published.error * 1.25 + 0.005);
    expect(found.error).toBeGreaterThan(published.error / 1.6);
  }
});
