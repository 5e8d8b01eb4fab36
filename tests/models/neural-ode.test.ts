import { expect, test } from "vitest";
import { gradient } from "../../src/autodiff/gradient.ts";
import { ShapeError, UsageError } from "../../src/errors.ts";
import type { Value } from "../../src/graph/node.ts";
import { square, sub } from "../../src/graph/ops/elementwise.ts";
import { concat, full, reshape, slice } from "../../src/graph/ops/movement.ts";
import { reduceMean, reduceSum } from "../../src/graph/ops/reduction.ts";
import { castTensor, constantOf, type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { type NeuralOde, type NeuralOdeOptions, neuralOde } from "../../src/models/neural-ode.ts";
import { compile } from "../../src/runtime/program.ts";
import type { OdeOptions } from "../../src/solvers/ode/integrate.ts";
import { odeStatuses } from "../../src/solvers/ode/options.ts";
import { checkDerivative, evaluate, noise } from "../autodiff/differences.ts";
import { adam } from "./adam.ts";

const doubles = (numbers: readonly number[], shape: readonly number[]): Tensor =>
  tensorOf(Float64Array.from(numbers), shape);
const rest = (model: NeuralOde, u: Value) => full(0, [u.shape[0], model.states], u);
const tight = { rtol: 1e-11, atol: 1e-12 };

/** A model, its drawn parameters in float64 and their inputs, with u of random numbers. */
function prepared(options: NeuralOdeOptions, batch: number, times: number) {
  const model = neuralOde(options);
  const drawn = Object.entries(model.initialise(3));
  const feeds: Record<string, Tensor> = {
    ...Object.fromEntries(drawn.map(([k, v]) => [k, castTensor(v, "float64")])),
    u: doubles(noise(batch * times * options.inputs, 4), [batch, times, options.inputs]),
  };
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([k, { shape }]) => [k, input(k, "float64", shape)]),
  );
  return { model, feeds, inputs };
}

test("a linear field is sampled as its matrix exponential says, u held between times", async () => {
  const dt = 0.7;
  const model = neuralOde({ inputs: 1, states: 1, outputs: 1, hidden: [], dt, integration: tight });
  const feeds = {
    "field.layer0.weight": doubles([-2, 3], [1, 2]), // ẋ = −2x + 3u + 0.5
    "field.layer0.bias": doubles([0.5], [1]),
    "readout.weight": doubles([4], [1, 1]),
    "readout.bias": doubles([-1], [1]),
    u: doubles([1, -2, 0.5, 3], [1, 4, 1]),
  };
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([k, { shape }]) => [k, input(k, "float64", shape)]),
  );
  const { y, x: end, info } = model.simulate(inputs, inputs.u, rest(model, inputs.u));
  const found = await evaluate(inputs, { y, x: end, ...info }, feeds);
  const decay = Math.exp(-2 * dt);
  let x = 0;
  const exact = [1, -2, 0.5, 3].map((u) => {
    const before = x;
    x = decay * x + ((1 - decay) / 2) * (3 * u + 0.5);
    return 4 * before - 1;
  });
  expect(found.y.data as Float64Array).toBeAllClose(exact, { rtol: 1e-9 });
  expect(found.x.data as Float64Array).toBeAllClose([x], { rtol: 1e-9 });
  expect(odeStatuses[Number(found.status.data[0])]).toBe("converged");
  const [evaluations, accepted, rejected] = ["evaluations", "accepted", "rejected"].map((name) =>
    Number(found[name].data[0]),
  );
  expect(evaluations).toBe(2 * 4 + 6 * (accepted + rejected));
});

const small = { inputs: 1, states: 2, outputs: 1, hidden: [3], dt: 0.3 };

test.each<[string, OdeOptions]>([
  ["rk4", { method: "rk4", steps: 2 }],
  ["dopri5", tight],
  ["dopri5 with the adjoint", { ...tight, gradient: "adjoint" }],
])("gradients through %s are those of central differences", async (_, integration) => {
  const { model, feeds, inputs } = prepared({ ...small, integration }, 2, 3);
  const { y, x } = model.simulate(inputs, inputs.u, rest(model, inputs.u));
  await checkDerivative({ inputs, feeds, outputs: [y, x] });
});

test("single steps give the whole sequence", async () => {
  const { model, feeds, inputs } = prepared(small, 2, 4);
  const whole = model.simulate(inputs, inputs.u, rest(model, inputs.u));
  let x: Value = rest(model, inputs.u);
  const ys: Value[] = [];
  for (let t = 0; t < 4; t++) {
    const u = reshape(slice(inputs.u, 1, { start: t, end: t + 1 }), [2, 1]);
    const stepped = model.step(inputs, u, x);
    x = stepped.x;
    ys.push(reshape(stepped.y, [2, 1, 1]));
  }
  const outputs = { whole: whole.y, steps: concat(ys, 1), end: whole.x, last: x };
  const found = await evaluate(inputs, outputs, feeds);
  expect(found.steps.data as Float64Array).toBeAllClose(found.whole.data as Float64Array);
  expect(found.last.data as Float64Array).toBeAllClose(found.end.data as Float64Array);
});

