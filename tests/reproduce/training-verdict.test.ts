import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { twoMoons } from "../../src/data/two-moons.ts";
import { verdict } from "../../src/koopman/verdict/verdict.ts";
import { storedIn } from "../../src/reproduce/stored.ts";
import { planRuns, presets, type RunPlan } from "../../src/reproduce/verdict/plan.ts";
import { asked, imagesFor, type RunRecord, recordRun } from "../../src/reproduce/verdict/record.ts";
import { optionsAt, replay } from "../../src/reproduce/verdict/replay.ts";
import { costOf, scoresOf } from "../../src/reproduce/verdict/score.ts";
import { rowsOf } from "../../src/reproduce/verdict/table.ts";
import { escapeOf, guessing, truthOf } from "../../src/reproduce/verdict/truth.ts";

const [plan] = planRuns({ networks: { "relu-8": 1 }, batches: ["full"], epochs: 200 }, 5);
const times = (n: number, f: (t: number) => number) => Array.from({ length: n }, (_, t) => f(t));
const record = (train: number[], validation = train, over: Partial<RunRecord> = {}): RunRecord => ({
  plan: { ...plan, epochs: train.length },
  status: "completed",
  train,
  validation,
  moved: train.map(() => 1),
  // Accuracy rises to 0.8 and stays: what is asked for after epochs 0, 5, … and the last.
  accuracy: times(train.length, (t) => t)
    .filter((t) => asked(t, train.length))
    .map((t) => Math.min(0.8, 0.1 + t / 100)),
  ...over,
});
const falling = times(200, (t) => 0.2 + 2.1 * 0.93 ** t);
const dead = times(200, (t) => guessing + 0.01 * 0.9 ** t);

test("what became of a run is decided by its losses alone, in the order of the rules", () => {
  const completed = (train: number[]) => truthOf({ status: "completed", train });
  expect(completed(falling)).toBe("good");
  expect(completed(dead)).toBe("dead");
  expect(truthOf({ status: "non-finite", train: falling })).toBe("diverged");
  expect(truthOf({ status: "non-finite", train: [] })).toBe("diverged");
  expect(completed([...falling, 4.7])).toBe("diverged");
  // A plateau that is left after epoch 100 is late, whatever comes after it; by epoch 100 it is not.
  const plateau = (until: number) => times(200, (t) => (t < until ? guessing : 0.1));
  expect([completed(plateau(101)), completed(plateau(100))]).toEqual(["late", "good"]);
  expect(completed(times(200, (t) => Math.max(1.2, 2.3 * 0.9 ** t)))).toBe("poor");
  // One epoch below is enough not to be dead, and not enough to be good.
  expect(completed(dead.map((loss, t) => (t === 50 ? 2 : loss)))).toBe("poor");
  expect([escapeOf(dead), escapeOf(plateau(7))]).toEqual([null, 7]);
});

test("a replay says what the verdict says of what had been seen until then", () => {
  const { train } = replay(record(falling));
  expect(train.map(({ epoch }) => epoch)).toEqual([...times(32, (k) => 40 + 5 * k), 199]);
  for (const one of train.filter((_, k) => k % 6 === 0)) {
    const { decision } = verdict(falling.slice(0, one.epoch + 1), optionsAt(one.epoch, 200));
    expect(one.decision).toBe(decision);
  }
  const early = train.find(({ epoch }) => epoch === 60)!;
  expect(early.forecast).toBeCloseTo(falling[120], 4);
  expect(early.actual).toBe(falling[120]);
  expect(train.at(-1)).toMatchObject({ forecast: null, actual: null });
});

test("who knows that the weights come to rest is told to start again; of the losses alone nothing changes", () => {
  const tail = times(200, (t) => guessing + 3 * 0.97 ** t);
  const [known, steady] = [times(200, (t) => 0.9 ** t), times(200, () => 1)].map((moved) =>
    replay(record(tail, falling, { moved })),
  );
  expect(known.train.map(({ moving: _, ...rest }) => rest)).toEqual(
    steady.train.map(({ moving: _, ...rest }) => rest),
  );
  const first = ({ train }: typeof known) => [train[0].decision, train[0].moving.decision];
  expect(first(known)[1]).toBe("restart");
  expect(first(steady)[1]).toBe(first(steady)[0]);
  const { moving } = scoresOf([known, steady]);
  expect(moving.everRestarted.dead).toEqual({ count: 2, of: 2 });
  expect(replay(record(falling, falling, { moved: times(200, (t) => 0.9 ** t) })).train).toEqual(
    replay(record(falling)).train,
  );
});

