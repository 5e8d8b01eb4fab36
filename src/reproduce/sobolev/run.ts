import type { Dataset } from "../../data/dataset.ts";
import { tensorOf } from "../../graph/tensor.ts";
import { input } from "../../graph/value.ts";
import { mlp } from "../../models/mlp.ts";
import type { Model, Parameters } from "../../models/model.ts";
import { startedBy, xavierRule } from "../../models/start.ts";
import { compile } from "../../runtime/program.ts";
import { solverHealth } from "../../solvers/fixed-point.ts";
import { fullBatch } from "../../training/full-batch.ts";
import type { Loss } from "../../training/losses.ts";
import { adam } from "../../training/optimisers.ts";
import { constantRate } from "../../training/schedules.ts";
import { withHeads, withoutHeads } from "../../training/sobolev/heads.ts";
import { sobolevLoss } from "../../training/sobolev/loss.ts";
import type { LossName, SobolevPlan } from "./plan.ts";
import { cleanError, featureDomain, noisyDraw, truthGrid } from "./signal.ts";

/** Hidden layers of 20 neurons. */
const layers = 9;
const network = (activation: SobolevPlan["activation"]): Model =>
  mlp([1, ...Array<number>(layers).fill(20), 1], { activation });

/** What a run came to. */
export interface SobolevRun {
  readonly plan: SobolevPlan;
  /** RMSE against the clean signal after the last step, and of its half x ≤ 1. */
  readonly final: number;
  readonly finalLeft: number;
  /** The same at the look with the least error on the noisy test samples, and its step. */
  readonly best: number;
  readonly bestStep: number;
  /** The reconstruction after the last step on every fifth point of the grid. */
  readonly curve: readonly number[];
}

/** The loss of a row of the table; undefined for the mean squared error. */
export function lossOf(name: LossName, train: Dataset): Loss | undefined {
  const common = { layers, domain: featureDomain };
  switch (name) {
    case "l2":
      return undefined;
    case "s1":
      return sobolevLoss(train, { ...common, kind: "sobolev-1" });
    case "s1-cumulative":
      return sobolevLoss(train, { ...common, kind: "sobolev-1", cumulative: true });
    case "s2":
      return sobolevLoss(train, { ...common, kind: "sobolev-2" });
    case "s1+2":
      return sobolevLoss(train, { ...common, kind: "sobolev-1+2" });
    case "full":
      return sobolevLoss(train, { ...common, kind: "sobolev-2", outputShells: 100 });
  }
}

/** Trains one network on one noisy draw: Glorot-normal weights, zero biases, Adam 1e-3, all rows at once. */
export async function trainedRun(plan: SobolevPlan): Promise<SobolevRun> {
  const { train, test } = noisyDraw(plan.level, plan.seed);
  const loss = lossOf(plan.loss, train);
  const plain = network(plan.activation);
  const headed = loss && loss.kind !== "sobolev-2";
  const model = startedBy(headed ? withHeads(plain) : plain, xavierRule);
  const predict = await predictor(plain);
  const grid = Float32Array.from(truthGrid, (x) => x - 1);
  const truth = test.targets.kind === "values" ? test.targets.values : new Float32Array(0);
  let [least, best, bestStep] = [Infinity, NaN, 0];
  let curve: Float32Array = grid;
  try {
    const descent = fullBatch(model, train, {
      ...{ seed: plan.seed, steps: plan.steps, every: plan.every, ...(loss && { loss }) },
      optimiser: adam(),
      schedule: constantRate(1e-3),
      compile: { threads: 1 },
    });
    for await (const { step, parameters } of descent) {
      const found = withoutHeads(parameters);
      const tested = await predict(found, test.features);
      const noisy = tested.reduce((sum, y, i) => sum + (y - truth[i]) ** 2, 0);
      curve = await predict(found, grid);
      if (noisy < least) [least, best, bestStep] = [noisy, cleanError(curve), step];
    }
  } finally {
    await predict.release();
  }
  return {
    plan,
    final: cleanError(curve),
    finalLeft: cleanError(curve, 1),
    ...{ best, bestStep },
    curve: Array.from(curve.filter((_, i) => i % 5 === 0)),
  };
}

/** What a network of one input says at some features. */
async function predictor(model: Model) {
  const names = Object.entries(model.initialise(0));
  const inputs = {
    ...Object.fromEntries(names.map(([name, { shape }]) => [name, input(name, "float32", shape)])),
    x: input("x", "float32", ["N", 1]),
  };
  const { x, ...parameters } = inputs;
  const y = model.apply(model.explicit(parameters), x, solverHealth());
  const program = await compile(inputs, { y }, { threads: 1 });
  const predict = async (values: Parameters, features: Float32Array) => {
    const found = await program.run({ ...values, x: tensorOf(features, [features.length, 1]) });
    return found.y.data as Float32Array;
  };
  return Object.assign(predict, { release: () => program.release() });
}
