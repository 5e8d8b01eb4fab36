import { DataError } from "../errors.ts";

/**
 * The p-quantile of numbers, between order statistics by linear interpolation (NumPy's default,
 * Hyndman & Fan's type 7). NaN counts as +∞: what could not be computed is no small number.
 *
 * @throws DataError  for no numbers, or p outside [0, 1]
 */
export function quantile(values: ArrayLike<number>, p: number): number {
  if (values.length === 0) throw new DataError("the quantile of no numbers");
  if (!(p >= 0 && p <= 1)) throw new DataError(`quantile ${p} is not in [0, 1]`);
  const sorted = Float64Array.from(values, (x) => (Number.isNaN(x) ? Infinity : x)).sort();
  const place = p * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  // Of two infinities the difference would be NaN.
  return below === above ? below : below + (place - Math.floor(place)) * (above - below);
}

/** The 0.5-quantile; see `quantile`. */
export const median = (values: ArrayLike<number>): number => quantile(values, 0.5);

/** The middle of a sample and the band that holds 90 % of it. */
export interface Spread {
  readonly low: number; // 5 % quantile
  readonly middle: number; // median
  readonly high: number; // 95 % quantile
}

/** Median, 5 % and 95 % quantiles. */
export const spread = (values: ArrayLike<number>): Spread => ({
  low: quantile(values, 0.05),
  middle: quantile(values, 0.5),
  high: quantile(values, 0.95),
});
