import { refuseUnknown } from "../../errors/suggest.ts";
import { DataError, ShapeError, UsageError } from "../../errors.ts";
import { isConfirmed } from "./confirmed.ts";
import { decide } from "./decide.ts";
import { type Prospect, prospectOf } from "./diagnosis.ts";
import { type ForecastMargin, forecastMargin } from "./forecast-margin.ts";
import { limits } from "./limits.ts";
import { comesToRest } from "./resting.ts";
import { type Stretch, wholeRun } from "./stretch.ts";
import { believed, forecastLoss, steadySpectrum, type WindowSpectrum } from "./window.ts";
import { counted, short } from "./words.ts";

/** What to do with a training run. */
export const decisions = [
  "diverged",
  "rising",
  "continue",
  "restart",
  "stop",
  "insufficient-data",
] as const;
export type Decision = (typeof decisions)[number];

export interface VerdictOptions {
  /** Epochs looked at, w; at least 40. Fewer are taken, down to 40, where there are no more. */
  readonly window: number;
  /** The loss of guessing: ln C for C classes, the variance for regression. Without it a dead start
   * cannot be told from convergence. */
  readonly reference: number | null;
  /** ε: an improvement below this share of the loss is not worth the next window. */
  readonly tolerance: number;
  /** Epochs that one is willing to spend until the loss beats guessing; null: any number. */
  readonly budget: number | null;
  /** Epochs that one is willing to wait for the loss to beat guessing; null: on a plateau the window,
   * while it improves any number. */
  readonly patience: number | null;
}

export const verdictDefaults: VerdictOptions = {
  window: 60,
  reference: null,
  tolerance: 0.02,
  budget: null,
  patience: null,
};

/** What one window says. */
export interface Diagnosis {
  readonly decision: Decision;
  readonly sentence: string;
  readonly epoch: number; // of the last value, the first is epoch 0
  readonly loss: number; // the last value, or the one before where that is a spike
  readonly spectrum: WindowSpectrum | null; // null where none was needed or possible
  readonly prospect: Prospect | null;
  /** Whether the weights come to rest, see `comesToRest`; null where it is not known. */
  readonly resting: boolean | null;
}

/** What came before the values that are diagnosed, and what was seen beside them. */
export interface Before {
  readonly epochs: number;
  readonly first: number; // loss of all
  readonly since?: string | null; // what has changed since
  /** ‖Δθ‖ of each epoch, the last ones those of the values. */
  readonly moved?: Float64Array;
}

export interface Verdict extends Diagnosis {
  /** Windows that end now and 1/4, 2/4, 3/4 of a window ago, as far as there are; those that agree. */
  readonly windows: number;
  readonly agreeing: number;
  /** Whether enough of them agree for acting on it; see `isConfirmed`. */
  readonly confirmed: boolean;
  /** f(1) … f(w), the loss of the next window; empty without a spectrum. */
  readonly forecast: readonly number[];
  /** |forecast − truth|/truth of the present loss, forecast half a window ago; null: too early. */
  readonly forecastError: number | null;
  /** What the run's own forecasts were off by so far; null: too early, or not looked at. */
  readonly margin: ForecastMargin | null;
  readonly cannotSay: readonly string[];
}

/** Fewer epochs than this tell a spectrum nothing. */
export const shortest = 40;

/**
 * What a loss curve, one value an epoch at a constant learning rate, says of its run: whether to go on,
 * stop, or start again, with the evidence. A pure function of the values.
 *
 * The last w values are taken apart into exponentials c λⁿ (`steadySpectrum`). Loss rising by a mode
 * outside the unit circle: "rising". More than ε to be gained in the next w epochs: "continue" (but
 * "restart" where even guessing lies beyond the budget). No better than 0.9 of guessing, and no mode
 * that escapes the plateau within the patience: "restart". Else "continue" while one escapes, or
 * "stop". Not finite, or above twice its start for more than one epoch (`outgrown`): "diverged", without a spectrum.
 *
 * Eigenvalues at 1 alone decide nothing: they stand for a good minimum and for a dead plateau alike.
 * Where the loss is no better than guessing and the weights, if it is known how far they move, come to rest:
 * "restart", whatever the forecast.
 *
 * Mohr et al. (2021), "Applications of Koopman mode analysis to neural networks", AAAI-MLPS, for the
 * spectra; the thresholds are calibrated on full runs.
 *
 * @param stretch  where the present learning rate began: what was before belongs to other dynamics
 * @param moved  ‖Δθ‖, how far the weights moved in each epoch
 * @throws UsageError  for an unknown option or one out of range
 * @throws ShapeError  for as many numbers in `moved` as losses not
 * @throws DataError  for a loss that is not positive: shares of it mean nothing then
 */