test("any batch and any number of times in one graph, with its gradient, in float32", async () => {
  const model = neuralOde(small);
  const drawn = model.initialise(1);
  const inputs = {
    ...Object.fromEntries(Object.entries(drawn).map(([k, v]) => [k, input(k, v.dtype, v.shape)])),
    u: input("u", "float32", ["B", "T", 1]),
  };
  const { y } = model.simulate(inputs, inputs.u, rest(model, inputs.u));
  const { u: slope } = gradient(reduceSum(y), { u: inputs.u });
  for (const [batch, times] of [
    [1, 2],
    [3, 5],
  ]) {
    const u = castTensor(doubles(noise(batch * times, 2), [batch, times, 1]), "float32");
    const found = await evaluate(inputs, { y, slope }, { ...drawn, u });
    expect(found.y.shape).toEqual([batch, times, 1]);
    expect(found.slope.shape).toEqual([batch, times, 1]);
    expect(Array.from(found.slope.data, Number).every(Number.isFinite)).toBe(true);
  }
});

test("learns a driven pendulum from sampled angles and rates, and predicts trajectories it has not seen", async () => {
  const [dt, times, batch] = [0.1, 25, 12];
  // Fine steps of the midpoint method stand for the truth.
  const motion = (seed: number) => {
    const [u, y, x0]: number[][] = [[], [], []];
    for (let k = 0; k < batch; k++) {
      let [angle, rate] = noise(2, seed + k);
      x0.push(angle, rate);
      const drive = noise(3, seed + 100 + k);
      for (let i = 0; i < times; i++) {
        const torque = 2 * drive[0] * Math.sin((1 + drive[1]) * i * dt + drive[2]);
        u.push(torque);
        y.push(angle, rate);
        for (let n = 0; n < 50; n++) {
          const h = dt / 50;
          const slope = (a: number, r: number) => torque - 4 * Math.sin(a) - 0.5 * r;
          const [a, r] = [angle + (h / 2) * rate, rate + (h / 2) * slope(angle, rate)];
          [angle, rate] = [angle + h * r, rate + h * slope(a, r)];
        }
      }
    }
    const single = (list: number[], shape: number[]) => tensorOf(Float32Array.from(list), shape);
    return {
      u: single(u, [batch, times, 1]),
      y: single(y, [batch, times, 2]),
      x0: single(x0, [batch, 2]),
    };
  };
  const model = neuralOde({
    inputs: 1,
    states: 2,
    outputs: 2,
    hidden: [16],
    dt,
    integration: { method: "rk4" },
  });
  // The state is what is measured: the readout stays the identity.
  const readout = {
    "readout.weight": castTensor(doubles([1, 0, 0, 1], [2, 2]), "float32"),
    "readout.bias": castTensor(doubles([0, 0], [2]), "float32"),
  };
  const drawn = Object.entries(model.initialise(1)).filter(([name]) => !(name in readout));
  const parameters = Object.fromEntries(drawn);
  const inputs = Object.fromEntries(
    Object.entries({ ...parameters, ...motion(1) }).map(([k, v]) => [
      k,
      input(k, v.dtype, v.shape),
    ]),
  );
  const fixed = Object.fromEntries(Object.entries(readout).map(([k, v]) => [k, constantOf(v)]));
  const { y } = model.simulate({ ...inputs, ...fixed }, inputs.u, inputs.x0);
  const loss = reduceMean(square(sub(y, inputs.y)));
  const { u: _, y: __, x0: ___, ...trained } = inputs;
  const bars = Object.entries(gradient(loss, trained)).map(([k, v]) => [`bar.${k}`, v] as const);
  const program = await compile(inputs, { loss, ...Object.fromEntries(bars) }, { threads: 1 });
  const [seen, unseen] = [motion(1), motion(500)];
  const fitted = await adam((p) => program.run({ ...p, ...seen }), parameters, 300);
  const held = await program.run({ ...fitted.parameters, ...unseen });
  await program.release();
  const spread = Array.from(unseen.y.data, Number).reduce((sum, v) => sum + v * v, 0);
  const nrmse = Math.sqrt((Number(held.loss.data[0]) * unseen.y.data.length) / spread);
  expect(nrmse).toBeLessThan(0.12);
});

test("what does not fit is refused", () => {
  expect(() => neuralOde({ ...small, dt: 0 })).toThrow(UsageError);
  expect(() => neuralOde({ ...small, states: 1.5 })).toThrow(UsageError);
  expect(() => neuralOde({ ...small, hiden: [3] } as never)).toThrow(/did you mean "hidden"/);
  const model = neuralOde(small);
  const x = input("x", "float32", ["B", 2]);
  expect(() => model.simulate({}, input("u", "float32", ["B", 4, 2]), x)).toThrow(ShapeError);
  expect(() =>
    model.step({}, input("u", "float32", ["B", 1]), input("x", "float32", ["B", 3])),
  ).toThrow(/wanted \[B, 2\]/);
});
