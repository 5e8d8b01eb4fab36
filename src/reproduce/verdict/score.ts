import { quantile } from "../../data/quantiles.ts";
import { every } from "./record.ts";
import { type Asked, type Ending, firstAsked, type Replay, type Said } from "./replay.ts";
import type { Truth } from "./truth.ts";

/** A count among a number of cases. */
export interface Share {
  readonly count: number;
  readonly of: number;
}

/** What stopping when told does to good runs. */
export interface Stopping {
  /** Runs that were told to stop before their last epoch. */
  readonly told: Share;
  /** Accuracy at the end less accuracy when told, in points of 100, of those told. */
  readonly cost: Quantiles | null;
  /** Epochs not run, of all epochs of all good runs. */
  readonly saved: Share;
}
export interface Quantiles {
  readonly median: number;
  readonly high: number; // 90 %
  readonly count: number;
}

/** How the starts of runs are told. */
export interface Starts {
  /** Told to start again ("restart", or "diverged") by epoch 40, of the runs of each truth. */
  readonly restarts: Readonly<Record<Truth, Share>>;
  /** The same at any time, and confirmed. */
  readonly everRestarted: Readonly<Record<Truth, Share>>;
}

/** The study's measures. */
export interface Scores extends Starts {
  readonly runs: Readonly<Record<Truth, number>>;
  /** The same where it is known too how far the weights moved. */
  readonly moving: Starts;
  readonly stopping: { readonly train: Stopping; readonly either: Stopping };
  /** |forecast − truth|/truth 60 epochs ahead, of good runs, by batch and age of the run. */
  readonly forecasts: readonly { readonly name: string; readonly error: Quantiles | null }[];
  /** Losses of good runs that lie within the 80 % interval that was forecast for them. */
  readonly covered: Share;
  /** |predicted − actual|/actual of the epoch at which the loss has left a plateau, of late runs. */
  readonly escapes: {
    /** Late runs still on the plateau at epoch 40 for which a time was predicted then. */
    readonly predicted: Share;
    readonly error: Quantiles | null;
    /** The same over all asks until the escape. */
    readonly errorAll: Quantiles | null;
  };
}

const truths: readonly Truth[] = ["dead", "diverged", "late", "good", "poor"];

export function scoresOf(replays: readonly Replay[]): Scores {
  const by = <T>(of: (some: readonly Replay[]) => T) =>
    Object.fromEntries(
      truths.map((truth) => [truth, of(replays.filter((one) => one.truth === truth))]),
    ) as Record<Truth, T>;
  /** Runs that were told to start again in a way that counts. */
  const told = (saidOf: (one: Asked) => Said, counts: (said: Said) => boolean) =>
    by((some) => ({
      count: some.filter(({ train }) =>
        train.map(saidOf).some((said) => again(said) && counts(said)),
      ).length,
      of: some.length,
    }));
  const startsOf = (saidOf: (one: Asked) => Said): Starts => ({
    restarts: told(saidOf, ({ epoch }) => epoch <= firstAsked),
    everRestarted: told(saidOf, ({ confirmed }) => confirmed),
  });
  const good = replays.filter(({ truth }) => truth === "good");
  return {
    runs: by((some) => some.length),
    ...startsOf((one) => one),
    moving: startsOf(({ moving }) => moving),
    stopping: {
      train: stoppingOf(good, ({ stopByTrain }) => stopByTrain),
      either: stoppingOf(good, ({ stopByEither }) => stopByEither),
    },
    forecasts: forecastsOf(good),
    covered: coveredOf(good),
    escapes: escapesOf(replays.filter(({ truth }) => truth === "late")),
  };
}

const again = ({ decision }: Said) => decision === "restart" || decision === "diverged";

/** Points of accuracy that ending the run there cost; negative where it had been better. */
export function costOf({ record: { accuracy } }: Replay, { epoch }: Ending): number {
  return 100 * (accuracy[accuracy.length - 1] - accuracy[Math.floor(epoch / every)]);
}

function stoppingOf(good: readonly Replay[], endingOf: (one: Replay) => Ending | null): Stopping {
  const told = good.flatMap((one) => {
    const ending = endingOf(one);
    const last = one.record.plan.epochs - 1;
    return ending !== null && ending.epoch < last
      ? [{ one, ending, left: last - ending.epoch }]
      : [];
  });
  return {
    told: { count: told.length, of: good.length },
    cost: quantilesOf(told.map(({ one, ending }) => costOf(one, ending))),
    saved: {
      count: told.reduce((sum, { left }) => sum + left, 0),
      of: good.reduce((sum, { record }) => sum + record.plan.epochs, 0),
    },
  };
}

function coveredOf(good: readonly Replay[]): Share {
  const inside = good.flatMap(({ train }) =>
    train.flatMap(({ forecast, actual, margin }) =>
      forecast === null || actual === null || margin === null
        ? []
        : [Math.abs(forecast - actual) <= margin * Math.abs(forecast)],
    ),
  );
  return { count: inside.filter(Boolean).length, of: inside.length };
}

function forecastsOf(good: readonly Replay[]): Scores["forecasts"] {
  const groups = (["full", "mini"] as const).flatMap((batch) =>
    [false, true].map((early) => ({ batch, early })),
  );
  return groups.map(({ batch, early }) => ({
    name: `${batch === "full" ? "full batch" : "mini-batch"}, ${early ? "before" : "from"} epoch 100`,
    error: quantilesOf(
      good
        .filter(({ record }) => (record.plan.batch === "full") === (batch === "full"))
        .flatMap(({ train }) => train.filter(({ epoch }) => epoch < 100 === early))
        .flatMap(({ forecast, actual }) =>
          forecast === null || actual === null ? [] : [Math.abs(forecast - actual) / actual],
        ),
    ),
  }));
}

function escapesOf(late: readonly Replay[]): Scores["escapes"] {
  const errorOf = ({ escapePredicted: predicted, escapeActual: actual }: Asked) =>
    predicted === null || actual === null ? [] : [Math.abs(predicted - actual) / actual];
  const first = late.flatMap(({ train }) => train.filter(({ epoch }) => epoch === firstAsked));
  // The plateau ends where 10 % are gone of the loss at epoch 40.
  const onPlateau = late.flatMap(({ train, record }) => {
    const left = record.train.findIndex(
      (loss, t) => t > firstAsked && loss <= 0.9 * record.train[firstAsked],
    );
    return train.filter(({ epoch }) => epoch < left);
  });
  return {
    predicted: {
      count: first.filter(({ escapePredicted }) => escapePredicted !== null).length,
      of: late.length,
    },
    error: quantilesOf(first.flatMap(errorOf)),
    errorAll: quantilesOf(onPlateau.flatMap(errorOf)),
  };
}

function quantilesOf(values: readonly number[]): Quantiles | null {
  if (values.length === 0) return null;
  return { median: quantile(values, 0.5), high: quantile(values, 0.9), count: values.length };
}

export const ratio = ({ count, of }: Share): number => count / of;
