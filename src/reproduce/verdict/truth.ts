import { median } from "../../data/quantiles.ts";
import type { RunRecord } from "./record.ts";

/** What a run turned out to be, once it had gone on to its full length. */
export type Truth = "diverged" | "dead" | "late" | "good" | "poor";

/** The loss of guessing one of ten classes. */
export const guessing = Math.log(10);
/** Up to here a plateau is worth waiting for: 40 epochs to see it and one window of 60 to wait. */
const lateAfter = 100;

/**
 * The rules by which runs are judged, fixed before any run was looked at. They see the losses of the whole
 * run and nothing of the verdicts. The first that holds counts.
 */
export const truthRules: Readonly<Record<Truth, string>> = {
  diverged: "the loss stopped being finite, or its last value is above twice its first",
  dead: "no epoch's training loss was below 0.9 of guessing (0.9 ln 10) within the budget",
  late: "the first epoch below 0.9 of guessing came after epoch 100",
  good: "the median training loss of the last 10 epochs is below half of guessing",
  poor: "all the others: better than guessing, but never good",
};

/** The rules above, applied. */
export function truthOf({ status, train }: Pick<RunRecord, "status" | "train">): Truth {
  const last = train.at(-1);
  if (status === "non-finite" || last === undefined || last > 2 * train[0]) return "diverged";
  const epoch = escapeOf(train);
  if (epoch === null) return "dead";
  if (epoch > lateAfter) return "late";
  return median(Float64Array.from(train.slice(-10))) < 0.5 * guessing ? "good" : "poor";
}

/** The first epoch whose loss is below 0.9 of guessing; null where there is none. */
export function escapeOf(train: readonly number[]): number | null {
  const epoch = train.findIndex((loss) => loss < 0.9 * guessing);
  return epoch < 0 ? null : epoch;
}