export function verdict(
  losses: ArrayLike<number>,
  options: Partial<VerdictOptions> = {},
  { from, since }: Stretch = wholeRun,
  moved: ArrayLike<number> | null = null,
): Verdict {
  const chosen = verdictOptions(options);
  if (moved !== null && moved.length !== losses.length)
    throw new ShapeError(
      `verdict: ${losses.length} losses, ${moved.length} of how far weights moved`,
    );
  const values = Float64Array.from(losses).subarray(from);
  const ways = moved === null ? null : Float64Array.from(moved).subarray(from);
  const before = (length: number) => ({
    ...{ epochs: from, first: losses[0], since },
    ...(ways && { moved: ways.subarray(0, length) }),
  });
  const now = diagnose(values, chosen, before(values.length));
  const shift = Math.floor(chosen.window / 4);
  const earlier = [1, 2, 3]
    .map((k) => values.length - k * shift)
    .filter((length) => length >= shortest)
    .map((length) => diagnose(values.subarray(0, length), chosen, before(length)))
    .filter(({ decision }) => decision !== "insufficient-data");
  const margin = marginOf(values, now, chosen);
  const { spectrum, prospect, resting, loss } = now;
  const sentence =
    spectrum === null || prospect === null
      ? now.sentence
      : spoken(values, loss, decide(spectrum, prospect, loss, chosen, { margin, resting })[1]);
  const error = forecastErrorOf(values, now, chosen);
  return { ...verdictOf(now, earlier, error, chosen), margin, sentence };
}

/** The verdict of a window's diagnosis and those of earlier windows, the latest first. */
export function verdictOf(
  now: Diagnosis,
  earlier: readonly Diagnosis[],
  forecastError: number | null,
  options: VerdictOptions,
): Verdict {
  const { spectrum, decision } = now;
  const modes = spectrum === null ? [] : believed(spectrum, now.loss);
  return {
    ...now,
    windows: 1 + earlier.length,
    agreeing: 1 + earlier.filter((one) => one.decision === decision).length,
    confirmed: isConfirmed(
      decision,
      earlier.map((one) => one.decision),
    ),
    forecast:
      spectrum === null
        ? []
        : Array.from({ length: spectrum.length }, (_, n) => forecastLoss(modes, n + 1)),
    forecastError,
    margin: null,
    cannotSay: limits(now, options),
  };
}

/**
 * The verdict of the last window alone.
 *
 * @throws UsageError, DataError as `verdict`
 */
export function diagnose(
  values: Float64Array,
  options: VerdictOptions,
  before: Before = { epochs: 0, first: values[0] },
): Diagnosis {
  const epoch = before.epochs + values.length - 1;
  const loss = values[values.length - 1];
  const say = (
    decision: Decision,
    sentence: string,
    spectrum: WindowSpectrum | null = null,
    prospect: Prospect | null = null,
    resting: boolean | null = null,
  ): Diagnosis => ({ decision, sentence, epoch, loss, spectrum, prospect, resting });

  if (values.length === 0) return say("insufficient-data", "There is no loss yet.");
  if (!Number.isFinite(loss))
    return say("diverged", `The loss is ${loss}. Start again with a smaller step.`);
  if (outgrown(values, before.first))
    return say(
      "diverged",
      `The loss is ${short(loss)}, more than twice the ${short(before.first)} it began with. Start again ` +
        "with a smaller step, unless it is of validation data beside a falling training loss: over-fitting.",
    );
  // What stands before a gap belongs to another stretch.
  const gap = values.findLastIndex((value) => !Number.isFinite(value));
  const taken = values.slice(Math.max(gap + 1, values.length - options.window));
  if (taken.length < shortest) {
    const since =
      gap < 0 ? before.since : `the loss of epoch ${before.epochs + gap} was ${values[gap]}`;
    return say(
      "insufficient-data",
      `${counted(taken.length, "epoch")}${since ? ` since ${since}` : ""} ${taken.length === 1 ? "is" : "are"} too few: a spectrum needs ${shortest}.`,
    );
  }
  const least = taken.findIndex((value) => value < 0);
  if (least >= 0)
    throw new DataError(
      `the loss of epoch ${epoch - taken.length + 1 + least} is ${taken[least]}`,
      {
        hint: "add a constant that makes every loss positive: shares of the loss are what counts",
      },
    );
  if (loss === 0) return say("stop", "The loss is 0: there is nothing left to gain.");

  const spectrum = steadySpectrum(taken);
  const judged = taken[spectrum.length - 1];
  const prospect = prospectOf(spectrum, judged, { ...options, horizon: taken.length });
  const resting = before.moved ? comesToRest(before.moved) : null;
  const [decision, sentence] = decide(spectrum, prospect, judged, options, { resting });
  const said = spoken(taken, judged, sentence);
  return { ...say(decision, said, spectrum, prospect, resting), loss: judged };
}

