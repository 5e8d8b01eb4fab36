import { describe, expect, test } from "vitest";
import { type Tensor, tensorOf } from "../../../src/graph/tensor.ts";
import { input } from "../../../src/graph/value.ts";
import {
  type ContinuousForm,
  continuousDirect,
  continuousShapes,
} from "../../../src/models/ren/continuous.ts";
import { checkDerivative, evaluate, noise } from "../../autodiff/differences.ts";
import { by, eye, make, minus, plus, type Rows, rowsOf, T, times } from "./dense.ts";

const form: ContinuousForm = {
  inputs: 2,
  outputs: 1,
  states: 3,
  neurons: 4,
  decay: 0.7,
  epsilon: 0.01,
};
const build = (of: ContinuousForm, seed: number) => {
  const shapes = Object.entries(continuousShapes(of));
  const feeds: Record<string, Tensor> = Object.fromEntries(
    shapes.map(([name, shape], i) => {
      const count = shape.reduce((product, size) => product * size, 1);
      return [name, tensorOf(Float64Array.from(noise(count, seed + i)), shape)];
    }),
  );
  const inputs = Object.fromEntries(
    shapes.map(([name, shape]) => [name, input(name, "float64", shape)]),
  );
  return { inputs, feeds, ...continuousDirect(inputs, of) };
};
const matrices = async (of: ContinuousForm, seed: number) => {
  const { inputs, feeds, explicit, metric } = build(of, seed);
  const named = Object.entries(explicit).map(([name, value]) => [`found.${name}`, value]);
  const found = await evaluate(inputs, { ...Object.fromEntries(named), ...metric }, feeds);
  const e = Object.fromEntries(
    Object.keys(explicit).map((name) => [name, rowsOf(found[`found.${name}`])]),
  );
  return { e, P: rowsOf(found.P), Lambda: rowsOf(found.Lambda)[0], X: rowsOf(feeds.X) };
};

describe.each([0, 0.7, 5])("at the rate %d", (decay) => {
  test.each([1, 20, 40])("the inequality's matrix is H, draw %i", async (seed) => {
    const { e, P, Lambda, X } = await matrices({ ...form, decay }, seed);
    const [n, q] = [3, 4];
    const L = make(q, q, (i, j) => (i === j ? Lambda[i] : 0));
    const flow = minus(by(plus(times(T(e.A), P), times(P, e.A)), -1), by(P, decay));
    const across = by(plus(times(P, e.B1), times(T(e.C1), L)), -1);
    const sector = minus(by(L, 2), plus(times(L, e.D11), times(T(e.D11), L)));
    const M = make(n + q, n + q, (i, j) => {
      if (i < n) return j < n ? flow[i][j] : across[i][j - n];
      return j < n ? across[j][i - n] : sector[i - n][j - n];
    });
    const H = plus(times(X, T(X)), by(eye(n + q), form.epsilon));
    expect(M.flat()).toBeAllClose(H.flat(), { rtol: 1e-10, atol: 1e-10 });
    expect(e.D11.every((row, i) => row.slice(i).every((x) => Math.abs(x) === 0))).toBe(true);
  });

  test("two trajectories approach each other at least so fast", async () => {
    const { e, P } = await matrices({ ...form, decay }, 3);
    const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i], 0);
    const rate = (x: number[]) => {
      const c = e.C1.map((row, i) => dot(row, x) + e.b_v[0][i]);
      const w: number[] = [];
      for (const [i, v] of c.entries()) w.push(Math.tanh(v + dot(w, e.D11[i].slice(0, i))));
      return e.A.map((row, i) => dot(row, x) + dot(e.B1[i], w) + e.b_x[0][i]);
    };
    const V = (d: number[]) =>
      dot(
        d,
        (P as Rows).map((row) => dot(row, d)),
      );
    // V̇ = 2 Δxᵀ P (ẋ − ẋ′), without any discretisation.
    for (let k = 0; k < 200; k++) {
      const [a, b] = [noise(3, 500 + k), noise(3, 900 + k)].map((x) => x.map((z) => 3 * z));
      const [d, f, g] = [a.map((x, i) => x - b[i]), rate(a), rate(b)];
      const change =
        2 *
        dot(
          (P as Rows).map((row) => dot(row, d)),
          f.map((x, i) => x - g[i]),
        );
      expect(change).toBeLessThanOrEqual(-decay * V(d) * (1 - 1e-9));
    }
  });
});

test("derivatives", async () => {
  const { inputs, feeds, explicit } = build({ ...form, states: 2, neurons: 2, epsilon: 0.2 }, 1);
  await checkDerivative({ inputs, feeds, outputs: Object.values(explicit) });
});
