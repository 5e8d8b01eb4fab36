import { copyMemory, recall } from "../../data/copy-memory.ts";
import { trainedCount } from "../../models/model.ts";
import { fit } from "../../training/fit.ts";
import { adam } from "../../training/optimisers.ts";
import { constantRate } from "../../training/schedules.ts";
import { finished } from "./finished.ts";
import { type MemoryNetwork, memoryNetwork } from "./networks.ts";
import { outputsOf } from "./outputs.ts";

/** What is trained, as plain data: with the seed it decides the result. */
export interface MemoryPlan {
  readonly name: MemoryNetwork;
  readonly delay: number; // T
  readonly sequences: number;
  readonly tested: number;
  readonly epochs: number; // at most: it ends after the second in a row that recalls everything
  readonly rate: number;
  readonly batch: number;
  /** Of the start of what follows the convolutions, which start as usual; null: all does. */
  readonly deviation: number | null;
  readonly bandwidth?: number; // of the random features of a second tier
  readonly seed: number;
}

/** Measures on the test sequences, one number an epoch. */
export interface MemoryRun {
  readonly plan: MemoryPlan;
  readonly parameters: number;
  readonly recall: readonly number[]; // of the last ten positions, in 0 … 1
  readonly accuracy: readonly number[]; // of all positions
  readonly loss: readonly number[]; // of all positions
  /** Evaluations of the layer for one test sequence: 1 where nothing is solved. */
  readonly evaluations: number;
  readonly seconds: number;
}

/** Trains on copy memory, gradients clipped to norm 1, on one thread: the same numbers for the same seed. */
export async function memoryRun(plan: MemoryPlan): Promise<MemoryRun> {
  const { name, delay, seed, epochs, batch } = plan;
  const model = memoryNetwork(name, delay, plan.deviation, plan.bandwidth);
  // Sequences depend on the delay alone, as in the reference.
  const data = {
    train: copyMemory(plan.sequences, delay, 1111 + delay + 100),
    test: copyMemory(plan.tested, delay, 1111 + delay + 200),
  };
  const outputs = await outputsOf(model, data.test, Math.ceil(8192 / data.test.width));
  const [shares, accuracy, loss]: number[][] = [[], [], []];
  let evaluations = 1;
  const began = performance.now();
  const settings = {
    ...{ seed, epochs, batch, clipNorm: 1 },
    optimiser: adam({ epsilon: 1e-5 }),
    schedule: constantRate(plan.rate),
    compile: { threads: 1 },
  };
  for await (const event of fit(model, data, settings)) {
    finished(model, event);
    if (event.type === "epoch") {
      accuracy.push(event.test.accuracy!);
      loss.push(event.test.loss);
      evaluations = event.test.forward?.meanIterations ?? 1;
    }
    // The checkpoint of an epoch's end comes after its measures.
    if (event.type === "checkpoint" && accuracy.length > shares.length) {
      shares.push(recall(await outputs.of(event.state.theta), data.test));
      if (shares.at(-1) === 1 && shares.at(-2) === 1) break;
    }
  }
  await outputs.release();
  const seconds = (performance.now() - began) / 1000;
  return {
    plan,
    parameters: trainedCount(model),
    recall: shares,
    accuracy,
    loss,
    evaluations,
    seconds,
  };
}