/** The sentence, and before it that the last value is a spike and left out of the spectrum. */
function spoken(values: Float64Array, judged: number, sentence: string): string {
  const last = values[values.length - 1];
  if (last === judged) return sentence;
  return `The last loss, ${short(last)}, stands alone and is left out; before it was ${short(judged)}. ${sentence}`;
}

/**
 * Whether a loss has grown to above twice its first value and stays there: the last value is above it, and
 * one of the two before. One epoch alone may be a spike that comes back; a loss that is lost is so called
 * an epoch later, and at once where it is not finite.
 */
export function outgrown(values: ArrayLike<number>, first: number): boolean {
  const [last, ...before] = [1, 2, 3].map((back) => values[values.length - back] > 2 * first);
  return last && before.includes(true);
}

function forecastErrorOf(
  values: Float64Array,
  now: Diagnosis,
  options: VerdictOptions,
): number | null {
  const ahead = Math.floor(options.window / 2);
  // A spike is left out here as it is there.
  const end = values.length - Number(now.loss !== values[values.length - 1]);
  const past = values.subarray(0, end - ahead);
  if (past.length < shortest) return null;
  const { spectrum, loss } = diagnose(past, options);
  const truth = now.loss;
  if (spectrum === null || !(truth > 0 && truth < Infinity)) return null;
  return Math.abs(forecastLoss(believed(spectrum, loss), ahead) - truth) / truth;
}

/** Forecasts of 4 windows that ended one window ago and w/12, 2w/12, 3w/12 before, and what came. */
function marginOf(
  values: Float64Array,
  { spectrum }: Diagnosis,
  options: VerdictOptions,
): ForecastMargin | null {
  if (spectrum === null) return null;
  const { length: w } = spectrum;
  const step = Math.max(1, Math.round(w / 12));
  const ends = [0, 1, 2, 3].map((k) => values.length - w - k * step);
  if (ends[3] < shortest) return null;
  const past = ends.flatMap((end) => {
    const { spectrum: found, loss } = diagnose(values.subarray(0, end), options);
    const after = values.subarray(end, end + w);
    return found === null ? [] : [{ modes: believed(found, loss), after }];
  });
  return forecastMargin(past, w);
}

/** Options in full. @throws UsageError  for an unknown one, or one out of range */
export function verdictOptions(options: Partial<VerdictOptions>): VerdictOptions {
  refuseUnknown("verdict", options, Object.keys(verdictDefaults));
  const chosen = { ...verdictDefaults, ...options };
  const { window, reference, tolerance, budget, patience } = chosen;
  const wrong = (name: string, value: unknown, wanted: string) =>
    new UsageError(`verdict: ${name} ${value}`, wanted);
  if (!(Number.isInteger(window) && window >= shortest))
    throw wrong("window", window, `a whole number of epochs, at least ${shortest}`);
  if (!(tolerance > 0 && tolerance < 1)) throw wrong("tolerance", tolerance, "between 0 and 1");
  for (const [name, value] of Object.entries({ reference, budget, patience })) {
    if (value !== null && !(value > 0)) throw wrong(name, value, "positive");
  }
  return chosen;
}
