import { requireObject, requireOneOf, requireThat } from "../errors/arguments.ts";
import { DataError, ShapeError } from "../errors.ts";
import { type Dataset, requireDataset } from "./dataset.ts";

/** x ↦ (x − mean) / scale, feature by feature, in the units of the features. */
export interface Standardisation {
  readonly mean: Float32Array; // [width]
  readonly scale: Float32Array; // [width], standard deviations, never 0
}

/**
 * Mean and population standard deviation of each feature, or of all entries together, which suits
 * images: their pixels share one unit, and those that are always dark have no spread of their own.
 * A feature that never changes gets scale 1.
 *
 * Two passes in float64 with the corrected sum, σ² = (Σd² − (Σd)²/n)/n where d = x − mean: Chan,
 * Golub & LeVeque (1983), "Algorithms for computing the sample variance", Am. Stat. 37(3), 242–247.
 *
 * @throws DataError  for a dataset without rows or a NaN or infinite feature
 */
export function fitStandardisation(
  dataset: Dataset,
  options: { per?: "feature" | "all" } = {},
): Standardisation {
  requireDataset("fitStandardisation", dataset);
  requireObject("fitStandardisation", "options", options, '{ per: "feature" } or { per: "all" }');
  const { name, features, count, width } = dataset;
  const { per = "feature" } = options;
  requireOneOf("fitStandardisation", "per", per, ["feature", "all"]);
  if (count === 0) throw new DataError(`${name}: no rows to standardise by`);
  const groups = per === "feature" ? width : 1;
  const n = features.length / groups;
  const total = new Float64Array(groups);
  const low = new Float64Array(groups).fill(Infinity);
  const high = new Float64Array(groups).fill(-Infinity);
  for (let i = 0; i < features.length; i++) {
    const g = i % groups;
    const x = features[i];
    if (!Number.isFinite(x)) throw new DataError(`${name}: row ${Math.floor(i / width)} has ${x}`);
    total[g] += x;
    if (x < low[g]) low[g] = x;
    if (x > high[g]) high[g] = x;
  }

  const mean = total.map((t) => t / n);
  const sum = new Float64Array(groups);
  const squares = new Float64Array(groups);
  for (let i = 0; i < features.length; i++) {
    const d = features[i] - mean[i % groups];
    sum[i % groups] += d;
    squares[i % groups] += d * d;
  }
  const scale = mean.map((_, g) => {
    const deviation = Math.sqrt(Math.max(0, squares[g] - sum[g] ** 2 / n) / n);
    // By its extremes, since the rounding of the mean gives a constant a tiny spread; and a spread
    // too small for float32 would become a division by 0.
    return low[g] === high[g] || Math.fround(deviation) === 0 ? 1 : deviation;
  });
  const group = per === "feature" ? (j: number) => j : () => 0;
  return {
    mean: Float32Array.from({ length: width }, (_, j) => mean[group(j)]),
    scale: Float32Array.from({ length: width }, (_, j) => scale[group(j)]),
  };
}

/** @throws UsageError  for what is none */
export function requireStandardisation(where: string, given: unknown): void {
  const wanted = "what fitStandardisation gives";
  const { mean, scale } = requireObject(where, "standardisation", given, wanted);
  for (const [name, array] of Object.entries({ mean, scale }))
    requireThat(where, `standardisation.${name}`, array, array instanceof Float32Array, wanted);
}

/**
 * The dataset with its features standardised; targets as they were. A standardisation is fitted to
 * the training set and applied to every other, so that all are measured by one rule.
 *
 * @throws ShapeError  when it was fitted to another number of features
 */
export function applyStandardisation(dataset: Dataset, standardisation: Standardisation): Dataset {
  requireDataset("applyStandardisation", dataset);
  requireStandardisation("applyStandardisation", standardisation);
  const { mean, scale } = standardisation;
  const { name, width } = dataset;
  if (mean.length !== width || scale.length !== width) {
    throw new ShapeError(
      `${name}: has ${width} features, the standardisation ${mean.length} means ` +
        `and ${scale.length} scales`,
    );
  }
  const features = dataset.features.map((x, i) => (x - mean[i % width]) / scale[i % width]);
  return { ...dataset, features };
}
