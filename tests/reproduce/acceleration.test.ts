import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Split } from "../../src/data/dataset.ts";
import { mnist } from "../../src/data/mnist.ts";
import { parseFigure } from "../../src/report/figure.ts";
import { speedupLines } from "../../src/reproduce/acceleration/lines.ts";
import {
  type AcceleratedPlan,
  batchRules,
  jumping,
  rules,
} from "../../src/reproduce/acceleration/plan.ts";
import type { AcceleratedRun } from "../../src/reproduce/acceleration/run.ts";
import { speedup } from "../../src/reproduce/acceleration/speedup.ts";
import { accelerationResults, pairsOf } from "../../src/reproduce/acceleration/study.ts";
import { storedIn } from "../../src/reproduce/stored.ts";
import { imagesFor } from "../../src/reproduce/verdict/record.ts";

const plan: AcceleratedPlan = {
  task: "digits",
  rule: rules[0],
  seed: 0,
  epochs: 31,
  jumps: null,
  until: null,
};

/** A run that was written down, not trained. */
const known = (losses: number[], jumps: AcceleratedRun["jumps"] = []): AcceleratedRun => ({
  plan,
  losses,
  jumps,
  accuracy: 0.5,
});

const plain = known(Array.from({ length: 31 }, (_, t) => 31 - t));

test("steps to the loss of plain training, evaluations by then a third of a step each", () => {
  const jump = (after: number) => ({ after, evaluations: 6, accepted: true });
  // Twice as fast from the 10th step on.
  const losses = Array.from({ length: 31 }, (_, t) => 31 - t - Math.max(0, t - 10));
  const fast = known(losses, [jump(10), jump(20), jump(25)]);
  expect(speedup(plain, fast, 30)).toMatchObject({ loss: 1, steps: 20, evaluations: 12 });
  expect(speedup(plain, fast, 30).bySteps).toBe(1.5);
  expect(speedup(plain, fast, 30).byWork).toBe(30 / 24);
  expect(speedup(plain, plain, 7).bySteps).toBe(1);
});

test("a loss that plain training swings back to is credited with the steps to its first time", () => {
  const swing = known(plain.losses.with(30, plain.losses[10]));
  expect(speedup(swing, plain, 30)).toMatchObject({ steps: 10, bySteps: 1, byWork: 1 });
});

test("a loss that is not reached counts as the least, and is printed as such", () => {
  const never = known(Array(31).fill(31));
  const quick = known(Array.from({ length: 11 }, (_, t) => 31 - 5 * t));
  expect(speedup(plain, never, 30)).toMatchObject({ steps: null, bySteps: 0 });
  const line = (runs: AcceleratedRun[]) =>
    speedupLines([{ rule: rules[0], pairs: runs.map((fast) => ({ plain, fast })) }], [30])[0];
  expect(line([quick, quick, never])).toMatchObject({
    ours: "5.0× (not reached to 5.0×, 3 seeds)",
    standing: "reached",
  });
  expect(line([quick, never, never])).toMatchObject({ standing: "not reached" });
  expect(line([quick, never, never]).ours).toMatch(/^not reached \(/);
});

test("runs with jumps begin as plain ones, never rise by a jump, end where they should, and are kept", async () => {
  const all = await mnist();
  const { train, test: held } = imagesFor(all, 8, 200, 3, { validation: 1, test: 50 });
  const folder = mkdtempSync(join(tmpdir(), "acceleration-"));
  const options = {
    task: "digits",
    rules: [rules[0], rules[3]],
    seed: 3,
    seeds: 2,
    epochs: 151,
    stored: storedIn<AcceleratedRun>(folder),
    progress: () => {},
  } as const;
  const found = await pairsOf({ train, test: held }, options);
  for (const { pairs } of found) {
    expect(pairs).toHaveLength(2);
    for (const { plain, fast } of pairs) {
      expect([plain.losses.length, plain.jumps.length]).toEqual([151, 0]);
      const { window } = jumping;
      expect(fast.losses.slice(0, window)).toEqual(plain.losses.slice(0, window));
      expect(fast.jumps[0].after).toBe(window);
      for (const { after, accepted } of fast.jumps)
        if (accepted) expect(fast.losses[after]).toBeLessThan(fast.losses[after - 1]);
      const ended = fast.losses.findIndex((x) => x <= plain.losses[150]);
      expect(ended).toBeGreaterThan(0); // these smooth runs are helped
      expect(ended).toBe(fast.losses.length - 1);
    }
    expect(pairs[0].plain.losses[0]).not.toBe(pairs[1].plain.losses[0]);
  }
  // Everything is stored: no data are needed for it again.
  expect(await pairsOf(null as unknown as Split, options)).toEqual(found);

  const { lines, figures, sections } = accelerationResults(
    { found, other: [], batches: [] },
    { marks: [80, 150], seeds: 2, epochs: 0 },
  );
  expect(lines).toHaveLength(4);
  expect(figures).toHaveLength(1);
  expect(parseFigure(JSON.parse(JSON.stringify(figures[0]))).panels).toHaveLength(2);
  expect(sections[0].text).toContain("Adam, rate 0.003");
});

test("the convolutional network in batches runs to its end with jumps, too", async () => {
  const all = await mnist();
  const { train, test: held } = imagesFor(all, 28, 128, 3, { validation: 1, test: 20 });
  const folder = mkdtempSync(join(tmpdir(), "acceleration-"));
  const batches = await pairsOf(
    { train, test: held },
    {
      task: "cnn",
      rules: batchRules.slice(1),
      seed: 3,
      seeds: 1,
      epochs: 22,
      stored: storedIn<AcceleratedRun>(folder),
      progress: () => {},
    },
  );
  const [{ plain: slow, fast }] = batches[0].pairs;
  expect([slow.losses.length, fast.losses.length]).toEqual([22, 22]);
  expect(fast.jumps).toHaveLength(1);
  const { lines, figures } = accelerationResults(
    { found: batches, other: [], batches },
    { marks: [21], seeds: 1, epochs: 22 },
  );
  expect(lines[1]).toMatchObject({ standing: "", published: "" });
  expect(lines[1].note).toMatch(/of 1 jumps taken$/);
  expect(figures[1].name).toBe("acceleration-cnn");
  expect(parseFigure(JSON.parse(JSON.stringify(figures[1]))).panels).toHaveLength(1);
});
