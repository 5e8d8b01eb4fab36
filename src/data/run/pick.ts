import { basename } from "node:path";
import { DataError } from "../../errors.ts";
import { sourceOf } from "./merge.ts";
import { counted, type OpenedRun, type Series } from "./run.ts";

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

/** There is no series of the name that is asked for: in a log that grows there may be one later. */
export class NoSeriesError extends DataError {}

/**
 * The loss of a run, or its validation loss: the series called `name`, or by one of the usual names. A
 * name under which there is a single value (the Trainer's mean over all of the training) comes after
 * those with several.
 *
 * @throws NoSeriesError  when there is none; the hint lists what there is
 */
export function pickSeries(run: OpenedRun, of: "loss" | "val", name?: string): Series {
  const best = findSeries(run, of, name);
  if (best !== null) {
    const caveats = [
      ...(/_step$/.test(best.name)
        ? ["a value is that of one batch: noisier than a mean over an epoch"]
        : []),
      ...(name === undefined ? [...others(run, best, of), ...unjudged(run, of)] : []),
    ];
    return caveats.length === 0 ? best : { ...best, caveats: [...best.caveats, ...caveats] };
  }
  const wanted =
    name === undefined ? `a usual name of a ${of === "val" ? "validation " : ""}loss` : `"${name}"`;
  const told = [...run.caveats, ...run.sources.flatMap(({ caveats }) => caveats)];
  const { series, snapshots } = run;
  // Where nothing is left to choose from, any column that was left out is the one that is missed.
  const missed = name !== undefined ? [name] : series.length > 0 ? usual[of] : null;
  const why = told.find((caveat) =>
    missed === null
      ? /^column .* is left out/.test(caveat)
      : missed.some((one) => caveat.startsWith(`column "${one}"`)),
  );
  const line = why && / in line (\d+) is no number$/.exec(why)?.[1];
  const hint = line
    ? `correct line ${line}${series.length > 0 ? `, or name another with --column: ${names(series)}` : ""}`
    : series.length === 0 && snapshots.length > 0
      ? `it holds weights only (${counted(snapshots.length, "snapshot")}): --of weights`
      : `name one with --column; there are: ${names(series) || "none"}`;
  throw new NoSeriesError(
    `${run.path}: no series has ${wanted}${why === undefined ? "" : `; ${why}`}`,
    { hint },
  );
}

const names = (series: readonly Series[]) => series.map(({ name }) => name).join(", ");

/** A training loss tells nothing of over-fitting, which the validation loss beside it may show. */
function unjudged(run: OpenedRun, of: "loss" | "val"): string[] {
  const val = of === "loss" ? findSeries(run, "val") : null;
  return val !== null && val.values.length > 1
    ? [
        `this is of the training loss; "${val.name}" is here too: --of val says whether it over-fits`,
      ]
    : [];
}

/** Where several files of a folder have such a series: which one was taken, and which was not. */
function others({ series, sources }: OpenedRun, best: Series, of: "loss" | "val"): string[] {
  // A second series of a name has the kind of its source behind it.
  const own = (name: string) => plain(name.replace(/ \([\w-]+\)$/, ""));
  const known = new Set(usual[of].map(plain));
  const rest = series.filter(
    (one) =>
      sourceOf(one, sources) !== sourceOf(best, sources) &&
      one.values.length > 1 &&
      known.has(own(one.name)),
  );
  return rest.map(
    ({ name, source }) =>
      `"${best.name}" is that of ${basename(best.source)}; ${basename(source)} has a loss too, other numbers: --column "${name}" takes it`,
  );
}

/**
 * How far the weights moved up to each step of a series, from the series "moved" beside it; NaN at steps
 * that it lacks. Null where there is none.
 */
export function movedBeside({ series, sources }: OpenedRun, one: Series): Float64Array | null {
  const found = series.find(
    (other) => plain(other.name) === "moved" && sourceOf(other, sources) === sourceOf(one, sources),
  );
  if (found === undefined) return null;
  const at = new Map(Array.from(found.steps, (step, i) => [step, found.values[i]]));
  return one.steps.map((step) => at.get(step) ?? Number.NaN);
}

/** What `pickSeries` finds, or null where there is none. */
export function findSeries(
  { series }: OpenedRun,
  of: "loss" | "val",
  name?: string,
): Series | null {
  const found =
    name === undefined
      ? usual[of].flatMap((one) => series.find((other) => plain(other.name) === plain(one)) ?? [])
      : series.filter((one) => one.name === name);
  return found.find(({ values }) => values.length > 1) ?? found[0] ?? null;
}
