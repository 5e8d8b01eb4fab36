import { describe, expect, test } from "vitest";
import { splitBySeed } from "../../src/data/split.ts";
import { twoMoons } from "../../src/data/two-moons.ts";
import { UsageError } from "../../src/errors.ts";
import { mlp } from "../../src/models/mlp.ts";
import { formatCheckpoint, parseCheckpoint } from "../../src/training/checkpoint.ts";
import type { TrainEvent, TrainingState } from "../../src/training/events.ts";
import { fit } from "../../src/training/fit.ts";
import type { FitOptions } from "../../src/training/fit-options.ts";
import { adam, type Optimiser, sgd } from "../../src/training/optimisers.ts";
import { constantRate, cosineRate } from "../../src/training/schedules.ts";
import { type Accelerate, type Advice, attemptSeed, type Seen } from "../../src/training/watch.ts";

const data = splitBySeed(twoMoons(200, 3, 0.1), 0.8, 1);
const model = mlp([2, 8, 2], { activation: "tanh" });
const usual: FitOptions = {
  seed: 1,
  epochs: 6,
  batch: 32,
  optimiser: adam(),
  schedule: cosineRate(1e-2),
  compile: { threads: 1 },
};

async function events(options: Partial<FitOptions> = {}): Promise<TrainEvent[]> {
  const all: TrainEvent[] = [];
  for await (const event of fit(model, data, { ...usual, ...options })) all.push(event);
  return all;
}
const only = <T extends TrainEvent["type"]>(all: readonly TrainEvent[], type: T) =>
  all.filter((event): event is Extract<TrainEvent, { type: T }> => event.type === type);
const endOf = (all: readonly TrainEvent[]) => only(all, "end")[0];
const goOn: Advice = { act: "continue", reason: "" };
const adviseAt = (epoch: number, act: Advice["act"]) => (seen: Seen) =>
  seen.epoch === epoch ? { act, reason: `${act} at ${epoch}` } : goOn;

