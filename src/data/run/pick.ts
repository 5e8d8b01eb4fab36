import { DataError } from "../../errors.ts";
import type { OpenedRun, Series } from "./run.ts";

/** Names under which logs keep a loss, case and punctuation aside; the first that is there is taken. */
const usual: Readonly<Record<"loss" | "val", readonly string[]>> = {
  loss: [
    "train.loss",
    "loss",
    "train_loss",
    "loss/train",
    "train_loss_epoch",
    "loss_epoch",
    "training_loss",
    "loss/training",
    "train/epoch_loss",
    "epoch_loss",
    "train_loss_step",
    "loss_step",
    "step.loss",
  ],
  val: [
    "test.loss",
    "val_loss",
    "loss/val",
    "valid_loss",
    "loss/valid",
    "validation_loss",
    "loss/validation",
    "eval_loss",
    "loss/eval",
    "test_loss",
    "loss/test",
    "val_loss_epoch",
    "validation/epoch_loss",
  ],
};

const plain = (name: string) => name.toLowerCase().replaceAll(/[./ -]/g, "_");

/**
 * The loss of a run, or its validation loss: the series called `name`, or by one of the usual names. A
 * name under which there is a single value (the Trainer's mean over all of the training) comes after
 * those with several.
 *
 * @throws DataError  when there is none; the hint lists what there is
 */
export function pickSeries(run: OpenedRun, of: "loss" | "val", name?: string): Series {
  const { series } = run;
  const found =
    name === undefined
      ? usual[of].flatMap((one) => series.find((other) => plain(other.name) === plain(one)) ?? [])
      : series.filter((one) => one.name === name);
  const best = found.find(({ values }) => values.length > 1) ?? found[0];
  if (best !== undefined) {
    if (!/_step$/.test(best.name)) return best;
    const caveat = "a value is that of one batch: noisier than a mean over an epoch";
    return { ...best, caveats: [...best.caveats, caveat] };
  }
  const wanted =
    name === undefined ? `a usual name of a ${of === "val" ? "validation " : ""}loss` : `"${name}"`;
  const told = [...run.caveats, ...run.sources.flatMap(({ caveats }) => caveats)];
  const why = told.find((caveat) =>
    (name === undefined ? usual[of] : [name]).some((one) => caveat.startsWith(`column "${one}"`)),
  );
  throw new DataError(
    `${run.path}: no series has ${wanted}${why === undefined ? "" : `; ${why}`}`,
    {
      hint: `name one with --column; there are: ${series.map((one) => one.name).join(", ") || "none"}`,
    },
  );
}

/** How much of the training a run's files show. */
export interface Evidence {
  readonly level: 1 | 2 | 3 | 4;
  readonly says: string;
  readonly missing: string;
}

const fewest = 3; // snapshots of which a spectrum can be made

/**
 * The evidence ladder: 1 series of numbers, 2 norms of gradients or weights among them, 3 projections
 * of the weights (one vector a snapshot), 4 checkpoints (tensors by name).
 */
export function evidence(run: OpenedRun): Evidence {
  const { snapshots, series } = run;
  const tensors = snapshots.at(-1)?.files.reduce((sum, file) => sum + file.tensors.length, 0) ?? 0;
  const enough = snapshots.length >= fewest;
  const few =
    snapshots.length > 0 && !enough ? ` (only ${snapshots.length} of the ${fewest} it takes)` : "";
  if (enough && tensors > 1)
    return {
      level: 4,
      says: `${snapshots.length} checkpoints of ${tensors} tensors: the dynamics of each layer`,
      missing:
        snapshots.length < 40
          ? `more snapshots than ${snapshots.length}: 40 make a window`
          : "a step that can be run again, for intervals by restarts",
    };
  if (enough)
    return {
      level: 3,
      says: `${snapshots.length} snapshots of one vector: the dynamics of the weights`,
      missing: "checkpoints with tensors by name, for the dynamics of each layer",
    };
  if (
    series.some(({ name }) => /(grad|gradient|weight|param(eter)?)s?(_?2)?[_./ -]*norm/i.test(name))
  )
    return {
      level: 2,
      says: "series of numbers, norms of gradients or weights among them",
      missing: `snapshots or projections of the weights${few}`,
    };
  return {
    level: 1,
    says: "series of numbers only: rates and oscillations of the loss",
    missing: `norms of gradients or weights; snapshots or projections of the weights${few}`,
  };
}
