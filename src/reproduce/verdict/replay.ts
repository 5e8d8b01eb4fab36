import { isConfirmed } from "../../koopman/verdict/confirmed.ts";
import { decide } from "../../koopman/verdict/decide.ts";
import { comesToRest } from "../../koopman/verdict/resting.ts";
import {
  type Decision,
  type Diagnosis,
  diagnose,
  type VerdictOptions,
  verdictDefaults,
} from "../../koopman/verdict/verdict.ts";
import { believed, forecastLoss } from "../../koopman/verdict/window.ts";
import { every, type RunRecord } from "./record.ts";
import { guessing, type Truth, truthOf } from "./truth.ts";

/** The verdict is asked first after this epoch: 41 values, one more than the least. */
export const firstAsked = 40;
/** Forecasts are compared with what came so many epochs later. */
export const horizon = 60;

/** What was said of a run after an epoch, by what had been seen until then. */
export interface Said {
  readonly epoch: number;
  readonly decision: Decision;
  /** Enough windows before it said the same; see `isConfirmed`. */
  readonly confirmed: boolean;
}

/** By the losses alone, with what came of the forecasts. */
export interface Asked extends Said {
  /** The same where it is known too how far the weights moved. */
  readonly moving: Said;
  /** The loss `horizon` epochs on, and what it was then; null without a spectrum, or past the end. */
  readonly forecast: number | null;
  readonly actual: number | null;
  /** Half width of the forecast's 80 % interval as a share of it, of four forecasts that came to an end. */
  readonly margin: number | null;
  /** The epoch at which 10 % less than the present loss was predicted by an escape, and when it was. */
  readonly escapePredicted: number | null;
  readonly escapeActual: number | null;
}

/** Where a run would have ended, had it been ended when told. */
export interface Ending {
  readonly epoch: number;
  readonly decision: Decision;
  readonly by: "train" | "validation";
}

/** A run with what was said of it and what became of it. */
export interface Replay {
  readonly record: RunRecord;
  readonly truth: Truth;
  readonly train: readonly Asked[];
  readonly validation: readonly Asked[];
  /** The first confirmed "stop" of the training loss. */
  readonly stopByTrain: Ending | null;
  /** The first confirmed "stop" of either loss, or "rising" of the validation loss. */
  readonly stopByEither: Ending | null;
}

/** Asks for the verdict after epochs 40, 45, … of a recorded run, each time with the losses until then. */
export function replay(record: RunRecord): Replay {
  const values = (losses: readonly number[]) =>
    Float64Array.from(record.status === "non-finite" ? [...losses, Number.NaN] : losses);
  const train = askAll(values(record.train), record.plan.epochs, values(record.moved));
  const validation = askAll(values(record.validation), record.plan.epochs);
  const first = (asked: readonly Asked[], decisions: readonly Decision[], by: Ending["by"]) => {
    const found = asked.find((one) => one.confirmed && decisions.includes(one.decision));
    return found === undefined ? null : { epoch: found.epoch, decision: found.decision, by };
  };
  const stopByTrain = first(train, ["stop"], "train");
  const stopByValidation = first(validation, ["stop", "rising"], "validation");
  const stops = [stopByTrain, stopByValidation].filter((one) => one !== null);
  return {
    record,
    truth: truthOf(record),
    train,
    validation,
    stopByTrain,
    stopByEither: stops.toSorted((a, b) => a.epoch - b.epoch)[0] ?? null,
  };
}

/**
 * @param values  losses, a NaN at the end where they stopped being finite
 * @param moved  ‖Δθ‖ of the same epochs
 */
function askAll(values: Float64Array, epochs: number, moved = new Float64Array()): Asked[] {
  const asked: Asked[] = [];
  const shift = Math.floor(verdictDefaults.window / 4 / every) * every;
  const last = values.length - 1;
  for (const ask of askedEpochs(last)) {
    const seen = values.subarray(0, ask + 1);
    const options = optionsAt(ask, epochs);
    const found = diagnose(seen, options);
    const earlier = [1, 2, 3].flatMap((k) =>
      asked.filter(({ epoch }) => epoch === ask - k * shift),
    );
    const said = (decision: Decision, before: readonly Said[]): Said => ({
      epoch: ask,
      decision,
      confirmed: isConfirmed(
        decision,
        before.map((one) => one.decision),
      ),
    });
    asked.push({
      ...said(found.decision, earlier),
      moving: said(
        decisionMoving(found, moved.subarray(0, ask + 1), options),
        earlier.map(({ moving }) => moving),
      ),
      ...forecastOf(found, values),
      margin: marginOf(asked.filter(({ epoch }) => epoch <= ask - horizon)),
      ...escapeOf(found, values),
    });
  }
  return asked;
}

/** The decision with what is known of the weights; the spectrum of the losses is the same. */
function decisionMoving(
  { decision, spectrum, prospect, loss }: Diagnosis,
  moved: Float64Array,
  options: VerdictOptions,
): Decision {
  if (spectrum === null || prospect === null) return decision;
  return decide(spectrum, prospect, loss, options, { resting: comesToRest(moved) })[0];
}

/** 40, 45, … and the last epoch, which may come before all of these. */
function askedEpochs(last: number): number[] {
  const count = Math.max(0, Math.floor((last - firstAsked) / every) + 1);
  const epochs = Array.from({ length: count }, (_, k) => firstAsked + k * every);
  return epochs.at(-1) === last ? epochs : [...epochs, last];
}

/** What a user knows: the loss of guessing, the epochs that are left, and a patience of one window. */
export const optionsAt = (epoch: number, epochs: number): VerdictOptions => ({
  ...verdictDefaults,
  reference: guessing,
  budget: Math.max(1, epochs - 1 - epoch),
  patience: verdictDefaults.window,
});

function forecastOf({ spectrum, epoch, loss }: Diagnosis, values: Float64Array) {
  const actual = values[epoch + horizon];
  if (spectrum === null || !(actual > 0 && actual < Infinity))
    return { forecast: null, actual: null };
  return { forecast: forecastLoss(believed(spectrum, loss), horizon), actual };
}

/** The largest relative error of the last four; see `forecastMargin`, which does so for every distance. */
function marginOf(past: readonly Asked[]): number | null {
  const errors = past.flatMap(({ forecast, actual }) =>
    forecast === null || actual === null ? [] : [Math.abs(forecast - actual) / Math.abs(forecast)],
  );
  return errors.length < 4 ? null : Math.max(...errors.slice(-4));
}

function escapeOf({ prospect, epoch, loss }: Diagnosis, values: Float64Array) {
  const ahead = prospect?.escapeEpochs ?? null;
  if (ahead === null) return { escapePredicted: null, escapeActual: null };
  const actual = values.findIndex((value, t) => t > epoch && value <= 0.9 * loss);
  return { escapePredicted: epoch + ahead, escapeActual: actual < 0 ? null : actual };
}
