import { refuseUnknown } from "../../errors/suggest.ts";
import { UsageError } from "../../errors.ts";
import type { Reals } from "../../linalg/tall-source.ts";
import { type Settling, settling } from "../forecast/settling.ts";
import { projectionDefaults, randomProjection } from "../snapshots/projection.ts";
import { windowsToEnd } from "./confirmed.ts";
import { type SeriesWatch, type SeriesWatchOptions, seriesWatch } from "./series-watch.ts";
import {
  type Decision,
  type Verdict,
  type VerdictOptions,
  verdictDefaults,
  verdictOptions,
} from "./verdict.ts";
import { percent } from "./words.ts";

/** What is seen of training after an epoch. */
export interface Observation {
  readonly loss: number; // mean over the epoch
  readonly val?: number; // loss on data that is not trained on
  readonly theta?: Reals; // the weights
  /** The weights as `randomProjection` leaves them, in place of `theta`. */
  readonly projected?: Float64Array;
  readonly gradientNorm?: number;
  readonly weightNorm?: number;
  readonly moved?: number; // ‖Δθ‖, how far the weights moved in this epoch
}

export interface MonitorOptions extends VerdictOptions {
  /** Epochs from one look to the next, at least; null: window/12. While the forecast says that nothing
   * will change and is right, looks are up to a window apart. */
  readonly every: number | null;
  /** Windows, each a quarter later than the one before, that must agree on ending a run; two, or `agree` if
   * that is less, on starting it again. */
  readonly agree: number;
  /** Decisions that are acted on. */
  readonly stopOn: readonly Decision[];
  /** Numbers that weights are projected to; see `randomProjection`. */
  readonly project: number;
  readonly seed: number; // of the projection
}

export const monitorDefaults: MonitorOptions = {
  ...verdictDefaults,
  every: null,
  agree: windowsToEnd,
  stopOn: ["diverged", "restart", "rising", "stop"],
  project: projectionDefaults.numbers,
  seed: projectionDefaults.seed,
};

/** A number a window ago, or when it was first seen, and now. */
export interface Change {
  readonly before: number;
  readonly now: number;
}

/** A verdict with what else was seen. */
export interface MonitorVerdict extends Verdict {
  /** What the decision is about; forecast and spectrum are those of the same series. */
  readonly of: "loss" | "val";
  readonly val: Verdict | null;
  /** The epoch of the smallest validation loss so far. */
  readonly leastVal: { readonly epoch: number; readonly val: number } | null;
  /** Only where the decision is not "continue". */
  readonly weights: Settling | null;
  readonly gradientNorm: Change | null;
  readonly weightNorm: Change | null;
  /** A decision of `stopOn`, confirmed by `agree` windows. */
  readonly stop: boolean;
  readonly reason: string | null; // of `stop`
}

/** Looks at a run while it trains. Memory is a few windows of numbers, however long the run. */
export interface Monitor {
  /**
   * Takes an epoch in; epochs are consecutive.
   *
   * @returns null between looks, and before there are 40 epochs unless the loss is lost
   * @throws UsageError  for an epoch out of turn
   * @throws DataError  for a negative loss
   */
  readonly push: (epoch: number, seen: Observation) => MonitorVerdict | null;
}

/**
 * The verdict on a run, online: `verdict` of the last window at every look, for the loss and, where it is
 * given, the validation loss, whose rising is over-fitting. A pure function of what is pushed: the same
 * epochs give the same verdicts, also to a monitor that is built anew and fed them again.
 *
 * Divergence is told by the training loss alone, never by the weights; a bad start by the loss too, with
 * weights that come to rest as evidence where it is no better than guessing.
 *
 * @throws UsageError  for an unknown option or one out of range
 */
