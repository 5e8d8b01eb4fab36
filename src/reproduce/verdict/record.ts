import { averagedDown } from "../../data/average.ts";
import { type Dataset, type Split, selectRows } from "../../data/dataset.ts";
import { randomStream } from "../../data/random.ts";
import { applyStandardisation, fitStandardisation } from "../../data/standardise.ts";
import { evaluator } from "../../training/evaluate.ts";
import { fit } from "../../training/fit.ts";
import { layoutOf } from "../../training/flat.ts";
import { constantRate } from "../../training/schedules.ts";
import { modelOf, optimiserOf, type RunPlan } from "./plan.ts";

/** What a run left behind: a pure function of its plan. */
export interface RunRecord {
  readonly plan: RunPlan;
  /** "non-finite": the epoch after the last one here had a loss that was not finite. */
  readonly status: "completed" | "non-finite";
  readonly train: readonly number[]; // mean loss over the steps of each epoch
  readonly validation: readonly number[]; // loss after each epoch, on images not trained on
  readonly moved: readonly number[]; // ‖Δθ‖ of each epoch
  /** Share of right answers on test images after epochs 0, 5, 10, …, and after the last one. */
  readonly accuracy: readonly number[];
}

/** The test images are looked at, and the verdict is asked, every so many epochs. */
export const every = 5;

/** Training, validation and test images of one size. */
export interface Images {
  readonly train: Dataset;
  readonly validation: Dataset;
  readonly test: Dataset;
}

const heldOut = { validation: 500, test: 2000 } as const;

/**
 * Images of a run: the first `images` and the next 500 of the training set in an order drawn by the
 * seed, and 2000 of the test set; all standardised by the pixels of the first.
 */
export function imagesFor(
  all: Split,
  side: number,
  images: number,
  seed: number,
  counts: { readonly validation: number; readonly test: number } = heldOut,
): Images {
  const take = (set: Dataset, name: string, from: number, count: number): Dataset => {
    const order = randomStream(seed, "images", name).permutation(set.count);
    const rows = selectRows(set, order.subarray(from, from + count));
    return side === 28 ? rows : averagedDown(rows, [28, 28], [side, side]);
  };
  const train = take(all.train, "train", 0, images);
  const scale = fitStandardisation(train, { per: "all" });
  const scaled = (set: Dataset) => applyStandardisation(set, scale);
  return {
    train: scaled(train),
    validation: scaled(take(all.train, "train", images, counts.validation)),
    test: scaled(take(all.test, "test", 0, counts.test)),
  };
}

/** Trains a run to its full length. One thread, so that the same seed gives the same record. */
export async function recordRun(plan: RunPlan, images: Images): Promise<RunRecord> {
  const model = modelOf(plan);
  const compile = { threads: 1 };
  const measure = await evaluator(model, layoutOf(model.initialise(plan.seed)), "classes", compile);
  const { train, validation, test } = images;
  const events = fit(
    model,
    { train, test: validation },
    {
      seed: plan.seed,
      epochs: plan.epochs,
      batch: plan.batch === "full" ? train.count : plan.batch,
      optimiser: optimiserOf(plan),
      schedule: constantRate(plan.rate),
      compile,
      observe: () => ({ act: "continue", reason: "" }),
    },
  );
  const [losses, validationLosses, moved, accuracy] = [[], [], [], []] as number[][];
  let status: RunRecord["status"] = "completed";
  try {
    for await (const event of events) {
      if (event.type === "epoch") {
        losses.push(digits(event.train.loss));
        validationLosses.push(digits(event.test.loss));
        moved.push(digits(event.moved!));
      } else if (event.type === "checkpoint" && asked(event.state.epoch - 1, plan.epochs)) {
        // A checkpoint within an epoch is of the same epoch as the last one between two.
        if (accuracy.length === askedUntil(event.state.epoch - 1, plan.epochs)) continue;
        accuracy.push((await measure.measure(event.state.theta, test)).accuracy!);
      } else if (event.type === "end" && event.status === "non-finite") {
        status = "non-finite";
      }
    }
  } finally {
    await measure.release();
  }
  return { plan, status, train: losses, validation: validationLosses, moved, accuracy };
}

/** Whether the test images are looked at after this epoch. */
export const asked = (epoch: number, epochs: number): boolean =>
  epoch >= 0 && (epoch % every === 0 || epoch === epochs - 1);

const askedUntil = (epoch: number, epochs: number) =>
  Math.floor(epoch / every) + 1 + (epoch === epochs - 1 && epoch % every !== 0 ? 1 : 0);

/** Seven digits: what float32 has. A validation loss may be infinite where the training loss is not. */
const digits = (x: number) => (Number.isFinite(x) ? Number(x.toPrecision(7)) : Number.MAX_VALUE);
