import { describe, expect, test } from "vitest";
import { gradient } from "../../../src/autodiff/gradient.ts";
import { UsageError } from "../../../src/errors.ts";
import type { Value } from "../../../src/graph/node.ts";
import { scan, type Values } from "../../../src/graph/ops/control.ts";
import { add, tanh } from "../../../src/graph/ops/elementwise.ts";
import { affine } from "../../../src/graph/ops/linear.ts";
import { transpose } from "../../../src/graph/ops/movement.ts";
import { reduceSum } from "../../../src/graph/ops/reduction.ts";
import { type Tensor, tensorOf } from "../../../src/graph/tensor.ts";
import { input } from "../../../src/graph/value.ts";
import { parameterShapes } from "../../../src/models/ren/parameters.ts";
import { type Ren, type RenOptions, ren } from "../../../src/models/ren/ren.ts";
import { type ProxKind, proxKinds } from "../../../src/solvers/prox.ts";
import { checkDerivative, evaluate, noise } from "../../autodiff/differences.ts";
import { drawn, type Rows, reference, rowsOf } from "./dense.ts";

const sigma: Readonly<Record<ProxKind, (v: number) => number>> = {
  relu: (v) => Math.max(0, v),
  "leaky-relu": (v) => Math.max(v, 0.01 * v),
  tanh: Math.tanh,
  sigmoid: (v) => 1 / (1 + Math.exp(-v)),
  softplus: (v) => Math.log1p(Math.exp(v)),
};

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, x, i) => sum + x * b[i], 0);

/** Step after step, neuron after neuron; for a full D11 by sweeps damped until they rest. */
function dense(e: Record<string, Rows>, us: Rows, x0: number[], activation: ProxKind) {
  let x = x0;
  const ys = us.map((u) => {
    const c = e.C1.map((row, i) => dot(row, x) + dot(e.D12[i], u) + e.b_v[0][i]);
    const w = c.map(() => 0);
    for (let sweep = 0; sweep < 3000; sweep++) {
      c.forEach((v, i) => {
        w[i] += 0.04 * (sigma[activation](v + dot(e.D11[i], w)) - w[i]);
      });
    }
    const y = e.C2.map((row, i) => dot(row, x) + dot(e.D21[i], w) + dot(e.D22[i], u) + e.b_y[0][i]);
    x = e.A.map((row, i) => dot(row, x) + dot(e.B1[i], w) + dot(e.B2[i], u) + e.b_x[0][i]);
    return y;
  });
  return { ys, x };
}

const exactly = { rtol: 1e-14, atol: 1e-15, maxIterations: 2000 };
const [N, steps] = [2, 3];

/** A network over float64 inputs: its parameters, u and x₀. */
function problem(options: Partial<RenOptions> = {}) {
  const model = ren({
    inputs: 2,
    outputs: 2,
    states: 3,
    neurons: 10,
    rate: 0.9,
    solve: exactly,
    ...options,
  });
  const feeds: Record<string, Tensor> = {
    ...drawn(model.form, 2),
    u: tensorOf(Float64Array.from(noise(N * steps * 2, 5)), [N, steps, 2]),
    x0: tensorOf(Float64Array.from(noise(N * model.states, 6)), [N, model.states]),
  };
  const shapes = { ...parameterShapes(model.form), u: [N, steps, 2], x0: [N, model.states] };
  const inputs: Values = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, input(name, "float64", shape)]),
  );
  return { model, inputs, feeds };
}
const simulated = (model: Ren, { u, x0, ...parameters }: Values) =>
  model.simulate(model.explicit(parameters), u, x0);

const kinds: readonly (readonly [string, Partial<RenOptions>])[] = [
  ...proxKinds.map(
    (activation) => [`acyclic, ${activation}`, { activation }] as [string, Partial<RenOptions>],
  ),
  ["acyclic, two blocks of unequal size", { neurons: 9 }],
  ["acyclic, three blocks forwards, two backwards", { neurons: 15 }],
  ["acyclic, one neuron", { neurons: 1 }],
  ["full, tanh", { feedback: "full", neurons: 3 }],
  ["full, tanh, step 1/2", { feedback: "full", neurons: 3, alpha: 0.5 }],
  ["full, relu", { feedback: "full", neurons: 3, activation: "relu" }],
];

