import { expect, test } from "vitest";
import { averagedDown } from "../../src/data/average.ts";
import { selectRows } from "../../src/data/dataset.ts";
import { mnist } from "../../src/data/mnist.ts";
import { applyStandardisation, fitStandardisation } from "../../src/data/standardise.ts";
import { proposeJumps } from "../../src/koopman/forecast/jump.ts";
import { mlp } from "../../src/models/mlp.ts";
import type { TrainEvent } from "../../src/training/events.ts";
import { fit } from "../../src/training/fit.ts";
import { sgd } from "../../src/training/optimisers.ts";
import { constantRate } from "../../src/training/schedules.ts";
import type { Accelerate } from "../../src/training/watch.ts";

async function smallDigits(count: number) {
  const { train } = await mnist();
  const first = selectRows(
    train,
    Array.from({ length: count }, (_, i) => i),
  );
  const small = averagedDown(first, [28, 28], [8, 8]);
  return applyStandardisation(small, fitStandardisation(small, { per: "all" }));
}

test("full-batch descent reaches the same loss in a third of the steps, evaluations counted", async () => {
  const digits = await smallDigits(300);
  const trained = async (epochs: number, accelerate?: Accelerate) => {
    const all: TrainEvent[] = [];
    const data = { train: digits, test: selectRows(digits, [0]) };
    for await (const event of fit(mlp([64, 32, 10], { activation: "tanh" }), data, {
      seed: 1,
      epochs,
      batch: 300,
      optimiser: sgd(),
      schedule: constantRate(0.3),
      compile: { threads: 1 },
      ...(accelerate && { accelerate }),
    }))
      all.push(event);
    return all;
  };
  const losses = (all: readonly TrainEvent[]) =>
    all.flatMap((event) => (event.type === "epoch" ? [event.train.loss] : []));
  const plain = losses(await trained(600));
  const fast = await trained(200, {
    window: 20,
    optimiser: "keep",
    propose: (h) => proposeJumps(h),
  });
  const reached = losses(fast).findIndex((loss) => loss <= plain[599]);
  expect(reached).toBeGreaterThan(0);
  const jumps = fast.flatMap((event) => (event.type === "jump" ? [event] : []));
  const evaluations = jumps
    .filter(({ epoch }) => epoch < reached)
    .reduce((sum, { tried }) => sum + tried.length + 1, 0);
  // Forward alone is a third of a step.
  expect(600 / (reached + evaluations / 3)).toBeGreaterThan(3);
  for (const { before, after, tried } of jumps)
    expect(after).toBe(Math.min(before, ...tried.map(({ loss }) => loss)));
});
