import { type Dataset, type Split, selectRows } from "../../data/dataset.ts";
import { trainedCount } from "../../models/model.ts";
import { fit } from "../../training/fit.ts";
import { finished } from "./finished.ts";
import { type ImageNetwork, imageRecipes } from "./networks.ts";

/** What is trained, as plain data: with the seed it decides the result. */
export interface ImagePlan {
  readonly name: ImageNetwork;
  /** The first of the training and of the test images, so many. */
  readonly images: number;
  readonly tested: number;
  readonly epochs: number;
  readonly batch: number;
  /** Of the runtime; another number may round otherwise. */
  readonly threads: number;
  readonly seed: number;
}

export interface ImageRun {
  readonly plan: ImagePlan;
  readonly parameters: number;
  readonly accuracy: readonly number[]; // of the test images after each epoch, in 0 … 1
  /** Evaluations of the layer for one test image: 1 where nothing is solved. */
  readonly evaluations: number;
  readonly seconds: number; // of training and its tests
}

/** Trains on a fixed number of threads: the same numbers for the same seed. */
export async function imageRun(plan: ImagePlan, data: Split): Promise<ImageRun> {
  const { model: build, optimiser, schedule } = imageRecipes[plan.name];
  const model = build();
  const { seed, epochs, batch, threads } = plan;
  const part = { train: first(data.train, plan.images), test: first(data.test, plan.tested) };
  const accuracy: number[] = [];
  let evaluations = 1;
  const began = performance.now();
  const settings = { seed, epochs, batch, optimiser, schedule, compile: { threads } };
  for await (const event of fit(model, part, settings)) {
    finished(model, event);
    if (event.type !== "epoch") continue;
    accuracy.push(event.test.accuracy!);
    evaluations = event.test.forward?.meanIterations ?? 1;
  }
  const seconds = (performance.now() - began) / 1000;
  return { plan, parameters: trainedCount(model), accuracy, evaluations, seconds };
}

const first = (set: Dataset, count: number) =>
  count === set.count
    ? set
    : selectRows(
        set,
        Array.from({ length: count }, (_, i) => i),
      );
