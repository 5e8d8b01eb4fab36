import { describe, expect, test } from "vitest";
import { splitBySeed } from "../../src/data/split.ts";
import { twoMoons } from "../../src/data/two-moons.ts";
import { constantOf, tensorOf } from "../../src/graph/tensor.ts";
import { type DeqOptions, deq } from "../../src/models/deq.ts";
import { dense } from "../../src/models/layers/dense.ts";
import type { Model } from "../../src/models/model.ts";
import { compile } from "../../src/runtime/program.ts";
import { solverHealth } from "../../src/solvers/fixed-point.ts";
import { formatCheckpoint, parseCheckpoint } from "../../src/training/checkpoint.ts";
import type { TrainEvent } from "../../src/training/events.ts";
import { fit } from "../../src/training/fit.ts";
import type { FitOptions } from "../../src/training/fit-options.ts";
import { adam } from "../../src/training/optimisers.ts";
import { constantRate } from "../../src/training/schedules.ts";
import { parametersOf } from "../../src/training/state.ts";
import { firstKept, suppliesOf } from "../../src/training/supplies.ts";

const data = splitBySeed(twoMoons(250, 3, 0.1), 0.8, 1);
const base: DeqOptions = {
  inputs: 2,
  outputs: 2,
  layer: dense({ width: 6 }),
  forward: { rtol: 1e-5 },
};
/** All that wants something of training. */
const wanting = deq({
  ...base,
  normalise: { kind: "spectral" },
  jacobian: { gamma: 0.5, probability: 0.7, samples: 2 },
  dropout: 0.2,
  correction: { steps: [1, 2] },
  warmStart: true,
});
const usual: FitOptions = {
  seed: 1,
  epochs: 3,
  batch: 32,
  optimiser: adam(),
  schedule: constantRate(1e-2),
  compile: { threads: 1 },
};

async function events(model: Model, options: Partial<FitOptions> = {}): Promise<TrainEvent[]> {
  const all: TrainEvent[] = [];
  for await (const event of fit(model, data, { ...usual, ...options })) all.push(event);
  return all;
}
const only = <T extends TrainEvent["type"]>(all: readonly TrainEvent[], type: T) =>
  all.filter((event): event is Extract<TrainEvent, { type: T }> => event.type === type);
const endOf = (all: readonly TrainEvent[]) => only(all, "end")[0];

describe("a model that wants noise, carried tensors and remembered rows", () => {
  test("trains to the same bytes however the steps fall into calls", async () => {
    const [long, short] = [
      endOf(await events(wanting, { callSeconds: 10 })),
      endOf(await events(wanting, { callSeconds: 1e-6 })),
    ];
    expect(long.status).toBe("completed");
    expect(short.state).toEqual(long.state);
    expect(Object.keys(long.state.kept!)).toEqual(["carried.W", "remembered.state0"]);
  });

  test("goes on from any checkpoint file to the same bytes", async () => {
    const whole = await events(wanting, { callSeconds: 1e-6 });
    const states = only(whole, "checkpoint").map(({ state }) => state);
    for (const state of [states[0], states[5], states[8], states[15]]) {
      const bytes = formatCheckpoint({ state, metricsLines: 0 });
      const resume = parseCheckpoint(bytes, "a file").state;
      expect(resume).toEqual(state);
      expect(endOf(await events(wanting, { resume })).state).toEqual(endOf(whole).state);
    }
  });

  test("learns, and its test is without noise", async () => {
    const all = only(await events(wanting, { epochs: 25 }), "epoch");
    expect(all.at(-1)!.test.accuracy).toBeGreaterThan(0.84);
    expect(all.at(-1)!.test.forward!.unconverged).toBe(0);
  });
});

test.each<[string, Partial<DeqOptions>]>([
  ["a penalty", { jacobian: { gamma: 1, samples: "exact" } }],
  ["a correction", { correction: { steps: [1] } }],
])("%s counts in training without any other want", async (_, more) => {
  const theta = async (model: Model) => endOf(await events(model, { epochs: 1 })).state.theta;
  const model = deq({ ...base, ...more });
  expect(model.wants).toBeUndefined();
  expect(await theta(model)).not.toEqual(await theta(deq(base)));
});

