import { columnNorms } from "../../linalg/blocks.ts";
import { moduli } from "../../linalg/complex.ts";
import { tallGram } from "../../linalg/tall-products.ts";
import type { TallSource } from "../../linalg/tall-source.ts";
import { dmdTall } from "../dmd/dmd-tall.ts";
import type { Spectrum } from "../dmd/spectrum.ts";
import { hardThreshold, type Truncation } from "../dmd/truncation.ts";
import { relative } from "../dmd/weighting.ts";
import { displacements } from "../forecast/extrapolate.ts";
import { tallIncrements, tallNorms } from "../snapshots/tall-increments.ts";
import { trustedResidual } from "./diagnosis.ts";

/** One exponential in the motion of the weights: increments are Σ_j z_j α_j λ_jⁿ. Pairs stand twice. */
export interface WeightMode {
  readonly re: number; // λ, from one snapshot to the next
  readonly im: number;
  readonly modulus: number;
  readonly residual: number; // ‖A z − λ z‖, ‖z‖ = 1
  /** |α| |λ|^(m−1) as a share of all: what of the present motion is this mode's. */
  readonly importance: number;
  /** Steps until it is half as large; null where it does not decay. */
  readonly halfLife: number | null;
  /** By its residual, at most 0.1. */
  readonly trusted: boolean;
}

/** The motion of some weights: all of them, or those of one tensor. */
export interface WeightsMotion {
  readonly coordinates: number;
  readonly rank: number; // modes that rise above the rounding of the files and above noise
  readonly spectrum: readonly WeightMode[]; // the most important first
  readonly norms: readonly number[]; // ‖w_i‖
  readonly increments: readonly number[]; // ‖w_{i+1} − w_i‖
  /** ‖w_∞ − w_T‖ / ‖w_T‖ by the modes that decay; null where too little of the motion is trusted. */
  readonly remaining: number | null;
  /** The same of the modes that do not decay, at their present speed, as far ahead as the snapshots go
   * back. */
  readonly persisting: number;
  /** ‖QᵀQ − I‖ of the basis that the spectrum was computed in. */
  readonly orthogonality: number;
  readonly warnings: readonly string[];
}

/** ‖w_∞ − w_T‖ / ‖w_T‖ of all modes, with those that do not decay as far as is looked; null: cannot be told. */
export const yetToGo = ({
  remaining,
  persisting,
}: Pick<WeightsMotion, "remaining" | "persisting">): number | null =>
  remaining === null ? null : remaining + persisting;

/** So much of the present motion must belong to trusted modes for a prediction from them. */
const trustedShare = 0.5;

/** Of too few snapshots, or of weights that do not move. */
export const nothingOf = (coordinates: number): WeightsMotion => ({
  coordinates,
  rank: 0,
  spectrum: [],
  norms: [],
  increments: [],
  remaining: null,
  persisting: 0,
  orthogonality: 0,
  warnings: [],
});

/**
 * DMD of the increments D_i = w_{i+1} − w_i, which obey the same linear map as the weights but lack the
 * constant mode; columns brought to one length. Kept are singular values above white noise
 * (`hardThreshold`) and above the rounding with which the weights were stored, and at most a third of
 * the pairs, so that residuals keep a meaning.
 *
 * @param spacing  steps from one snapshot to the next
 * @param roundoff  of the stored weights, relative; that of the source's type when left out
 * @throws DataError  for entries that are not finite
 */
export async function motionOf(
  source: TallSource,
  spacing: number,
  roundoff: number | null = null,
): Promise<WeightsMotion> {
  const D = tallIncrements(source);
  const norms = await tallNorms(source);
  const gram = await tallGram(D);
  const increments = Float64Array.from({ length: D.cols }, (_, i) =>
    Math.sqrt(Math.max(0, gram.data[i * (D.cols + 1)])),
  );
  const shown = { norms: [...norms], increments: [...increments] };
  const length = norms[norms.length - 1];
  if (increments.every((size) => size === 0)) {
    const warnings = ["the weights do not move at all"];
    return { ...nothingOf(source.rows), ...shown, remaining: 0, warnings };
  }
  const rounding = storageRounding(source, norms, increments, roundoff);
  const { spectrum, compression } = await dmdTall(
    D,
    { truncation: signal(rounding), weighting: relative },
    gram,
  );
  const all = modesOf(spectrum, spacing, source.rows);
  const warnings = [...spectrum.warnings];
  const sum = (some: readonly WeightMode[]) =>
    some.reduce((total, { importance }) => total + importance, 0);
  const trusted = sum(all.filter((mode) => mode.trusted));
  if (trusted < trustedShare)
    warnings.push(
      `only ${Math.round(100 * trusted)} % of the motion is in modes with a residual of at most ` +
        `${trustedResidual}: the rest is noise, such as that of mini-batches, or not linear`,
    );
  if (rounding > 0.1)
    warnings.push(
      "the slowest increments are hardly more than the rounding of the stored weights: save them " +
        "less often, or in float64",
    );
  const [ahead] = columnNorms(displacements(spectrum, [Infinity]));
  const last = increments[increments.length - 1];
  const persisting = sum(all.filter(({ modulus }) => modulus >= 1)) * last * norms.length;
  return {
    coordinates: source.rows,
    rank: all.length,
    spectrum: all,
    ...shown,
    remaining: trusted < trustedShare || length === 0 ? null : ahead / length,
    persisting: length === 0 ? 0 : persisting / length,
    orthogonality: compression.orthogonality,
    warnings,
  };
}

/** The rounding of stored weights, as a share of the smallest of their increments that is not 0. */
export function storageRounding(
  { dtype }: Pick<TallSource, "dtype">,
  norms: Float64Array,
  increments: Float64Array,
  roundoff: number | null = null,
): number {
  const unit = roundoff ?? (dtype === "float32" ? 2 ** -24 : 2 ** -53);
  return (unit * Math.max(...norms)) / Math.min(...increments.filter((size) => size > 0));
}

/** Rises above white noise, above the rounding of each column, and leaves residuals a meaning. */
export const signal =
  (rounding: number): Truncation =>
  (s, rows, cols) => {
    const edge = rounding * (1 + Math.sqrt(cols / rows));
    const above = s.filter((value) => value > edge).length;
    // Of a few singular values the median is no noise.
    const clear = Math.min(rows, cols) < 8 ? s.length : hardThreshold()(s, rows, cols);
    return Math.max(1, Math.min(clear, above, Math.floor(cols / 3)));
  };

function modesOf(
  { eigenvalues, residuals, importance }: Spectrum,
  spacing: number,
  rows: number,
): WeightMode[] {
  const size = moduli(eigenvalues);
  const total = importance.now.reduce((sum, x) => sum + x, 0) || 1;
  return Array.from(
    size,
    (modulus, j): WeightMode => ({
      re: eigenvalues.re[j],
      im: eigenvalues.im[j],
      modulus,
      residual: residuals[j],
      importance: importance.now[j] / total,
      halfLife: modulus > 0 && modulus < 1 ? (-Math.LN2 / Math.log(modulus)) * spacing : null,
      // As many modes as rows leave no residual, whatever the data.
      trusted: residuals[j] <= trustedResidual && size.length < rows,
    }),
  ).sort((a, b) => b.importance - a.importance);
}
