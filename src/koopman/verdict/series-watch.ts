import { isConfirmed } from "./confirmed.ts";
import {
  type Diagnosis,
  diagnose,
  outgrown,
  shortest,
  type Verdict,
  type VerdictOptions,
  verdictOf,
} from "./verdict.ts";
import { believed, forecastLoss } from "./window.ts";

/** One number an epoch, looked at now and then; keeps no more than a few windows. */
export interface SeriesWatch {
  /** @param moved  ‖Δθ‖ of the same epoch, where it is known */
  readonly push: (value: number, moved?: number) => void;
  /** Whether a look is due: by its time, or because the last value is not what was forecast. */
  readonly due: () => boolean;
  readonly look: () => Verdict;
}

export interface SeriesWatchOptions extends VerdictOptions {
  readonly every: number; // epochs from one look to the next, at least
  readonly agree: number; // windows that confirm, this one with them
  readonly firstEpoch: number;
}

/** A value this share off its forecast, and this many deviations of the noise, is a surprise. */
const [surprisingShare, surprisingDeviations] = [0.1, 5];

/**
 * A verdict costs a decomposition, so looks are spaced by what the last one said: a third of the epochs
 * until training is to stop, or until a plateau is left, from `every` up to a window. A value off the
 * forecast, or anything but "continue", brings the next look back to `every`. Nothing here reads a clock.
 *
 * The windows that confirm a verdict are those of earlier looks, each at least a quarter of a window
 * before the next, as they were diagnosed then: a look is one decomposition.
 */
export function seriesWatch(options: SeriesWatchOptions): SeriesWatch {
  const { window: w, every, agree, firstEpoch } = options;
  const shift = Math.floor(w / 4);
  const recent: number[] = []; // the last window
  const ways: number[] = []; // ‖Δθ‖ of the same epochs; NaN where it is not known
  let [count, first, next] = [0, Number.NaN, shortest];
  let looks: { readonly at: number; readonly found: Diagnosis }[] = [];

  const value = () => recent[recent.length - 1];
  const lost = () => !Number.isFinite(value()) || outgrown(recent.slice(-3), first);
  const surprised = () => {
    const last = looks.at(-1);
    if (!last?.found.spectrum || count < last.at + every) return false;
    const off = Math.abs(value() - forecastOf(last));
    const { noise } = last.found.spectrum;
    return off > Math.max(surprisingShare * value(), surprisingDeviations * noise);
  };
  return {
    push(pushed, moved = Number.NaN) {
      if (count === 0) first = pushed;
      recent.push(pushed);
      ways.push(moved);
      if (recent.length > w) for (const kept of [recent, ways]) kept.shift();
      count++;
    },
    due: () => count >= next || lost() || surprised(),
    look() {
      const epochs = firstEpoch + count - recent.length;
      const found = diagnose(Float64Array.from(recent), options, {
        epochs,
        first,
        moved: Float64Array.from(ways),
      });
      const earlier: Diagnosis[] = [];
      let before = count - shift;
      for (const past of looks.toReversed()) {
        if (past.at > before || past.found.decision === "insufficient-data") continue;
        earlier.push(past.found);
        before = past.at - shift;
      }
      const verdict = verdictOf(
        found,
        earlier.slice(0, Math.max(3, agree - 1)),
        forecastError(found.loss),
        options,
      );
      looks = looks.filter(({ at }) => at >= count - (agree + 4) * w);
      looks.push({ at: count, found });
      next = count + pause(found, every, w);
      return {
        ...verdict,
        confirmed: isConfirmed(
          found.decision,
          earlier.map((past) => past.decision),
          agree,
        ),
      };
    },
  };

  /** What an earlier look said that the loss would be now, or after another number of epochs. */
  function forecastOf({ at, found }: (typeof looks)[number], epochs = count): number {
    return forecastLoss(believed(found.spectrum!, found.loss), epochs - at);
  }

  /** @param loss  the last, or the one before where that is a spike */
  function forecastError(loss: number): number | null {
    const past = looks.findLast(({ at, found }) => at <= count - w / 2 && found.spectrum !== null);
    if (!past || !(loss > 0 && loss < Infinity)) return null;
    return Math.abs(forecastOf(past, count - Number(loss !== value())) - loss) / loss;
  }
}

/** Epochs until the next look. */
function pause({ decision, prospect }: Diagnosis, every: number, window: number): number {
  if (decision !== "continue" || prospect === null) return every;
  const left = Math.min(prospect.epochsToStop ?? Infinity, prospect.escapeEpochs ?? Infinity);
  return Math.max(every, Math.floor(Math.min(window, left / 3)));
}