test("draws follow from seed and step, not from the call they are drawn for", () => {
  const rows = new BigInt64Array(12);
  const draw = (first: number, steps: number, seed = 4) =>
    suppliesOf(wanting, undefined, { seed, first, steps, size: 4, rows })["noise.dropout0"].data;
  expect([...draw(7, 1), ...draw(8, 2)]).toEqual([...draw(7, 3)]);
  expect(draw(7, 1)).not.toEqual(draw(8, 1));
  expect(draw(7, 1)).not.toEqual(draw(7, 1, 5));
  const share = draw(0, 3).filter((v) => v === 0).length / 72;
  expect(share).toBeGreaterThan(0.08);
  expect(share).toBeLessThan(0.35);
});

describe("a warm start", () => {
  /** y = z*, so that equilibria are seen from outside. */
  const open = { ...base, layer: dense({ width: 2 }), head: "none" } as const;
  const frozen = { schedule: constantRate(1e-30), epochs: 2 };

  test("remembers the equilibrium of each row under the row's own number", async () => {
    const model = deq({ ...open, warmStart: true });
    const { state } = endOf(await events(model, frozen));
    const { train } = data;
    const constants = Object.entries(parametersOf(model, state)).map(([k, v]) => [
      k,
      constantOf(v),
    ]);
    const x = constantOf(tensorOf(train.features, [train.count, 2]));
    const z = model.apply(Object.fromEntries(constants), x, solverHealth());
    const program = await compile({}, { z }, { threads: 1 });
    const found = await program.run({});
    await program.release();
    const table = state.kept!["remembered.state0"];
    expect(table.shape).toEqual([train.count, 2]);
    expect(table.data as Float32Array).toBeAllClose(found.z.data as Float32Array, {
      rtol: 0,
      atol: 1e-4,
    });
  });

  test("needs one iteration where the weights have not moved, fewer where they move a little", async () => {
    const iterations = async (warmStart: boolean, rate: number) => {
      const model = deq({ ...base, warmStart });
      const all = await events(model, { schedule: constantRate(rate), epochs: 4 });
      return only(all, "epoch").map(({ train }) => train.forward!.meanIterations);
    };
    const still = await iterations(true, 1e-30);
    expect(still[0]).toBeGreaterThan(5);
    expect(still.slice(1)).toEqual([1, 1, 1]);
    const [cold, warm] = [await iterations(false, 1e-3), await iterations(true, 1e-3)];
    expect(warm[0]).toBe(cold[0]);
    expect(warm[3]).toBeLessThan(0.85 * cold[3]);
  });

  test("ends where the cold start ends", async () => {
    const options = { schedule: constantRate(1e-3), epochs: 4 };
    const exact = { forward: { rtol: 1e-6 }, backward: { rtol: 1e-6 } };
    const [warm, cold] = [true, false].map((warmStart) => deq({ ...base, ...exact, warmStart }));
    const a = endOf(await events(warm, options)).state.theta;
    const b = endOf(await events(cold, options)).state.theta;
    expect(a).toBeAllClose(b, { rtol: 0, atol: 1e-3 });
  });

  test("a table of other rows, or of another state, is dropped", async () => {
    const model = deq({ ...base, warmStart: true });
    const { state } = endOf(await events(model, frozen));
    const foreign = { "remembered.state0": tensorOf(new Float32Array(10), [5, 2]) };
    const resume = { ...state, epoch: 0, step: 0, kept: foreign };
    const [first] = only(await events(model, { ...frozen, resume }), "epoch");
    expect(first.train.forward!.meanIterations).toBeGreaterThan(5);
  });

  test("what did not converge is not remembered", async () => {
    const forward = { rtol: 1e-12, atol: 0, maxIterations: 2 };
    const { state } = endOf(await events(deq({ ...base, forward, warmStart: true }), frozen));
    expect((state.kept!["remembered.state0"].data as Float32Array).every((v) => v === 0)).toBe(
      true,
    );
  });
});

test("a model that wants nothing keeps nothing", async () => {
  const plain = deq(base);
  expect(plain.wants).toBeUndefined();
  expect(firstKept(plain, 1)).toBeUndefined();
  expect(endOf(await events(plain, { epochs: 1 })).state).not.toHaveProperty("kept");
});