test("a run that stops being finite is asked about where it did", () => {
  const { train, truth } = replay(record([2.3, 2.2], undefined, { status: "non-finite" }));
  expect([train.length, train[0].epoch, train[0].decision, train[0].confirmed, truth]).toEqual([
    1,
    2,
    "diverged",
    true,
    "diverged",
  ]);
});

test("shares, cost and saved epochs are those of the runs", () => {
  const good = replay(record(falling));
  const stop = good.stopByTrain!;
  // 0.2 + 2.1·0.93ᵗ: less than 2 % to gain once 2.1·0.93ᵗ < 0.02·0.2/0.98, about epoch 85;
  // three quarters of a window more until it is confirmed.
  expect(stop.epoch).toBeGreaterThan(85 + 45);
  expect(stop.epoch).toBeLessThan(120 + 45);
  const scores = scoresOf([good, replay(record(dead)), replay(record(dead))]);
  expect(scores.runs).toMatchObject({ good: 1, dead: 2, late: 0 });
  expect(scores.restarts.dead).toEqual({ count: 2, of: 2 });
  expect(scores.restarts.good).toEqual({ count: 0, of: 1 });
  expect(scores.stopping.train.saved).toEqual({ count: 199 - stop.epoch, of: 200 });
  expect(scores.stopping.train.cost).toEqual({
    median: costOf(good, stop),
    high: costOf(good, stop),
    count: 1,
  });
  expect(costOf(good, { ...stop, epoch: 20 })).toBeCloseTo(100 * (0.8 - 0.3), 10);
  const rows = rowsOf(scores);
  const row = (name: string) => rows.find((one) => one.name.startsWith(name))!;
  expect(row("dead starts")).toMatchObject({ ours: "2 of 2 (100.0 %)", verdict: "reached" });
  expect(row("epochs of good runs saved by the training loss").verdict).toBe("not reached"); // (199 − 135)/200
  expect(
    rowsOf(scoresOf([replay(record(dead))])).find(({ name }) =>
      name.startsWith("good runs told to start"),
    ),
  ).toMatchObject({ ours: "none", verdict: "" });
});

test("validation loss that rises ends a run, its minimum passed", () => {
  const validation = times(200, (t) => 0.5 + 0.8 * 0.9 ** t + 2e-3 * 1.02 ** t);
  const { stopByTrain, stopByEither } = replay(
    record(
      times(200, (t) => 2.3 * 0.97 ** t),
      validation,
    ),
  );
  expect(stopByTrain).toBeNull();
  expect(stopByEither).toMatchObject({ by: "validation" });
  expect(stopByEither!.epoch).toBeGreaterThan(45);
});

test("plans: every combination once, the same for the same seed, enough runs", () => {
  const runs = planRuns(presets.full, 1);
  expect(runs.length).toBeGreaterThanOrEqual(100);
  expect(new Set(runs.map(({ id }) => id)).size).toBe(runs.length);
  expect(planRuns(presets.full, 1)).toEqual(runs);
  expect(planRuns(presets.full, 2)).not.toEqual(runs);
  const held = runs.filter(({ part }) => part === "held-out").length;
  expect(Math.abs(held - runs.length / 2)).toBeLessThan(runs.length / 6);
});

test("a stored result is read for its own plan only, and a damaged one not at all", () => {
  const folder = mkdtempSync(join(tmpdir(), "stored-"));
  const stored = storedIn<RunRecord>(folder);
  const one = record(falling);
  stored.write("a", one);
  expect(stored.read("a", one.plan)).toEqual(one);
  expect(stored.read("a", { ...one.plan, seed: 9 })).toBeNull();
  expect(stored.read("b", one.plan)).toBeNull();
  writeFileSync(join(folder, "a.json"), '{"plan":');
  expect(stored.read("a", one.plan)).toBeNull();
});

test("a run is a function of its plan: twice the same record, of the lengths that were asked for", async () => {
  const width = 784;
  const moons = twoMoons(1400, 1);
  const wide = {
    ...moons,
    width,
    features: Float32Array.from({ length: 1400 * width }, (_, i) =>
      i % width < 400
        ? moons.features[2 * Math.floor(i / width)]
        : moons.features[2 * Math.floor(i / width) + 1],
    ),
    targets: { ...moons.targets, classes: 10 } as typeof moons.targets,
  };
  const images = imagesFor({ train: wide, test: { ...wide, count: wide.count } }, 8, 200, 3, {
    validation: 100,
    test: 100,
  });
  expect([images.train.count, images.train.width, images.validation.count]).toEqual([200, 64, 100]);
  const short: RunPlan = { ...plan, epochs: 7 };
  const [a, b] = [await recordRun(short, images), await recordRun(short, images)];
  expect(a).toEqual(b);
  expect([a.train.length, a.validation.length, a.accuracy.length]).toEqual([7, 7, 3]);
});
