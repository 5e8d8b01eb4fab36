import { describe, expect, test } from "vitest";
import { randomStream } from "../../src/data/random.ts";
import { EigenflowError } from "../../src/errors.ts";
import { type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { leastSquares } from "../../src/linalg/least-squares.ts";
import { fromRows } from "../../src/linalg/matrix.ts";
import { recurrent } from "../../src/models/recurrent/recurrent.ts";
import { longMemoryStart } from "../../src/models/ren/initialise.ts";
import { type Ren, ren } from "../../src/models/ren/ren.ts";
import { adam, sgd } from "../../src/training/optimisers.ts";
import { constantRate, cosineRate } from "../../src/training/schedules.ts";
import {
  cutSequences,
  fitSequences,
  type SequenceFit,
  type SequenceState,
  type Sequences,
} from "../../src/training/sequence-fit.ts";
import { certifyRen } from "../../src/verification/ren-certificate.ts";
import { evaluate } from "../autodiff/differences.ts";

/** x⁺ = 0.8 x + 0.4 tanh(2u), y = x + 0.3 x²: saturation in and a curve out. */
function record(steps: number, seed: number, x = 0) {
  const random = randomStream(seed, "system");
  const [u, y] = [new Float32Array(steps), new Float32Array(steps)];
  let state = x;
  for (let t = 0; t < steps; t++) {
    u[t] = 1.5 * random.normal();
    y[t] = state + 0.3 * state * state;
    state = 0.8 * state + 0.4 * Math.tanh(2 * u[t]);
  }
  return { u: tensorOf(u, [steps, 1]), y: tensorOf(y, [steps, 1]) };
}
const cut = ({ u, y }: Sequences, length: number, every?: number): Sequences => ({
  u: cutSequences(u, length, every),
  y: cutSequences(y, length, every),
});

/** Root of the mean square of what is wrong after the washout, over the deviation of y. */
async function testError(
  model: Ren,
  { parameters }: SequenceFit,
  { u, y }: Sequences,
  washout: number,
) {
  const inputs = Object.fromEntries(
    Object.entries(parameters).map(([name, { shape }]) => [name, input(name, "float32", shape)]),
  );
  const [us, x0] = [
    input("u", "float32", u.shape),
    input("x0", "float32", [u.shape[0], model.states]),
  ];
  const zero = tensorOf(new Float32Array(u.shape[0] * model.states), [u.shape[0], model.states]);
  const { y: found } = model.simulate(model.explicit(inputs), us, x0);
  const feeds = { ...parameters, u, x0: zero };
  const { out } = await evaluate({ ...inputs, u: us, x0 }, { out: found }, feeds);
  return relative(out, y, washout);
}
function relative(found: Tensor, y: Tensor, washout: number): number {
  const counts = (k: number) => k % y.shape[1] >= washout;
  const [a, b] = [found, y].map(({ data }) => Array.from(data, Number).filter((_, k) => counts(k)));
  const mean = b.reduce((sum, x) => sum + x, 0) / b.length;
  const squares = (xs: number[]) => xs.reduce((sum, x) => sum + x * x, 0);
  return Math.sqrt(squares(a.map((x, k) => x - b[k])) / squares(b.map((x) => x - mean)));
}

const washout = 25;
const model = ren({
  inputs: 1,
  outputs: 1,
  states: 3,
  neurons: 6,
  rate: 0.95,
  start: longMemoryStart(0.8),
});
const base = { seed: 1, steps: 20, batch: 4, optimiser: adam(), schedule: constantRate(1e-2) };

test("a network beats the best linear model of a system that bends, and is certified", async () => {
  const train = cut(record(1600, 1), 100, 50);
  const held = cut(record(800, 2), 200);
  const fit = await fitSequences(model, train, {
    ...base,
    steps: 400,
    batch: 16,
    schedule: cosineRate(2e-2),
    washout,
    clipNorm: 1,
  });
  expect(fit.status).toBe("completed");
  expect(Math.max(...fit.gradientNorms!)).toBeGreaterThan(1); // the limit was of use

  // The impulse response of 24 steps with a constant, by least squares: no linear model of this
  // system, whose memory is 0.8ᵗ, can do better.
  const rowsOf = ({ u, y }: Sequences) =>
    Array.from({ length: u.shape[0] }, (_, k) => k).flatMap((k) => {
      const [us, ys] = [u, y].map(({ data }) =>
        Array.from(data, Number).slice(k * u.shape[1], (k + 1) * u.shape[1]),
      );
      return ys.slice(washout).map((out, i) => ({
        row: [1, ...Array.from({ length: 24 }, (_, lag) => us[i + washout - 1 - lag])],
        out,
      }));
    });
  const [known, asked] = [rowsOf(train), rowsOf(held)];
  const { X } = leastSquares(
    fromRows(known.map(({ row }) => row)),
    fromRows(known.map(({ out }) => [out])),
  );
  const linear = asked.map(({ row }) => row.reduce((sum, x, i) => sum + x * X.data[i], 0));
  const outs = asked.map(({ out }) => out);
  const asTensor = (xs: number[]) => tensorOf(Float64Array.from(xs), [1, xs.length]);
  const best = relative(asTensor(linear), asTensor(outs), 0);

  const own = await testError(model, fit, held, washout);
  expect(best).toBeGreaterThan(0.25);
  expect(own).toBeLessThan(best / 2);

  const inputs = Object.fromEntries(
    Object.entries(fit.parameters).map(([name, { shape }]) => [
      name,
      input(name, "float32", shape),
    ]),
  );
  const named = Object.entries(model.explicit(inputs)).map(([k, v]) => [`stored.${k}`, v]);
  const { P, Lambda } = model.metric(inputs);
  const found = await evaluate(inputs, { ...Object.fromEntries(named), P, Lambda }, fit.parameters);
  const stored = Object.entries(found).map(([k, v]) => [k.replace("stored.", ""), v]);
  const claim = {
    activation: "tanh",
    feedback: "acyclic",
    rate: 0.95,
    guarantee: { kind: "contracting" },
  } as const;
  const metric = { P: found.P, Lambda: found.Lambda };
  expect(certifyRen(Object.fromEntries(stored), metric, claim).measured).toBeGreaterThan(0);
});

describe("steps", () => {
  const data = cut(record(240, 3), 30);

  test("the same seed gives the same bytes, however the steps fall into calls", async () => {
    const runs = [];
    for (const stepsPerCall of [1, 7, 64])
      runs.push(await fitSequences(model, data, { ...base, stepsPerCall }));
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).toEqual(runs[0]);
    const other = await fitSequences(model, data, { ...base, seed: 2 });
    expect(other.losses).not.toEqual(runs[0].losses);
  });

  test("a washout that hides all that is wrong leaves no loss", async () => {
    const { u } = data;
    const still = await fitSequences(model, { u, y: data.y }, { ...base, steps: 1, washout: 29 });
    const all = await fitSequences(model, { u, y: data.y }, { ...base, steps: 1 });
    expect(still.losses[0]).not.toBe(all.losses[0]);
    // Wrong in the first 10 steps alone, by 1,000.
    const wrong = Float32Array.from(
      data.y.data as Float32Array,
      (x, k) => x + (k % 30 < 10 ? 1000 : 0),
    );
    const y = tensorOf(wrong, data.y.shape);
    const late = await fitSequences(model, { u, y }, { ...base, steps: 1, washout: 10 });
    const right = await fitSequences(model, data, { ...base, steps: 1, washout: 10 });
    expect(late.losses).toEqual(right.losses);
  });

  test("learned starts take up what another start of the system leaves wrong", async () => {
    const parts = [0, 1, 2, 3].map((k) => record(30, 9, 2 - k)); // states from 2 to −1
    const joined = (of: "u" | "y") =>
      tensorOf(
        Float32Array.from(parts.flatMap((part) => Array.from(part[of].data, Number))),
        [4, 30, 1],
      );
    const from = { u: joined("u"), y: joined("y") };
    const options = { ...base, steps: 250, schedule: constantRate(2e-2) };
    const without = await fitSequences(model, from, options);
    const learned = await fitSequences(model, from, { ...options, learnStart: true });
    expect(without.starts).toBe(null);
    expect(learned.starts!.shape).toEqual([4, 3]);
    expect(learned.losses.at(-1)!).toBeLessThan(0.3 * without.losses.at(-1)!);
  });

  test("a run that leaves the numbers says so, and keeps what was before", async () => {
    const wild = { ...base, optimiser: sgd(), schedule: constantRate(1e30), stepsPerCall: 1 };
    const fit = await fitSequences(model, data, wild);
    expect(fit.status).toBe("non-finite");
    for (const { data } of Object.values(fit.parameters))
      expect(Array.from(data, Number).every(Number.isFinite)).toBe(true);
  });

  test("any model of sequences is trained by the same steps", async () => {
    const lstm = recurrent({ cell: "lstm", inputs: 1, outputs: 1, units: 4 });
    const fit = await fitSequences(lstm, data, {
      ...base,
      steps: 60,
      schedule: constantRate(3e-2),
    });
    expect(fit.losses.at(-1)!).toBeLessThan(0.5 * fit.losses[0]);
  });

  test("sequences are cut one after another, or so far apart", () => {
    const series = tensorOf(
      Float32Array.from({ length: 14 }, (_, k) => k),
      [7, 2],
    );
    expect(cutSequences(series, 3).shape).toEqual([2, 3, 2]);
    const { data } = cutSequences(series, 4, 2);
    expect([...data]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(() => cutSequences(series, 8)).toThrow("sequences of 8 steps");
  });

  test.each<[object, string]>([
    [{ batch: 9 }, "batch = 9 of 8 sequences"],
    [{ washout: 30 }, "washout = 30"],
    [{ steps: 0 }, "steps = 0"],
    [{ epochs: 3 }, "epochs"],
  ])("%o is refused", async (change, message) => {
    const run = fitSequences(model, data, { ...base, ...change });
    await expect(run).rejects.toThrow(EigenflowError);
    await expect(fitSequences(model, data, { ...base, ...change })).rejects.toThrow(message);
  });
});

test("whoever is told of the parameters after each call can end the run", async () => {
  const data = cut(record(400, 5), 40);
  const model = ren({ inputs: 1, outputs: 1, states: 2, neurons: 2, rate: 0.95 });
  const options = { seed: 1, steps: 12, batch: 5, optimiser: adam(), schedule: constantRate(1e-3) };
  const seen: number[] = [];
  const run = await fitSequences(model, data, {
    ...options,
    stepsPerCall: 3,
    afterCall: async (_, step) => seen.push(step) === 2,
  });
  expect([run.status, seen]).toEqual(["stopped", [3, 6]]);
  const whole = await fitSequences(model, data, { ...options, steps: 6 });
  expect(run.losses).toEqual(whole.losses);
});

test("a run goes on from the state that it was told of, to the same bytes", async () => {
  const data = cut(record(400, 5), 40);
  const model = ren({ inputs: 1, outputs: 1, states: 2, neurons: 2, rate: 0.95 });
  const options = {
    seed: 1,
    steps: 11,
    batch: 3,
    optimiser: adam(),
    schedule: constantRate(1e-3),
    learnStart: true,
    stepsPerCall: 4,
  };
  const states: SequenceState[] = [];
  const whole = await fitSequences(model, data, {
    ...options,
    afterCall: async (_, __, state) => states.push(state) > 3,
  });
  expect(states.map(({ step }) => step)).toEqual([4, 8, 11]);
  const rest = await fitSequences(model, data, { ...options, from: states[0] });
  expect(rest.parameters).toEqual(whole.parameters);
  expect(rest.starts).toEqual(whole.starts);
  expect(rest.losses).toEqual(whole.losses.subarray(4));
  const done = await fitSequences(model, data, { ...options, from: states[2] });
  expect([done.status, done.parameters]).toEqual(["completed", whole.parameters]);
  const odd = { ...states[0], theta: states[0].theta.subarray(1) };
  await expect(fitSequences(model, data, { ...options, from: odd })).rejects.toThrow(
    /wanted 3 times/,
  );
});
