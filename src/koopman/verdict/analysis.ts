import { refuseUnknown } from "../../errors/suggest.ts";
import { DataError, ShapeError, UsageError } from "../../errors.ts";
import { clusteringOf } from "./diagnosis.ts";
import { spacingOf } from "./spacing.ts";
import { type Stretch, stretchOf } from "./stretch.ts";
import {
  type Decision,
  diagnose,
  type Verdict,
  type VerdictOptions,
  verdict,
  verdictDefaults,
} from "./verdict.ts";
import type { WeightsAnalysis } from "./weights.ts";
import { type LossMode, steadySpectrum, type WindowSpectrum } from "./window.ts";

/** One number a step, as a log has it. */
export interface SeriesInput {
  readonly name: string;
  readonly source: string; // the file
  readonly kind?: string; // of the source, such as "csv"
  readonly steps: ArrayLike<number>; // strictly increasing
  readonly values: ArrayLike<number>; // NaN and ±Infinity are kept
  readonly caveats?: readonly string[]; // what the log may have done to the numbers
  /** Steps from which on another learning rate lasted, increasing. */
  readonly rateSteps?: readonly number[];
  readonly moved?: ArrayLike<number>; // ‖Δθ‖, how far the weights moved up to each step
}

export interface AnalysisOptions extends VerdictOptions {
  /** Lengths of the windows that begin with the run: 40, 100 and 500 in Mohr et al. */
  readonly growing: readonly number[];
  /** Values taken together to one, their mean: the loss of single batches is too noisy. */
  readonly average: number;
}

export const analysisDefaults: AnalysisOptions = {
  ...verdictDefaults,
  growing: [40, 100, 500],
  average: 1,
};

/** A stretch of the run as a sum of exponentials, whatever is made of it. */
export interface WindowAnalysis extends WindowSpectrum {
  readonly place: "first" | "last"; // values of the run
  readonly from: number; // step of its first value
  readonly to: number; // step of its last
  /** E₁ = Σ_{|λ−1| < 1/w} |c| / Σ |c|: near 1 at a good minimum and on a dead plateau alike. */
  readonly clustering: number;
  readonly modes: readonly LossMode[];
}

/** What the verdict's window said when it ended at an earlier step. */
export interface SlidingWindow {
  readonly from: number;
  readonly to: number;
  readonly loss: number | null; // null: not finite
  readonly decision: Decision;
  /** The largest |λ| < 1 that mattered; and of those that can be told from 1. Null: none. */
  readonly slowest: number | null;
  readonly slowestResolved: number | null;
  readonly improvement: number | null;
  readonly clustering: number | null;
}

/** All that is said of a run; plain JSON. Later versions add fields only. */
export interface Analysis {
  readonly schema: "eigenflow/analyze@2";
  readonly source: string;
  readonly kind: string;
  readonly series: {
    readonly name: string;
    readonly steps: readonly number[];
    readonly values: readonly (number | null)[]; // null: not finite
    /** Steps from one value to the next, the median where they differ (`even` is then false). */
    readonly spacing: number;
    readonly even: boolean;
    readonly notFinite: readonly { readonly step: number; readonly value: string }[];
    /** Steps from which on another learning rate lasted: no window of the verdict spans one. */
    readonly rateSteps: readonly number[];
  };
  readonly options: AnalysisOptions;
  /** In epochs of one value each. `loss` is null in JSON where it is not finite. */
  readonly verdict: Verdict;
  readonly growing: readonly WindowAnalysis[]; // the last window last
  readonly sliding: readonly SlidingWindow[]; // oldest first
  readonly weights: WeightsAnalysis | null;
  readonly warnings: readonly string[];
}

/** So many sliding windows at most, however long the run. */
const mostSliding = 200;

/**
 * The whole analysis of one series: the verdict of its last window, spectra of windows that begin with
 * the run and grow (Mohr et al. 2021, figures 3 and 4) and of the last one, and how the verdict's
 * quantities went as its window slid over the run, by a quarter of its length or so.
 *
 * @throws UsageError  for an unknown option or one out of range
 * @throws ShapeError  for as many steps as values not
 * @throws DataError  for no value, steps that do not increase, or a loss below zero
 */
export function analyseSeries(
  series: SeriesInput,
  options: Partial<AnalysisOptions> = {},
): Analysis {
  const chosen = analysisOptions(options);
  const { growing, average, ...forVerdict } = chosen;
  const { steps, values } = averaged(checked(series), average);
  const rateSteps = series.rateSteps ?? [];
  const stretch = (end: number) => stretchOf(steps.subarray(0, end), rateSteps, average);
  const moved = (average === 1 && series.moved) || null; // of means it is not known
  const found = verdict(values, forVerdict, stretch(steps.length), moved);
  const { spacing, even } = spacingOf(steps);
  const warnings = [...(series.caveats ?? [])];
  if (!even)
    warnings.push(
      `the steps of "${series.name}" are unevenly spaced, ${spacing} at the median: rates are per value, ` +
        "not per step",
    );
  const notFinite = Array.from(values, (value, i) => ({ step: steps[i], value }))
    .filter(({ value }) => !Number.isFinite(value))
    .map(({ step, value }) => ({ step, value: String(value) }));
  return {
    schema: "eigenflow/analyze@2",
    source: series.source,
    kind: series.kind ?? "series",
    series: {
      name: series.name,
      steps: [...steps],
      values: Array.from(values, finiteOrNull),
      spacing,
      even,
      notFinite,
      rateSteps,
    },
    options: chosen,
    verdict: found,
    growing: windowsOf(steps, values, chosen, stretch(steps.length)),
    sliding: slidingOf(steps, values, forVerdict, stretch),
    weights: null,
    warnings,
  };
}

