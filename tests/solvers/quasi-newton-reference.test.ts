import { Matrix, SVD, solve as solveLinear } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { vjp } from "../../src/autodiff/gradient.ts";
import type { Value } from "../../src/graph/node.ts";
import { tanh } from "../../src/graph/ops/elementwise.ts";
import { gemm } from "../../src/graph/ops/linear.ts";
import { zerosLike } from "../../src/graph/ops/movement.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { anderson } from "../../src/solvers/anderson.ts";
import { broyden, broydenDefaults } from "../../src/solvers/broyden.ts";
import { broydenByHistory } from "../../src/solvers/broyden-history.ts";
import { fixedPoint, solverHealth } from "../../src/solvers/fixed-point.ts";
import type { Method } from "../../src/solvers/iterate.ts";
import { evaluate, noise } from "../autodiff/differences.ts";

const n = 12;
const entries = noise(n * n, 2).map((v) => 0.45 * v);
const shift = noise(n, 5);
const W = Matrix.from1DArray(n, n, entries);
const f = (z: Matrix) => {
  const image = W.mmul(z).add(Matrix.columnVector(shift));
  return image.apply((i, j) => image.set(i, j, Math.tanh(image.get(i, j))));
};
const zero = () => Matrix.zeros(n, 1);

const w = input("w", "float64", [n, n]);
const x = input("x", "float64", ["N", n]);
const map = (z: Value) => [tanh(gemm(z, w, x, { transB: true }))];
const feeds = {
  w: tensorOf(Float64Array.from(entries), [n, n]),
  x: tensorOf(Float64Array.from(shift), [1, n]),
};

/** The points to which a method goes from 0, stepped by hand. */
async function iterates(method: Method, count: number): Promise<number[][]> {
  let carry = method.start([zerosLike(x)]);
  const outputs: Record<string, Value> = {};
  for (let k = 0; k < count; k++) {
    ({ carry } = method.step(map, carry));
    outputs[`z${k}`] = carry[0];
  }
  const found = await evaluate({ w, x }, outputs, feeds);
  return Object.keys(outputs).map((name) => Array.from(found[name].data, Number));
}

/** Anderson mixing as printed: differences and dense least squares. */
function andersonByDifferences(window: number, mixing: number, count: number): number[][] {
  const [zs, gs, path]: [Matrix[], Matrix[], number[][]] = [[], [], []];
  let z = zero();
  for (let k = 0; k < count; k++) {
    zs.push(z);
    gs.push(Matrix.sub(f(z), z));
    const g = gs[k];
    z = Matrix.add(z, Matrix.mul(g, mixing));
    const pairs = Array.from({ length: Math.min(k, window - 1) }, (_, i) => k - i);
    if (pairs.length > 0) {
      const difference = (of: Matrix[]) => {
        const columns = pairs.map((i) => Matrix.sub(of[i], of[i - 1]).to1DArray());
        return new Matrix(columns).transpose();
      };
      const [dz, dg] = [difference(zs), difference(gs)];
      const gamma = new SVD(dg, { autoTranspose: true }).solve(g);
      z.sub(Matrix.add(dz, Matrix.mul(dg, mixing)).mmul(gamma));
    }
    path.push(z.to1DArray());
  }
  return path;
}

/** Broyden's good update of a dense H, set back to −I after every `window` steps. */
function broydenPrinted(window: number, count: number): number[][] {
  const path: number[][] = [];
  let [z, g] = [zero(), f(zero())];
  let H = Matrix.eye(n).neg();
  for (let k = 0; k < count; k++) {
    const s = H.mmul(g).neg();
    z = Matrix.add(z, s);
    path.push(z.to1DArray());
    const next = Matrix.sub(f(z), z);
    const Hy = H.mmul(Matrix.sub(next, g));
    const sH = s.transpose().mmul(H);
    const scale = s.transpose().mmul(Hy).get(0, 0);
    H = Matrix.add(H, Matrix.sub(s, Hy).mmul(sH).div(scale));
    if ((k + 1) % window === 0) H = Matrix.eye(n).neg();
    g = next;
  }
  return path;
}

describe("the iterates are those of the textbook formula", () => {
  test.each([
    [6, 1],
    [3, 1],
    [4, 0.6],
  ])("Anderson, window %d, mixing %d", async (window, mixing) => {
    const found = await iterates(anderson({ window, mixing, ridge: 0 }), 9);
    const wanted = andersonByDifferences(window, mixing, 9);
    found.forEach((z, k) => void expect(z).toBeAllClose(wanted[k], { rtol: 1e-6, atol: 1e-7 }));
  });

  test("a period of 2 mixes what plain steps have found between", async () => {
    const found = await iterates(anderson({ window: 2, period: 2, ridge: 0 }), 1);
    // After z₀ = 0 and z₁ = f(0): the first mixing of a window of two.
    expect(found[0]).toBeAllClose(andersonByDifferences(2, 1, 2)[1], { rtol: 1e-9 });
  });

  test.each([
    ["", Infinity, broyden({ smallest: 1e-6 })],
    [" by its history", Infinity, broydenByHistory({ window: 30, smallest: 1e-6 })],
    [" by its history, window 4", 4, broydenByHistory({ window: 4, smallest: 1e-6 })],
    [" by its history, window 2", 2, broydenByHistory({ window: 2, smallest: 1e-6 })],
  ])("Broyden%s", async (_, window, method) => {
    const found = await iterates(method, 12);
    const wanted = broydenPrinted(window, 12);
    found.forEach((z, k) => void expect(z).toBeAllClose(wanted[k], { rtol: 1e-7, atol: 1e-9 }));
  });
});

describe("the implicit derivative against a dense solve", () => {
  const options = { rtol: 1e-13, atol: 1e-14, maxIterations: 200 };
  const solvers = {
    anderson: { method: anderson(), options },
    broyden: { method: broyden(), options },
    "broyden by its history": { method: broydenByHistory(broydenDefaults), options },
  };
  const names = Object.keys(solvers) as (keyof typeof solvers)[];
  const pairs = names.flatMap((forward) => names.map((backward) => [forward, backward] as const));

  test.each(pairs)("%s forward, %s backward", async (forward, backward) => {
    const health = solverHealth();
    const pair = { forward: solvers[forward], backward: solvers[backward] };
    const [z] = fixedPoint(map, [zerosLike(x)], pair, health);
    const weights = noise(n, 8);
    const a = input("a", "float64", ["N", n]);
    const [xbar, wbar] = vjp([z], [x, w], [a]) as Value[];
    const { status } = health.backward[0];
    const found = await evaluate(
      { w, x, a },
      { z, xbar, wbar, status },
      { ...feeds, a: tensorOf(Float64Array.from(weights), [1, n]) },
    );
    expect(Number(found.status.data[0])).toBe(1);

    // z = tanh(Wz + x): J = diag(d) W, d = 1 − z²; (I − Jᵀ) g = a, x̄ = d g, W̄ = x̄ zᵀ.
    const point = Array.from(found.z.data, Number);
    const d = point.map((v) => 1 - v * v);
    const J = Matrix.diag(d).mmul(W);
    const g = solveLinear(Matrix.eye(n).sub(J.transpose()), Matrix.columnVector(weights));
    const bar = g.to1DArray().map((v, i) => v * d[i]);
    expect(found.xbar.data).toBeAllClose(bar, { rtol: 1e-10, atol: 1e-12 });
    const dense = bar.flatMap((u) => point.map((v) => u * v));
    expect(found.wbar.data).toBeAllClose(dense, { rtol: 1e-10, atol: 1e-12 });
  });
});
