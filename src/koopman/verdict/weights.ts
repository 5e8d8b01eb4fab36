import { refuseUnknown } from "../../errors/suggest.ts";
import { DataError, ShapeError, UsageError } from "../../errors.ts";
import type { TallSource } from "../../linalg/tall-source.ts";
import { tallBetween, tallRows } from "../snapshots/tall-increments.ts";
import { motionOf, nothingOf, type WeightsMotion, yetToGo } from "./motion.ts";
import type { Decision } from "./verdict.ts";
import { counted, percent } from "./words.ts";

/** A tensor among the rows of the snapshots. */
export interface WeightsTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly first: number; // row
  readonly count: number;
}

export interface WeightsOptions {
  /** Snapshots looked at, the last ones. */
  readonly window: number;
  /** ε: weights that have less than this share of their length to go have settled. */
  readonly tolerance: number;
  /** What the loss says; null: there is none. */
  readonly loss: Decision | null;
  /** Half a unit in the last place of the stored weights, relative; null: that of the source's type,
   * which is wider than what half precision was widened from. */
  readonly roundoff: number | null;
  /** What the rows are; nothing is said of tensors when left out. */
  readonly tensors: readonly WeightsTensor[];
  /** Each tensor by itself as well. */
  readonly perLayer: boolean;
}

export const weightsDefaults: WeightsOptions = {
  window: 60,
  tolerance: 0.02,
  loss: null,
  roundoff: null,
  tensors: [],
  perLayer: false,
};

/** What snapshots of the weights say. */
export interface WeightsAnalysis extends WeightsMotion {
  readonly snapshots: number; // looked at
  readonly steps: readonly number[];
  readonly spacing: number; // steps from one snapshot to the next
  readonly tensors: readonly WeightsTensor[];
  readonly layers: readonly (WeightsMotion & { readonly name: string })[]; // empty unless asked for
  readonly decision: Decision;
  readonly sentence: string;
  /** Little is left to move. */
  readonly settled: boolean;
  /** Whether the loss says the same as the weights; null without a loss. */
  readonly lossAgrees: boolean | null;
}

/** Fewer snapshots say nothing; fewer than `wanted` say it with a warning. */
const fewest = 10;
const wanted = 40;

/**
 * What the weights of a training run say: eigenvalues of their increments, and how far they have yet to
 * go. "stop" asks for both, weights that have settled and a loss that says stop; otherwise the verdict is
 * that of the loss, and "continue" where the weights alone still move. Divergence is never called from weights:
 * fast early motion looks like growth.
 *
 * @param source  snapshots as columns [n × M]
 * @param steps  of the snapshots, at equal distances
 * @throws ShapeError  for as many steps as snapshots not
 * @throws DataError  for steps at unequal distances, or entries that are not finite
 * @throws UsageError  for an unknown option or one out of range
 */
export async function analyseWeights(
  source: TallSource,
  steps: ArrayLike<number>,
  options: Partial<WeightsOptions> = {},
): Promise<WeightsAnalysis> {
  const { window, tolerance, loss, roundoff, tensors, perLayer } = weightsOptions(options);
  if (steps.length !== source.cols)
    throw new ShapeError(`${steps.length} steps for ${source.cols} snapshots`);
  const skipped = Math.max(0, source.cols - window);
  const taken = Array.from(steps).slice(skipped);
  const spacing = requireEven(taken);
  const shared = { snapshots: taken.length, steps: taken, spacing, tensors };
  if (taken.length < fewest) {
    const sentence =
      `${counted(taken.length, "snapshot")} of the weights ${taken.length === 1 ? "is" : "are"} too few: a spectrum of them needs ${fewest}, and ` +
      `${wanted} to be trusted. Save them more often.`;
    return {
      ...shared,
      ...nothingOf(source.rows),
      layers: [],
      decision: "insufficient-data",
      sentence,
      settled: false,
      lossAgrees: null,
    };
  }
  const recent = tallBetween(source, skipped);
  const motion = await motionOf(recent, spacing, roundoff);
  const layers: (WeightsMotion & { name: string })[] = [];
  for (const { name, first, count } of perLayer ? tensors : []) {
    layers.push({ name, ...(await motionOf(tallRows(recent, first, count), spacing, roundoff)) });
  }
  const warnings = [...motion.warnings];
  if (taken.length < wanted)
    warnings.push(`${taken.length} snapshots are few: ${wanted} are wanted, saved more often`);
  return { ...shared, ...motion, warnings, layers, ...conclude(motion, loss, tolerance) };
}

/** The weights can hold a stop back, and no more: whatever else the loss says stands. */
function conclude(
  weights: WeightsMotion,
  loss: Decision | null,
  tolerance: number,
): Pick<WeightsAnalysis, "decision" | "sentence" | "settled" | "lossAgrees"> {
  const ahead = yetToGo(weights);
  const settled = ahead !== null && ahead <= tolerance;
  const motion =
    ahead === null
      ? "How far the weights have yet to go cannot be told"
      : `The weights have ${percent(ahead)} of their length yet to go, ` +
        `${settled ? "no more" : "more"} than the ${percent(tolerance)} asked for`;
  if (loss === null) {
    const sentence = settled
      ? `${motion}; only a loss could tell a minimum from a dead start.`
      : `${motion}.`;
    return {
      decision: settled ? "insufficient-data" : "continue",
      sentence,
      settled,
      lossAgrees: null,
    };
  }
  const lossAgrees = settled === (loss === "stop");
  return {
    decision: loss === "stop" && !settled ? "continue" : loss,
    sentence: `${motion}; the loss says ${loss}${lossAgrees && settled ? " as well" : ""}.`,
    settled,
    lossAgrees,
  };
}

/** The distance of neighbouring snapshots, which must be one: that of the last two. */
function requireEven(steps: readonly number[]): number {
  const gaps = steps.slice(1).map((step, i) => step - steps[i]);
  const spacing = gaps.at(-1) ?? 1;
  const odd = gaps.findLastIndex((gap) => !near(gap, spacing));
  if (odd < 0) return spacing;
  const last = gaps.length - odd;
  throw new DataError(
    `snapshots at steps ${steps[odd]} and ${steps[odd + 1]}, but ${spacing} apart after that: ` +
      "eigenvalues are factors from one snapshot to the next",
    {
      hint:
        last >= fewest
          ? `look at the last ${last}, which are evenly spaced: window ${last}`
          : "save a snapshot every so many steps, always as many, and move the others away",
    },
  );
}

const near = (gap: number, spacing: number) => Math.abs(gap - spacing) <= 1e-9 * spacing;

function weightsOptions(options: Partial<WeightsOptions>): WeightsOptions {
  refuseUnknown("analyseWeights", options, Object.keys(weightsDefaults));
  const chosen = { ...weightsDefaults, ...options };
  if (!(Number.isInteger(chosen.window) && chosen.window >= fewest))
    throw new UsageError(
      `analyseWeights: window ${chosen.window}`,
      `a whole number of snapshots, at least ${fewest}`,
    );
  const { roundoff } = chosen;
  if (roundoff !== null && !(roundoff > 0 && roundoff < 1))
    throw new UsageError(`analyseWeights: roundoff ${roundoff}`, "between 0 and 1, or null");
  if (!(chosen.tolerance > 0 && chosen.tolerance < 1))
    throw new UsageError(`analyseWeights: tolerance ${chosen.tolerance}`, "between 0 and 1");
  return chosen;
}
