import { describe, expect, test } from "vitest";
import { type Tensor, tensorOf } from "../../../src/graph/tensor.ts";
import { input } from "../../../src/graph/value.ts";
import { type ContinuousRenOptions, continuousRen } from "../../../src/models/ren/flow.ts";
import { checkDerivative, evaluate, noise } from "../../autodiff/differences.ts";
import { type Rows, rowsOf } from "./dense.ts";

const size = { inputs: 2, outputs: 1, states: 3, neurons: 4, dt: 0.1 };
const steps = 12;

/** A model with its parameters in float64, as inputs and feeds, and sequences of inputs. */
function set(options: Partial<ContinuousRenOptions>, seed: number, length = steps) {
  const model = continuousRen({ ...size, ...options });
  const drawn = Object.entries(model.initialise(seed)).map(([name, { data, shape }]) => [
    name,
    tensorOf(
      Float64Array.from(Array.from(data, Number), (x) => x + 0.01),
      shape,
    ), // no bias is zero
  ]);
  const count = 2;
  const feeds: Record<string, Tensor> = {
    ...Object.fromEntries(drawn),
    u: tensorOf(Float64Array.from(noise(count * length * 2, seed + 50)), [count, length, 2]),
    x0: tensorOf(Float64Array.from(noise(count * 3, seed + 90)), [count, 3]),
  };
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([name, { shape }]) => [name, input(name, "float64", shape)]),
  );
  const { u, x0, ...parameters } = inputs;
  const explicit = model.explicit(parameters);
  return { model, feeds, inputs, parameters, explicit, u, x0 };
}

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, x, i) => sum + x * b[i], 0);
const apply = (M: Rows, x: readonly number[]) => M.map((row) => dot(row, x));

test("solves its equations: against RK4 written out, with short steps", async () => {
  const { model, feeds, inputs, explicit, u, x0 } = set(
    { integration: { rtol: 1e-11, atol: 1e-13 } },
    4,
  );
  const { y, x } = model.simulate(explicit, u, x0);
  const named = Object.entries(explicit).map(([name, value]) => [`found.${name}`, value]);
  const found = await evaluate(inputs, { y, x, ...Object.fromEntries(named) }, feeds);
  const e = Object.fromEntries(
    Object.keys(explicit).map((name) => [name, rowsOf(found[`found.${name}`])]),
  );
  const w = (at: readonly number[], held: readonly number[]) => {
    const solved: number[] = [];
    e.C1.forEach((row, i) => {
      const before = dot(solved, e.D11[i].slice(0, i));
      solved.push(Math.tanh(dot(row, at) + before + dot(e.D12[i], held) + e.b_v[0][i]));
    });
    return solved;
  };
  const rows = (from: "x" | "y", at: readonly number[], held: readonly number[]) => {
    const [X, W, U, b] = from === "x" ? [e.A, e.B1, e.B2, e.b_x] : [e.C2, e.D21, e.D22, e.b_y];
    const [a, c, d] = [apply(X, at), apply(W, w(at, held)), apply(U, held)];
    return a.map((v, i) => v + c[i] + d[i] + b[0][i]);
  };
  const all = Array.from(feeds.u.data, Number);
  for (const sample of [0, 1]) {
    let now = Array.from(feeds.x0.data, Number).slice(3 * sample, 3 * sample + 3);
    for (let t = 0; t < steps; t++) {
      const held = all.slice(2 * (sample * steps + t), 2 * (sample * steps + t) + 2);
      expect(Number(found.y.data[sample * steps + t])).toBeCloseTo(rows("y", now, held)[0], 8);
      const h = size.dt / 200;
      for (let k = 0; k < 200; k++) {
        const along = (by: number, slope: readonly number[]) =>
          rows(
            "x",
            now.map((v, i) => v + by * (slope[i] ?? 0)),
            held,
          );
        const k1 = along(0, []);
        const k2 = along(h / 2, k1);
        const k3 = along(h / 2, k2);
        const k4 = along(h, k3);
        now = now.map((v, i) => v + (h / 6) * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]));
      }
    }
    now.forEach((v, i) => {
      expect(Number(found.x.data[3 * sample + i])).toBeCloseTo(v, 8);
    });
  }
});

describe.each([0, 1.5])("at the decay %d", (decay) => {
  test("two trajectories under one input approach each other at that rate", async () => {
    const { model, feeds, inputs, parameters, explicit, u, x0 } = set(
      { decay, integration: { rtol: 1e-10, atol: 1e-12 } },
      7,
      1,
    );
    // Both samples under the same input, step by step.
    const { x } = model.simulate(explicit, u, x0);
    const held = tensorOf(Float64Array.of(0.3, -0.2, 0.3, -0.2), [2, 1, 2]);
    const { P } = model.metric(parameters);
    const V = (p: Rows, states: readonly number[]) => {
      const d = [0, 1, 2].map((i) => states[i] - states[3 + i]);
      return dot(d, apply(p, d));
    };
    let start = feeds.x0;
    for (let k = 0; k < 10; k++) {
      const found = await evaluate(inputs, { x, P }, { ...feeds, u: held, x0: start });
      const p = rowsOf(found.P);
      const [before, after] = [start, found.x].map((t) => V(p, Array.from(t.data, Number)));
      expect(after).toBeLessThanOrEqual(before * Math.exp(-decay * size.dt) * (1 + 1e-8));
      start = found.x;
    }
  });
});

test("one step is the first of a sequence", async () => {
  const { model, feeds, inputs, explicit, u, x0 } = set({}, 2, 1);
  const whole = model.simulate(explicit, u, x0);
  const flat = input("flat", "float64", [2, 2]);
  const one = model.step(explicit, flat, x0);
  const { data } = feeds.u;
  const found = await evaluate(
    { ...inputs, flat },
    { a: whole.y, b: one.y, c: whole.x, d: one.x },
    { ...feeds, flat: tensorOf(data as Float64Array, [2, 2]) },
  );
  expect(found.b.data).toBeAllClose(found.a.data as Float64Array);
  expect(found.d.data).toBeAllClose(found.c.data as Float64Array);
});

test("derivatives through the flow", async () => {
  const { model, feeds, inputs, explicit, u, x0 } = set({ integration: { method: "rk4" } }, 1, 3);
  const { y, x } = model.simulate(explicit, u, x0);
  await checkDerivative({ inputs, feeds, outputs: [y, x] });
});

test.each([
  [{ decay: -1 }, "decay = -1"],
  [{ dt: 0 }, "dt = 0 is not positive"],
  [{ neurons: 2.5 }, "neurons"],
  [{ rate: 0.9 }, "rate"],
])("refuses %o", (options, message) => {
  expect(() => continuousRen({ ...size, ...options } as ContinuousRenOptions)).toThrow(message);
});