describe("a watcher", () => {
  test.each([
    ["adam", adam()],
    ["momentum", sgd({ momentum: 0.9 })],
    ["plain descent", sgd()],
  ] as [string, Optimiser][])("that lets %s go on changes no byte", async (_, optimiser) => {
    const seen: Seen[] = [];
    const alone = await events({ optimiser });
    const watched = await events({
      optimiser,
      observe: (one) => {
        seen.push(one);
        return goOn;
      },
    });
    expect(endOf(watched).state).toEqual(endOf(alone).state);
    expect(only(watched, "verdict")).toEqual([]);
    expect(seen.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(seen.at(-1)!.theta).toEqual(endOf(alone).state.theta);
    expect(seen.map(({ train }) => train)).toEqual(only(alone, "epoch").map(({ train }) => train));
  });

  test("stops the run, and a run that it stopped stays so", async () => {
    const all = await events({ observe: adviseAt(3, "stop") });
    const { status, reason, state } = endOf(all);
    expect([status, reason, state.epoch]).toEqual(["stopped-by-verdict", "stop at 3", 3]);
    expect(only(all, "verdict")).toMatchObject([{ act: "stop", epoch: 2 }]);
    const again = await events({ resume: state });
    expect(endOf(again)).toEqual(endOf(all));
    expect(only(again, "epoch")).toEqual([]);
    expect(endOf(await events({ observe: adviseAt(2, "give-up") })).status).toBe("given-up");
  });

  test("restarts it, to the bytes of a run of the other seed", async () => {
    const observe = (seen: Seen) => (seen.attempt === 0 ? adviseAt(2, "restart")(seen) : goOn);
    const all = await events({ observe, restarts: 1 });
    const seed = attemptSeed(1, 1);
    expect(only(all, "restart")).toMatchObject([{ attempt: 1, seed, epochs: 8, steps: 40 }]);
    const fresh = await events({ seed });
    const { state, status } = endOf(all);
    expect(status).toBe("completed");
    expect(state.theta).toEqual(endOf(fresh).state.theta);
    expect(state.slots).toEqual(endOf(fresh).state.slots);
    const losses = (some: readonly TrainEvent[]) => only(some, "epoch").map(({ train }) => train);
    expect(losses(all).slice(2)).toEqual(losses(fresh));
    expect(only(all, "epoch").map(({ epoch }) => epoch)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test("is told of every attempt, and the run is given up after the last", async () => {
    const attempts: number[] = [];
    const all = await events({
      restarts: 2,
      observe: ({ epoch, attempt }) => {
        attempts.push(attempt);
        return epoch === 2 ? { act: "restart", reason: "restart: dead" } : goOn;
      },
    });
    expect(attempts).toEqual([0, 0, 1, 1, 2, 2]);
    expect(endOf(all)).toMatchObject({ status: "given-up", reason: "restart: dead" });
    expect(endOf(all).state.epoch).toBe(6);
  });

  test("a restarted run goes on from any checkpoint to the same bytes", async () => {
    const observe = (seen: Seen) => (seen.attempt === 0 ? adviseAt(2, "restart")(seen) : goOn);
    const whole = await events({ observe, restarts: 1, callSeconds: 1e-6 });
    const states = only(whole, "checkpoint").map(({ state }) => state);
    for (const resume of [states[3], states[9], states[12], states.at(-2)!]) {
      const rest = await events({ observe, restarts: 1, resume });
      expect(endOf(rest).state).toEqual(endOf(whole).state);
    }
  });
});

test("how far the weights moved in an epoch is told, also of one that was interrupted", async () => {
  const waysOf = async (options: Partial<FitOptions>) => {
    const ways: number[] = [];
    const observe = ({ moved }: Seen) => {
      ways.push(moved!);
      return goOn;
    };
    return { all: await events({ ...options, observe }), ways };
  };
  const { all, ways } = await waysOf({ callSeconds: 1e-6 });
  const states = only(all, "checkpoint").map(({ state }) => state);
  const ends = states.filter(({ began }) => began === undefined);
  expect([ends.length, ways.length]).toEqual([6, 6]);
  for (let e = 1; e < 6; e++) {
    const [from, to] = [ends[e - 1].theta, ends[e].theta];
    expect(ways[e]).toBeCloseTo(Math.hypot(...to.map((x, i) => x - from[i])), 6);
  }
  expect(only(all, "epoch").map(({ moved }) => moved)).toEqual(ways);
  // Within an epoch the state knows where it began, also as a file.
  const within = states.filter(({ began, epoch }) => began !== undefined && epoch === 3).at(-1)!;
  expect(within.began).toEqual(ends[2].theta);
  const { state: resume } = parseCheckpoint(
    formatCheckpoint({ state: within, metricsLines: 0 }),
    "checkpoint",
  );
  expect((await waysOf({ resume })).ways).toEqual(ways.slice(3));
  expect(only(await events(), "epoch")[0].moved).toBeUndefined();
});

describe("norms", () => {
  test("of weights and gradients are what they say", async () => {
    const full = { batch: 160, optimiser: sgd(), schedule: constantRate(0.1), norms: true };
    const all = await events(full);
    const states = only(all, "checkpoint").map(({ state }) => state.theta);
    const length = (x: Float32Array) => Math.hypot(...x);
    only(all, "epoch").forEach(({ train, weightNorm }, i) => {
      expect(weightNorm).toBeCloseTo(length(states[i]), 5);
      // One step an epoch: ‖Δθ‖ = rate · ‖gradient‖.
      const step = i > 0 && length(states[i].map((x, k) => x - states[i - 1][k]));
      if (step) expect(train.gradientNorm! / (step / 0.1)).toBeCloseTo(1, 4);
    });
    expect(only(await events({ ...full, norms: false }), "epoch")[0].train.gradientNorm).toBe(
      undefined,
    );
  });

  test.each([
    ["adam", adam()],
    ["plain descent", sgd()],
  ] as [string, Optimiser][])("change no byte of %s", async (_, optimiser) => {
    const [found, plain] = [await events({ optimiser, norms: true }), await events({ optimiser })];
    expect(endOf(found).state.theta).toEqual(endOf(plain).state.theta);
  });
});

describe("accelerate", () => {
  const full = { batch: 160, epochs: 20, optimiser: sgd(), schedule: constantRate(0.5) };
  const straight: Accelerate = {
    window: 4,
    optimiser: "keep",
    propose: (history) =>
      [2, 8].map((horizon) => {
        const [from, to] = [history[history.length - 2], history[history.length - 1]];
        return { horizon, theta: to.map((x, i) => x + horizon * (x - from[i])) };
      }),
  };

  test("takes the best candidate if it is better than what was trained, and none otherwise", async () => {
    const jumps = only(await events({ ...full, accelerate: straight }), "jump");
    expect(jumps.map(({ epoch }) => epoch)).toEqual([3, 7, 11, 15, 19]);
    for (const { accepted, before, after, tried } of jumps) {
      expect(after).toBe(Math.min(before, ...tried.map(({ loss }) => loss)));
      expect(accepted).toBe(after < before);
    }
    expect(jumps.some(({ accepted }) => accepted)).toBe(true);
    const backwards: Accelerate = {
      ...straight,
      propose: ([first]) => [
        { horizon: 1, theta: first },
        { horizon: 2, theta: first.map(() => Number.NaN) },
      ],
    };
    const refused = await events({ ...full, accelerate: backwards });
    expect(
      only(refused, "jump").every(({ accepted, tried }) => !accepted && tried.length === 1),
    ).toBe(true);
    const { stretch: _, ...state } = endOf(refused).state;
    expect(state).toEqual(endOf(await events(full)).state);
  });

  test("a resumed run jumps where the whole one does", async () => {
    const whole = await events({
      ...full,
      optimiser: sgd({ momentum: 0.9 }),
      accelerate: straight,
    });
    const states = only(whole, "checkpoint").map(({ state }) => state);
    const start: TrainingState = { ...states[0], epoch: 0 };
    // From the first jump on: the weights of the start are no checkpoint.
    for (const at of [4, 9, 14]) {
      const resume = states[at];
      const past = states.filter(({ epoch }) => epoch >= resume.stretch! && epoch <= at + 1);
      const accelerate = { ...straight, history: past.map(({ theta }) => theta) };
      const rest = await events({
        ...full,
        optimiser: sgd({ momentum: 0.9 }),
        accelerate,
        resume,
      });
      expect(endOf(rest).state).toEqual(endOf(whole).state);
    }
    await expect(events({ ...full, accelerate: straight, resume: start })).rejects.toThrow(
      /0 weights of a stretch/,
    );
  });

  test("resets the optimiser's vectors where that is asked for", async () => {
    const options = { ...full, optimiser: adam(), schedule: constantRate(1e-2) };
    const ends = await Promise.all(
      (["keep", "reset"] as const).map(async (optimiser) =>
        endOf(await events({ ...options, accelerate: { ...straight, optimiser } })),
      ),
    );
    expect(ends[0].state.slotsSince).toBeUndefined();
    expect(ends[1].state.slotsSince).toBeGreaterThan(0);
    expect(ends[0].state.slots).not.toEqual(ends[1].state.slots);
  });

  test("refuses what makes no sense", async () => {
    await expect(events({ accelerate: { ...straight, window: 2 } })).rejects.toThrow(UsageError);
    await expect(events({ restarts: -1 })).rejects.toThrow(UsageError);
  });
});
