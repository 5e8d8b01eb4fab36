import { expect, test } from "vitest";
import { copyMemory, recall } from "../../../src/data/copy-memory.ts";
import { constantOf, tensorOf } from "../../../src/graph/tensor.ts";
import { input } from "../../../src/graph/value.ts";
import { sim } from "../../../src/models/sim/sim.ts";
import { temporalConvolution } from "../../../src/models/temporal-convolution.ts";
import { solverHealth } from "../../../src/solvers/fixed-point.ts";
import { fit } from "../../../src/training/fit.ts";
import { adam } from "../../../src/training/optimisers.ts";
import { constantRate } from "../../../src/training/schedules.ts";
import { parametersOf } from "../../../src/training/state.ts";
import { evaluate } from "../../autodiff/differences.ts";

const delay = 20;
const [train, held] = [copyMemory(2000, delay, 1), copyMemory(100, delay, 2)];
const basis = temporalConvolution({
  length: delay + 20,
  inputs: 1,
  channels: 10,
  levels: 4,
  kernel: 4,
  outputs: 32,
});
const model = sim({ basis, width: 32, outputs: 10 });

async function recalled(seed: number) {
  let found = { recall: 0, accuracy: 0, loss: 0 };
  for await (const event of fit(
    model,
    { train, test: held },
    {
      seed,
      epochs: 4,
      batch: 10,
      optimiser: adam({ epsilon: 1e-5 }),
      schedule: constantRate(3e-3),
      compile: { threads: 1 },
    },
  )) {
    if (event.type === "epoch")
      found = { ...found, accuracy: event.test.accuracy!, loss: event.test.loss };
    if (event.type !== "end") continue;
    const p = Object.fromEntries(
      Object.entries(parametersOf(model, event.state)).map(([k, t]) => [k, constantOf(t)]),
    );
    const x = input("x", "float32", ["N", held.width]);
    const y = model.apply(model.explicit(p), x, solverHealth());
    const { logits } = await evaluate(
      { x },
      { logits: y },
      { x: tensorOf(held.features, [held.count, held.width]) },
    );
    expect(logits.shape).toEqual([held.count, held.width, 10]);
    found = { ...found, recall: recall(logits.data as Float32Array, held) };
  }
  return found;
}

test("remembers all ten digits within four epochs, where a model without memory would not", async () => {
  const first = await recalled(1);
  // Training is known to stay on the plateau for some seeds.
  const found = first.recall > 0.99 ? first : await recalled(2);
  expect(found.recall).toBeGreaterThan(0.99);
  expect(found.accuracy).toBeGreaterThan(0.997);
  expect(found.loss).toBeLessThan((10 * Math.log(8)) / (delay + 20) / 20);
});