/**
 * The analysis of snapshots without a log: no series, and of the verdict what the weights alone say.
 *
 * @throws UsageError  as `analyseSeries`
 */
export function analysisOfWeights(
  { source, kind }: { readonly source: string; readonly kind: string },
  weights: WeightsAnalysis,
  options: Partial<AnalysisOptions> = {},
): Analysis {
  const { decision, sentence, steps } = weights;
  return {
    schema: "eigenflow/analyze@2",
    source,
    kind,
    series: {
      name: "",
      steps: [],
      values: [],
      spacing: 1,
      even: true,
      notFinite: [],
      rateSteps: [],
    },
    options: analysisOptions(options),
    verdict: {
      decision,
      sentence,
      epoch: steps.length - 1,
      loss: Number.NaN,
      spectrum: null,
      prospect: null,
      resting: null,
      windows: 1,
      agreeing: 1,
      confirmed: false,
      forecast: [],
      forecastError: null,
      margin: null,
      cannotSay: ["anything of the loss: there is no log of one"],
    },
    growing: [],
    sliding: [],
    weights,
    warnings: [],
  };
}

const finiteOrNull = (value: number) => (Number.isFinite(value) ? value : null);

function windowsOf(
  steps: Float64Array,
  values: Float64Array,
  { growing, window }: AnalysisOptions,
  { from }: Stretch,
): WindowAnalysis[] {
  const n = values.length;
  const stretches = growing
    .filter((length) => length <= n)
    .map((length) => ({ place: "first" as const, start: 0, end: length }));
  const last = { place: "last" as const, start: Math.max(from, n - window), end: n };
  return [...stretches, ...(n - last.start >= shortest ? [last] : [])].flatMap(
    ({ place, start, end }) => {
      const taken = values.slice(start, end);
      // Exponentials of what is not finite, or of nothing but zeros, do not exist.
      if (!taken.every(Number.isFinite) || taken.every((value) => value === 0)) return [];
      const spectrum = steadySpectrum(taken);
      return [
        {
          place,
          from: steps[start],
          to: steps[end - 1],
          ...spectrum,
          clustering: clusteringOf(spectrum.modes, 1 / taken.length),
        },
      ];
    },
  );
}

function slidingOf(
  steps: Float64Array,
  values: Float64Array,
  options: VerdictOptions,
  stretch: (end: number) => Stretch,
): SlidingWindow[] {
  const { window } = options;
  const n = values.length;
  const stride = Math.max(Math.floor(window / 4), Math.ceil((n - shortest) / mostSliding));
  const ends: number[] = [];
  for (let end = n; end >= shortest; end -= stride) ends.unshift(end);
  return ends.map((end) => {
    const { from } = stretch(end);
    const { decision, loss, prospect } = diagnose(values.subarray(from, end), options, {
      epochs: from,
      first: values[0],
    });
    return {
      from: steps[Math.max(from, end - window)],
      to: steps[end - 1],
      loss: finiteOrNull(loss),
      decision,
      slowest: prospect?.slowest ?? null,
      slowestResolved: prospect?.slowestResolved ?? null,
      improvement: prospect?.improvement ?? null,
      clustering: prospect?.clustering ?? null,
    };
  });
}

/** Fewer values than this tell a spectrum nothing. */
const shortest = 40;

function checked({ name, source, steps, values }: SeriesInput) {
  if (steps.length !== values.length)
    throw new ShapeError(`"${name}" of ${source}: ${steps.length} steps, ${values.length} values`);
  if (values.length === 0) throw new DataError(`"${name}" of ${source} has no value`);
  const out = { steps: Float64Array.from(steps), values: Float64Array.from(values) };
  const back = out.steps.findIndex((step, i) => i > 0 && !(step > out.steps[i - 1]));
  if (back >= 0)
    throw new DataError(
      `"${name}" of ${source}: step ${steps[back]} comes after step ${steps[back - 1]}`,
      { hint: "steps increase; where a run was resumed, keep the later of two values of a step" },
    );
  return out;
}

/** Means of stretches of `count` values, each at the last of its steps; what is too few at the start is left out. */
function averaged(series: { steps: Float64Array; values: Float64Array }, count: number) {
  if (count === 1) return series;
  const length = Math.floor(series.values.length / count);
  const start = series.values.length - length * count;
  if (length === 0)
    throw new DataError(`${series.values.length} values are too few for means of ${count}`);
  const mean = (k: number) => {
    const part = series.values.subarray(start + k * count, start + (k + 1) * count);
    return part.reduce((sum, value) => sum + value, 0) / count;
  };
  return {
    steps: Float64Array.from({ length }, (_, k) => series.steps[start + (k + 1) * count - 1]),
    values: Float64Array.from({ length }, (_, k) => mean(k)),
  };
}

function analysisOptions(options: Partial<AnalysisOptions>): AnalysisOptions {
  refuseUnknown("analyseSeries", options, Object.keys(analysisDefaults));
  const chosen = { ...analysisDefaults, ...options };
  const odd = chosen.growing.find((length) => !(Number.isInteger(length) && length >= 8));
  if (odd !== undefined)
    throw new UsageError(`analyseSeries: growing ${odd}`, "whole numbers of values, at least 8");
  if (!(Number.isInteger(chosen.average) && chosen.average >= 1))
    throw new UsageError(`analyseSeries: average ${chosen.average}`, "a whole number from 1 on");
  return chosen;
}