describe.each(kinds)("%s", (_, options) => {
  test("follows the dense reference, in one call and step by step", async () => {
    const { model, inputs, feeds } = problem(options);
    const { y, x, residual } = simulated(model, inputs);
    const { u: _all, x0, ...parameters } = inputs;
    const row = input("row", "float64", [N, 2]);
    const one = model.step(model.explicit(parameters), row, x0);
    const found = await evaluate(inputs, { y, x, ...(residual && { residual }) }, feeds);
    const { explicit } = reference(feeds, model.form);
    const us = rowsOf({ ...feeds.u, shape: [N * steps, 2] });
    for (let k = 0; k < N; k++) {
      const own = us.slice(k * steps, (k + 1) * steps);
      const start = rowsOf(feeds.x0)[k];
      const wanted = dense(explicit, own, start, model.activation);
      const mine = (name: "y" | "x") => {
        const size = found[name].data.length / N;
        return Array.from(found[name].data, Number).slice(k * size, (k + 1) * size);
      };
      expect(mine("y")).toBeAllClose(wanted.ys.flat(), { rtol: 1e-8, atol: 1e-8 });
      expect(mine("x")).toBeAllClose(wanted.x, { rtol: 1e-8, atol: 1e-8 });
    }
    if (found.residual)
      expect(Math.max(...Array.from(found.residual.data, Number))).toBeLessThan(1e-12);

    const rows = Float64Array.from([...us[0], ...us[steps]]);
    const { u: _u, ...others } = feeds;
    const stepped = await evaluate(
      { ...parameters, x0, row },
      { y1: one.y },
      { ...others, row: tensorOf(rows, [N, 2]) },
    );
    const first = rowsOf({ ...found.y, shape: [N * steps, 2] });
    expect(Array.from(stepped.y1.data, Number)).toBeAllClose([...first[0], ...first[steps]], {
      rtol: 1e-9,
      atol: 1e-9,
    });
  });

  test("derivatives through time in every parameter, the inputs and the start", async () => {
    const { model, inputs, feeds } = problem({ ...options, states: 2 });
    const { y, x } = simulated(model, inputs);
    await checkDerivative({ inputs, feeds, outputs: [y, x] });
  });
});

test("the derivative written out is that of the scan's own rule", async () => {
  const { model, inputs, feeds } = problem({ neurons: 4 });
  const { u, x0, ...parameters } = inputs;
  const e = model.explicit(parameters);
  const naive = scan({ x: x0 }, { u: transpose(u, [1, 0, 2]) }, ({ x }, row) => {
    const v = add(affine(x, e.C1, e.b_v), affine(row.u, e.D12));
    let w = tanh(v);
    for (let k = 1; k < 4; k++) w = tanh(add(v, affine(w, e.D11)));
    const next = add(affine(x, e.A, e.b_x), add(affine(w, e.B1), affine(row.u, e.B2)));
    const y = add(affine(x, e.C2, e.b_y), add(affine(w, e.D21), affine(row.u, e.D22)));
    return { state: { x: next }, outputs: { y } };
  });
  const { y } = simulated(model, inputs);
  const bars = async (of: Value) => {
    const loss = reduceSum(tanh(of));
    const named = Object.entries(gradient(loss, inputs)).map(([k, bar]) => [`bar.${k}`, bar]);
    return evaluate(inputs, Object.fromEntries(named), feeds);
  };
  const [one, other] = [await bars(y), await bars(naive.outputs.y)];
  for (const name of Object.keys(one)) {
    const [a, b] = [one, other].map((bar) => Array.from(bar[name].data, Number));
    expect(a, name).toBeAllClose(b, { rtol: 1e-9, atol: 1e-10 });
  }
});

test.each(["acyclic", "full"] as const)(
  "%s: sequences and steps may be counted when the program runs",
  async (feedback) => {
    const { model, inputs, feeds } = problem({ feedback, neurons: 3 });
    const { y } = simulated(model, inputs);
    const named = {
      ...inputs,
      u: input("u", "float64", ["N", "T", 2]),
      x0: input("x0", "float64", ["N", model.states]),
    };
    const open = simulated(model, named).y;
    const [one, other] = [
      await evaluate(inputs, { y }, feeds),
      await evaluate(named, { y: open }, feeds),
    ];
    expect(other.y).toEqual(one.y);
  },
);

test("second derivatives through time", async () => {
  const { model, inputs, feeds } = problem({ states: 1, neurons: 2 });
  const { y } = simulated(model, inputs);
  await checkDerivative(await checkDerivative({ inputs, feeds, outputs: [reduceSum(tanh(y))] }));
});

test("float32 parameters give float32 networks that were built in float64", async () => {
  const model = ren({ inputs: 1, outputs: 1, states: 3, neurons: 5, rate: 0.7 });
  const feeds = model.initialise(4);
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([name, { shape }]) => [name, input(name, "float32", shape)]),
  );
  const { A } = model.explicit(inputs);
  const found = await evaluate(inputs, { A }, feeds);
  const wanted = reference(feeds as Record<string, Tensor>, model.form).explicit.A.flat();
  expect(Array.from(found.A.data, Number)).toEqual(wanted.map(Math.fround));
});

const base = { inputs: 1, outputs: 1, states: 2, neurons: 2 };
test.each<[object, string]>([
  [{ ...base, rate: 0 }, "rate = 0"],
  [{ ...base, rate: 1.01 }, "rate = 1.01"],
  [{ ...base, neurons: 0 }, "neurons = 0"],
  [{ ...base, epsilon: -1 }, "epsilon = -1"],
  [{ ...base, feedback: "cyclic" }, 'unknown feedback "cyclic"'],
  [{ ...base, activation: "gelu" }, 'unknown activation "gelu"'],
  [{ ...base, gamma: 3 }, "gamma"],
])("%o is refused", (options, message) => {
  expect(() => ren(options as RenOptions)).toThrow(UsageError);
  expect(() => ren(options as RenOptions)).toThrow(message);
});