export function monitor(options: Partial<MonitorOptions> = {}): Monitor {
  const { chosen, series } = monitorOptions(options);
  const { window, project, seed } = chosen;
  let loss: SeriesWatch | null = null;
  let val: SeriesWatch | null = null;
  let leastVal: MonitorVerdict["leastVal"] = null;
  let projection: ReturnType<typeof randomProjection> | null = null;
  let last = Number.NaN;
  const weights = recently<Float64Array>(window);
  const gradientNorms = recently<number>(window);
  const weightNorms = recently<number>(window);

  return {
    push(epoch, seen) {
      if (!Number.isInteger(epoch) || (loss !== null && epoch !== last + 1))
        throw new UsageError(
          `monitor: epoch ${epoch}${loss === null ? "" : ` after ${last}`}`,
          "count what you push: 0, 1, 2, …",
        );
      last = epoch;
      loss ??= seriesWatch({ ...series, firstEpoch: epoch });
      loss.push(seen.loss, seen.moved);
      if (seen.val !== undefined) {
        // Its first epoch need not be that of the loss, but it must come every time from then on.
        val ??= seriesWatch({ ...series, firstEpoch: epoch });
        val.push(seen.val);
        if (seen.val < (leastVal?.val ?? Infinity)) leastVal = { epoch, val: seen.val };
      } else if (val !== null)
        throw new UsageError(`monitor: epoch ${epoch} has no val`, "those before it had one");
      if (seen.projected) weights.push(seen.projected);
      else if (seen.theta) {
        projection ??= randomProjection([seen.theta.length], { numbers: project, seed });
        weights.push(projection.project(seen.theta));
      }
      if (seen.gradientNorm !== undefined) gradientNorms.push(seen.gradientNorm);
      if (seen.weightNorm !== undefined) weightNorms.push(seen.weightNorm);

      if (!loss.due() && !val?.due()) return null;
      const [ofLoss, ofVal] = [loss.look(), val?.look() ?? null];
      const found = chosenOf(ofLoss, ofVal, leastVal, chosen.stopOn);
      const { decision, confirmed } = found;
      const stop = confirmed && chosen.stopOn.includes(decision);
      const settled = decision === "continue" ? null : settling(weights.all(), window);
      return {
        ...found,
        val: ofVal,
        leastVal,
        weights: settled,
        gradientNorm: change(gradientNorms.all()),
        weightNorm: change(weightNorms.all()),
        stop,
        reason: stop ? `${decision}: ${found.sentence}${motion(decision, settled)}` : null,
      };
    },
  };
}

/**
 * The verdict to go by: a rising validation loss comes before all but a lost or dead training loss, and
 * does not keep a run from stopping where only the training loss is to stop it.
 */
function chosenOf(
  loss: Verdict,
  val: Verdict | null,
  least: MonitorVerdict["leastVal"],
  stopOn: readonly Decision[],
): Verdict & Pick<MonitorVerdict, "of"> {
  const bad = loss.decision === "diverged" || loss.decision === "restart";
  const rising = val !== null && (val.decision === "rising" || val.decision === "diverged");
  const masked = stopOn.includes(loss.decision) && !stopOn.includes("rising");
  if (bad || masked || !rising || least === null) return { ...loss, of: "loss" };
  const sentence =
    `Over-fitting: the validation loss is ${val.loss.toPrecision(4)} and rising; it was least, ` +
    `${least.val.toPrecision(4)}, at epoch ${least.epoch}.`;
  return { ...val, decision: "rising", sentence, of: "val" };
}

const motion = (decision: Decision, settled: Settling | null) =>
  decision !== "stop" || settled === null
    ? ""
    : ` The weights will move by ${percent(settled.next)} of their length in that time.`;

const change = (values: readonly number[]): Change | null =>
  values.length === 0 ? null : { before: values[0], now: values[values.length - 1] };

/** The last so many of what is pushed. */
function recently<T>(most: number) {
  const kept: T[] = [];
  return {
    all: (): readonly T[] => kept,
    push(value: T) {
      kept.push(value);
      if (kept.length > most) kept.shift();
    },
  };
}

function monitorOptions(options: Partial<MonitorOptions>): {
  chosen: MonitorOptions;
  series: Omit<SeriesWatchOptions, "firstEpoch">;
} {
  refuseUnknown("monitor", options, Object.keys(monitorDefaults));
  const chosen = { ...monitorDefaults, ...options };
  const { every, agree, stopOn, project, seed, ...verdictPart } = chosen;
  const whole = (name: string, value: number) => {
    if (!(Number.isInteger(value) && value >= 1))
      throw new UsageError(`monitor: ${name} ${value}`, "a whole number, at least 1");
  };
  const asked = verdictOptions(verdictPart);
  const least = every ?? Math.floor(asked.window / 12);
  whole("every", least);
  whole("agree", agree);
  whole("project", project);
  if (!Number.isInteger(seed)) throw new UsageError(`monitor: seed ${seed}`, "a whole number");
  const odd = stopOn.find((decision) => !decisions.includes(decision));
  if (odd !== undefined)
    throw new UsageError(`monitor: stopOn "${odd}"`, `of ${decisions.join(", ")}`);
  return { chosen, series: { ...asked, every: least, agree } };
}

/** Those that can be acted on. */
export const decisions: readonly Decision[] = ["diverged", "restart", "rising", "stop"];
