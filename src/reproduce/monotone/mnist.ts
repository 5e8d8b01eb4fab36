import type { Split } from "../../data/dataset.ts";
import { mnist } from "../../data/mnist.ts";
import { applyStandardisation, fitStandardisation } from "../../data/standardise.ts";
import type { Model, Parameters } from "../../models/model.ts";
import { monotoneConvDeq } from "../../models/monotone-conv-deq.ts";
import { monotoneDeq } from "../../models/monotone-deq.ts";
import { explicitTensors } from "../../training/deploy.ts";
import { fit } from "../../training/fit.ts";
import { adam, adamW, type Optimiser } from "../../training/optimisers.ts";
import { constantRate, cosineRate, type Schedule } from "../../training/schedules.ts";
import { parametersOf } from "../../training/state.ts";
import { certify } from "../../verification/certify.ts";

/** What is trained, as plain data: with the seed it decides the result. */
export interface MnistPlan {
  readonly name: "dense" | "one-epoch" | "lipschitz" | "conv";
  readonly epochs: number;
  readonly seed: number;
}

export interface MnistRun {
  readonly plan: MnistPlan;
  readonly parameters: number;
  readonly accuracy: number; // of the test images, in 0 … 1
  readonly iterations: number; // mean of the forward solve in the last epoch of training
  readonly seconds: number;
  /** Of the logits per unit of standardised input, proven from the float32 weights; dense layers only. */
  readonly lipschitz: number | null;
}

const tolerance = { rtol: 1e-3, testEvery: 3 };
const dense = (width: number, m: number) =>
  monotoneDeq({
    inputs: 784,
    outputs: 10,
    width,
    m,
    alpha: "auto",
    forward: tolerance,
    backward: tolerance,
  });
const coarse = { rtol: 1e-2, testEvery: 4 };

/** One tier of so many channels at half the side of an image. */
export const convolutional = (channels: number): Model =>
  monotoneConvDeq({
    image: [1, 28, 28],
    channels: [channels],
    outputs: 10,
    injection: { kernel: 5, stride: 2 },
    kernel: 3,
    pool: 2,
    m: 1,
    alpha: 0.35,
    forward: coarse,
    backward: coarse,
  });

export interface Recipe {
  readonly model: () => Model;
  readonly optimiser: Optimiser;
  readonly schedule: Schedule;
}

/** The networks of the papers; trained as the examples of the README are, which is shorter than theirs. */
export const recipes: Readonly<Record<MnistPlan["name"], Recipe>> = {
  dense: {
    model: () => dense(87, 1),
    optimiser: adamW({ weightDecay: 0.1 }),
    schedule: cosineRate(2e-3),
  },
  "one-epoch": { model: () => dense(87, 1), optimiser: adam(), schedule: constantRate(1e-3) },
  lipschitz: {
    model: () => dense(40, 20),
    optimiser: adamW({ weightDecay: 0.1 }),
    schedule: cosineRate(2e-3),
  },
  conv: {
    model: () => convolutional(32),
    optimiser: adam(),
    schedule: cosineRate(3e-3),
  },
};

/** All of MNIST, standardised by one mean and deviation. */
export async function standardisedMnist(): Promise<Split> {
  const { train, test } = await mnist();
  const scale = fitStandardisation(train, { per: "all" });
  return { train: applyStandardisation(train, scale), test: applyStandardisation(test, scale) };
}

export async function mnistRun(plan: MnistPlan, data: Split): Promise<MnistRun> {
  const { model: build, optimiser, schedule } = recipes[plan.name];
  const model = build();
  const { epochs, seed } = plan;
  let parameters: Parameters = model.initialise(seed);
  const count = Object.values(parameters).reduce((sum, { data }) => sum + data.length, 0);
  const found = { accuracy: 0, iterations: 0 };
  const began = performance.now();
  for await (const event of fit(model, data, { seed, epochs, batch: 128, optimiser, schedule })) {
    if (event.type === "checkpoint") parameters = parametersOf(model, event.state);
    if (event.type !== "epoch") continue;
    found.accuracy = event.test.accuracy!;
    found.iterations = event.train.forward?.meanIterations ?? 0;
  }
  const seconds = (performance.now() - began) / 1000;
  return { plan, parameters: count, ...found, seconds, lipschitz: await bound(model, parameters) };
}

async function bound(model: Model, parameters: Parameters): Promise<number | null> {
  if (model.kind !== "monotone-deq") return null;
  const tensors = await explicitTensors(model, parameters, null);
  const alpha = Number(tensors.alpha.data[0]);
  const iteration = { activation: "relu", splitting: "peaceman-rachford", alpha } as const;
  const { claims } = certify(tensors, { ...iteration, m: 1 });
  return claims.find(({ kind }) => kind === "lipschitz")!.bound;
}
