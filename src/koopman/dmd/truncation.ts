import { median } from "../../data/quantiles.ts";
import { UsageError } from "../../errors.ts";

/** How many of the singular values s (descending) of a matrix [rows × cols] are kept. */
export type Truncation = (s: Float64Array, rows: number, cols: number) => number;

const countAbove = (s: Float64Array, threshold: number) =>
  s.reduce((count, value) => count + Number(value > threshold), 0);

/** At most r, and none that is zero by `numericalRank`. @throws UsageError for r < 1 */
export function rank(r: number): Truncation {
  if (!(Number.isInteger(r) && r > 0)) throw new UsageError(`rank(${r}): at least 1, and whole`);
  return (s, rows, cols) => Math.min(r, numericalRank()(s, rows, cols));
}

/**
 * The fewest that hold a share of Σσ². Energy is the square: shares of Σσ keep far more.
 *
 * @throws UsageError for a share outside (0, 1]
 */
export function energy(share: number): Truncation {
  if (!(share > 0 && share <= 1)) throw new UsageError(`energy(${share}): a share is in (0, 1]`);
  return (s, rows, cols) => {
    const most = numericalRank()(s, rows, cols);
    const squares = s.slice(0, most).map((value) => (value / s[0]) ** 2);
    const total = squares.reduce((sum, x) => sum + x, 0);
    let held = 0;
    const enough = squares.findIndex((x) => {
      held += x;
      return held >= share * total;
    });
    return enough < 0 ? most : enough + 1;
  };
}

/**
 * σ_i > tolerance · σ₁: right for data without noise.
 *
 * @param tolerance  max(rows, cols) · 2⁻⁵² when left out, dimension times round-off
 * @throws UsageError for a tolerance outside [0, 1)
 */
export function numericalRank(tolerance?: number): Truncation {
  if (tolerance !== undefined && !(tolerance >= 0 && tolerance < 1))
    throw new UsageError(`numericalRank(${tolerance}): a tolerance is in [0, 1)`);
  return (s, rows, cols) => countAbove(s, (tolerance ?? Math.max(rows, cols) * 2 ** -52) * s[0]);
}

/** Up to the first relative gap, σ_{i+1} ≤ tolerance · σ_i. @throws UsageError as `numericalRank` */
export function relativeGap(tolerance: number): Truncation {
  if (!(tolerance >= 0 && tolerance < 1))
    throw new UsageError(`relativeGap(${tolerance}): a tolerance is in [0, 1)`);
  return (s) => {
    if (s[0] === 0) return 0;
    const gap = s.findIndex((value, i) => i > 0 && value <= tolerance * s[i - 1]);
    return gap < 0 ? s.length : gap;
  };
}

/**
 * The optimal hard threshold for white noise of unknown size: σ_i > ω(β) · median σ, β the aspect
 * ratio. Gavish & Donoho (2014), "The optimal hard threshold for singular values is 4/√3", IEEE
 * Trans. Inf. Theory 60, equation 5 (ω to 0.02).
 */
export function hardThreshold(): Truncation {
  return (s, rows, cols) => {
    const beta = Math.min(rows, cols) / Math.max(rows, cols);
    const omega = 0.56 * beta ** 3 - 0.95 * beta ** 2 + 1.82 * beta + 1.43;
    // Compression leaves out those that are rounding; the median is of all.
    const all = new Float64Array(Math.max(s.length, Math.min(rows, cols)));
    all.set(s);
    // The first one always stays: a threshold above all of them says nothing of what to keep.
    const above = Math.max(1, countAbove(s, omega * median(all)));
    return Math.min(numericalRank()(s, rows, cols), above);
  };
}

/**
 * What rises above white noise of standard deviation σ: σ_i > σ(√rows + √cols), the edge of the
 * spectrum of the noise alone, and above 1e-7 σ₁. At least one.
 *
 * @throws UsageError for a negative σ
 */
export function noiseFloor(sigma: number): Truncation {
  if (!(sigma >= 0)) throw new UsageError(`noiseFloor(${sigma}): a standard deviation is ≥ 0`);
  return (s, rows, cols) => {
    const edge = sigma * (Math.sqrt(rows) + Math.sqrt(cols));
    return s[0] === 0 ? 0 : Math.max(1, countAbove(s, Math.max(edge, 1e-7 * s[0])));
  };
}

/** The smaller of a rule and a cap. */
export const capped = (rule: Truncation, cap: number): Truncation => {
  return (s, rows, cols) => Math.min(cap, rule(s, rows, cols));
};
