import { describe, expect, test } from "vitest";
import { splitBySeed } from "../../src/data/split.ts";
import { twoMoons } from "../../src/data/two-moons.ts";
import { DataError, UsageError } from "../../src/errors.ts";
import { mlp } from "../../src/models/mlp.ts";
import type { Model } from "../../src/models/model.ts";
import { monotoneDeq } from "../../src/models/monotone-deq.ts";
import { openSessions } from "../../src/runtime/session.ts";
import { epochOrder, nextBatches } from "../../src/training/batches.ts";
import type { TrainEvent, TrainingState } from "../../src/training/events.ts";
import { fit } from "../../src/training/fit.ts";
import type { FitOptions } from "../../src/training/fit-options.ts";
import { adam, sgd } from "../../src/training/optimisers.ts";
import { constantRate } from "../../src/training/schedules.ts";

const data = splitBySeed(twoMoons(500, 3, 0.1), 0.8, 1);
const deq = monotoneDeq({
  inputs: 2,
  width: 12,
  outputs: 2,
  m: 0.5,
  forward: { rtol: 1e-5 },
  backward: { rtol: 1e-5 },
});
const usual: FitOptions = {
  seed: 1,
  epochs: 3,
  batch: 32,
  optimiser: adam(),
  schedule: constantRate(1e-2),
  compile: { threads: 1 },
};

async function events(
  model: Model,
  options: Partial<FitOptions> = {},
  split = data,
): Promise<TrainEvent[]> {
  const all: TrainEvent[] = [];
  for await (const event of fit(model, split, { ...usual, ...options })) all.push(event);
  return all;
}
const only = <T extends TrainEvent["type"]>(all: readonly TrainEvent[], type: T) =>
  all.filter((event): event is Extract<TrainEvent, { type: T }> => event.type === type);
const endOf = (all: readonly TrainEvent[]) => only(all, "end")[0];

describe("fit", () => {
  test("learns two moons with a monotone network, and says how its solver did", async () => {
    const all = await events(deq, { epochs: 15 });
    const last = only(all, "epoch").at(-1)!;
    expect(endOf(all).status).toBe("completed");
    expect(last.test.accuracy).toBeGreaterThan(0.97);
    expect(last.train.forward!.unconverged).toBe(0);
    expect(last.train.backward!.unconverged).toBe(0);
    expect(last.train.backward!.meanIterations).toBeGreaterThan(1);
    expect(openSessions()).toBe(0);
  });

  test("the same seed gives the same bytes, however the steps fall into calls", async () => {
    const [long, short, other] = [
      endOf(await events(deq, { callSeconds: 10 })),
      endOf(await events(deq, { callSeconds: 1e-6 })),
      endOf(await events(deq, { seed: 2 })),
    ];
    expect(short.state).toEqual(long.state);
    expect(other.state.theta).not.toEqual(long.state.theta);
  });

  test("continues from any checkpoint to the bytes of an uninterrupted run", async () => {
    const whole = await events(deq, { callSeconds: 1e-6 });
    const states = only(whole, "checkpoint").map(({ state }) => state);
    expect(states.length).toBeGreaterThan(30);
    for (const resume of [states[0], states[7], states[12], states[25]]) {
      const rest = await events(deq, { resume });
      expect(endOf(rest).state).toEqual(endOf(whole).state);
      const metrics = (all: TrainEvent[]) =>
        only(all, "epoch").map(({ seconds: _, ...rest }) => rest);
      expect(metrics(rest)).toEqual(metrics(whole).slice(-metrics(rest).length));
    }
  });

  test("stops on a signal between calls, with a state to go on from", async () => {
    const stop = new AbortController();
    const seen: TrainEvent[] = [];
    for await (const event of fit(deq, data, {
      ...usual,
      callSeconds: 1e-6,
      signal: stop.signal,
    })) {
      seen.push(event);
      if (event.type === "step" && event.step >= 5) stop.abort();
    }
    const { status, state } = endOf(seen);
    expect(status).toBe("stopped");
    const rest = await events(deq, { resume: state });
    expect(endOf(rest).state).toEqual(endOf(await events(deq)).state);
  });

  test("a loss that is not finite ends the run with the last good state", async () => {
    const all = await events(mlp([2, 16, 2]), {
      optimiser: sgd(),
      schedule: (t) => (t > 20 ? 1e38 : 1e-2),
      callSeconds: 1e-6,
    });
    const { status, reason, state } = endOf(all);
    expect(status).toBe("non-finite");
    expect(reason).toMatch(/step 2\d/);
    expect(state.theta.every(Number.isFinite)).toBe(true);
    expect(state.step).toBeLessThanOrEqual(22);
    expect(state).toEqual(only(all, "checkpoint").at(-1)!.state);
    expect(openSessions()).toBe(0);
  });

  test("too many solves without convergence end the run by name", async () => {
    const model = monotoneDeq({
      inputs: 2,
      width: 12,
      outputs: 2,
      forward: { rtol: 1e-9, maxIterations: 2 },
    });
    const { status, reason } = endOf(await events(model, { unconvergedLimit: 0.1 }));
    expect(status).toBe("solver-failed");
    expect(reason).toContain("did not converge");
  });

  test("clipping bounds the step of plain descent", async () => {
    const model = mlp([2, 8, 2]);
    const states = async (clipNorm: number): Promise<TrainingState> =>
      endOf(
        await events(model, {
          optimiser: sgd(),
          epochs: 1,
          batch: 400,
          schedule: constantRate(1),
          clipNorm,
        }),
      ).state;
    const before = endOf(
      await events(model, {
        optimiser: sgd(),
        epochs: 1,
        batch: 400,
        schedule: constantRate(1e-30),
      }),
    ).state;
    const distance = (a: TrainingState, b: TrainingState) =>
      Math.hypot(...a.theta.map((x, i) => x - b.theta[i]));
    expect(distance(await states(1e-3), before)).toBeCloseTo(1e-3, 6);
    expect(distance(await states(1e6), before)).toBeGreaterThan(1e-2);
  });

  test.each([
    ["a fraction of a batch", { batch: 1.5 }, UsageError, "batch = 1.5"],
    ["no epochs", { epochs: 0 }, UsageError, "epochs = 0"],
  ])("refuses %s", async (_, options, type, message) => {
    const run = events(deq, options);
    await expect(run).rejects.toThrow(type);
    await expect(run).rejects.toThrow(message);
  });

  test("refuses data that do not fit the model", async () => {
    await expect(events(mlp([3, 2]))).rejects.toThrow("2 features, the model 3 inputs");
    const run = events(mlp([2, 5]));
    await expect(run).rejects.toThrow(DataError);
    await expect(run).rejects.toThrow("has 2 classes, the model 5 outputs");
  });
});

test("an epoch meets every row once, the last batch being smaller", () => {
  const order = epochOrder(103, 7, 2);
  const seen: number[] = [];
  const sizes: number[] = [];
  for (let at = 0; at < 11; ) {
    const { steps, size, rows } = nextBatches(order, 10, at, 4);
    seen.push(...Array.from(rows, Number));
    sizes.push(...Array<number>(steps).fill(size));
    at += steps;
  }
  expect(sizes).toEqual([10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 3]);
  expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 103 }, (_, i) => i));
  expect(epochOrder(103, 7, 3)).not.toEqual(order);
});
