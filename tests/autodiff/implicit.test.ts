import { describe, expect, test } from "vitest";
import { gradient, vjp } from "../../src/autodiff/gradient.ts";
import { type FixedPointSolver, fixedPoint } from "../../src/autodiff/implicit.ts";
import type { Value } from "../../src/graph/node.ts";
import { cond, loop, scan, type Values } from "../../src/graph/ops/control.ts";
import { add, greater, mul, sin, sub, tanh } from "../../src/graph/ops/elementwise.ts";
import { matmul } from "../../src/graph/ops/linear.ts";
import { zerosLike } from "../../src/graph/ops/movement.ts";
import { reduceSum, reduceSumSquare } from "../../src/graph/ops/reduction.ts";
import { type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { input, topologicalOrder } from "../../src/graph/value.ts";
import { checkDerivative, evaluate, noise } from "./differences.ts";

/** z ← f(z) until ‖f(z) − z‖ is at rounding, at most 300 times. */
const picard: FixedPointSolver = (f, z0) => {
  const named = (values: readonly Value[]): Values =>
    Object.fromEntries(values.map((value, i) => [`z${i}`, value]));
  const { state } = loop({ times: 300 }, named(z0), (z) => {
    const now = Object.values(z);
    const next = f(...now);
    const moved = next
      .map((value, i) => reduceSumSquare(sub(value, now[i])))
      .reduce((a, b) => add(a, b));
    return { state: named(next), proceed: greater(moved, 1e-30) };
  });
  return Object.values(state);
};
const solvers = { forward: picard, backward: picard };

const n = 3;
const w = input("w", "float64", [n, n]);
const x = input("x", "float64", [1, n]);
const feeds = {
  // Small enough to contract.
  w: tensorOf(
    Float64Array.from(noise(n * n, 4), (v) => v / 3),
    [n, n],
  ),
  x: tensorOf(Float64Array.from(noise(n, 5)), [1, n]),
};
const equilibrium = (weight: Value, shift: Value) =>
  fixedPoint((z) => [tanh(add(matmul(z, weight), shift))], [zerosLike(x)], solvers)[0];

const numbers = ({ data }: Tensor) => Array.from(data, Number);

/** Solves A u = b by elimination with pivoting. */
function solveDense(A: readonly (readonly number[])[], b: readonly number[]): number[] {
  const rows = A.map((row, i) => [...row, b[i]]);
  for (let k = 0; k < rows.length; k++) {
    const pivot = rows.reduce(
      (best, row, i) => (i >= k && Math.abs(row[k]) > Math.abs(rows[best][k]) ? i : best),
      k,
    );
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    rows.forEach((row, i) => {
      const factor = row[k] / rows[k][k];
      if (i !== k) rows[i] = row.map((entry, j) => entry - factor * rows[k][j]);
    });
  }
  return rows.map((row, k) => row[rows.length] / row[k]);
}

describe("the implicit derivative of z = tanh(z W + x)", () => {
  test("is (I − Jᵀ)⁻¹ applied to the cotangent, as solved densely", async () => {
    const z = equilibrium(w, x);
    const weights = noise(n, 6);
    const a = input("a", "float64", [1, n]);
    const [xbar, wbar] = vjp([z], [x, w], [a]) as Value[];
    const found = await evaluate(
      { w, x, a },
      { z, xbar, wbar },
      {
        ...feeds,
        a: tensorOf(Float64Array.from(weights), [1, n]),
      },
    );

    // f = tanh(u), u = z W + x: J[i][j] = ∂fᵢ/∂zⱼ = dᵢ W[j][i] with d = 1 − z²
    const [zs, W] = [numbers(found.z), numbers(feeds.w)];
    const d = zs.map((v) => 1 - v * v);
    const transposed = zs.map((_, j) => zs.map((__, i) => (i === j ? 1 : 0) - d[i] * W[j * n + i]));
    const ubar = solveDense(transposed, weights).map((g, i) => g * d[i]);
    expect(found.xbar.data).toBeAllClose(ubar);
    expect(found.wbar.data).toBeAllClose(zs.flatMap((v) => ubar.map((u) => v * u)));
  });

  test("and the second derivative agree with central differences", async () => {
    const first = await checkDerivative({
      inputs: { w, x },
      feeds,
      outputs: [equilibrium(w, x)],
    });
    await checkDerivative(first);
  });

  test("stores no iterate, and the start has no derivative", () => {
    const z0 = input("z0", "float64", [1, n]);
    const [z] = fixedPoint((v) => [tanh(add(matmul(v, w), x))], [z0], solvers);
    const [wbar, z0bar] = vjp([z], [w, z0], [z]);
    expect(z0bar).toBeNull();
    const loops = topologicalOrder([wbar!]).filter(({ op }) => op === "Loop");
    expect(loops.map(({ outputs }) => outputs.length)).toEqual([1, 1]); // z and g, no rows
  });
});

describe("fixedPoint", () => {
  test("of several tensors, one of which another does not see", async () => {
    const y = input("y", "float64", [2]);
    const outputs = fixedPoint(
      (a, b) => [tanh(add(matmul(a, w), mul(reduceSum(b), x))), sin(add(mul(b, 0.3), mul(y, 0.4)))],
      [zerosLike(x), zerosLike(y)],
      solvers,
    );
    const first = await checkDerivative({
      inputs: { w, x, y },
      feeds: { ...feeds, y: tensorOf(Float64Array.of(0.3, -0.8), [2]) },
      outputs,
    });
    await checkDerivative(first);
  });

  test("with captured values that depend on one another", async () => {
    const scaled = mul(w, 0.5);
    const both = add(scaled, mul(w, sin(reduceSum(scaled))));
    const shift = mul(x, reduceSum(both));
    const [z] = fixedPoint(
      (v) => [tanh(add(add(matmul(v, scaled), matmul(v, mul(both, 0.2))), add(shift, x)))],
      [zerosLike(x)],
      solvers,
    );
    const first = await checkDerivative({ inputs: { w, x }, feeds, outputs: [z, shift] });
    await checkDerivative(first);
  });

  test("gives a Hessian–vector product, by two solves more", async () => {
    const v = input("v", "float64", [n, n]);
    const loss = reduceSumSquare(equilibrium(w, x));
    const { w: slope } = gradient(loss, { w });
    const { w: product } = gradient(reduceSum(mul(slope, v)), { w });
    const direction = noise(n * n, 8);
    const at = (t: number) => ({
      ...feeds,
      w: tensorOf(
        Float64Array.from(numbers(feeds.w), (entry, i) => entry + t * direction[i]),
        [n, n],
      ),
    });
    const [up, down] = await Promise.all(
      [1e-5, -1e-5].map(async (t) => numbers((await evaluate({ w, x }, { slope }, at(t))).slope)),
    );
    const found = await evaluate(
      { w, x, v },
      { product },
      {
        ...feeds,
        v: tensorOf(Float64Array.from(direction), [n, n]),
      },
    );
    const differences = up.map((entry, i) => (entry - down[i]) / 2e-5);
    expect(found.product.data).toBeAllClose(differences, { rtol: 1e-6, atol: 1e-8 });
  });

  test("inside a scan and a branch, where its rule is rebuilt with other values", async () => {
    const xs = input("xs", "float64", ["T", 1, n]);
    const { state, outputs } = scan({ h: x }, { row: xs }, ({ h }, { row }) => {
      const shift = add(mul(h, 0.5), row);
      const { z } = cond(
        greater(reduceSum(row), -0.5),
        () => ({ z: equilibrium(w, shift) }),
        () => ({ z: shift }),
      );
      return { state: { h: z }, outputs: { z } };
    });
    const first = await checkDerivative({
      inputs: { w, x, xs },
      feeds: { ...feeds, xs: tensorOf(Float64Array.from(noise(3 * n, 9)), [3, 1, n]) },
      outputs: [state.h, outputs.z],
    });
    await checkDerivative(first);
  });

  test("of a fixed point: the inner one's rule is used in every step of the outer's derivative", async () => {
    const [z] = fixedPoint(
      (v) => [mul(equilibrium(w, add(x, mul(v, 0.3))), 0.7)],
      [zerosLike(x)],
      solvers,
    );
    await checkDerivative({ inputs: { w, x }, feeds, outputs: [z] });
  });
});
