import { forecastLoss, type LossMode } from "./window.ts";

/** Half widths of intervals around a forecast f(1) … f(w), as shares of |f|. */
export interface ForecastMargin {
  /** Of what will come, so much is to lie inside. */
  readonly level: number;
  readonly shares: readonly number[]; // [w]
}

/** A forecast that was made, and the values that came after. */
export interface PastForecast {
  readonly modes: readonly LossMode[];
  readonly after: ArrayLike<number>;
}

/** Forecasts that are compared: with n of them the largest error holds the next with n/(n + 1). */
const wanted = 4;

/**
 * The margin of a forecast from what the run's own forecasts were off by before: for each distance the
 * largest error |f − L|/|f| of four, which a fifth stays below with probability 4/5 were their order
 * of no matter. As errors shrink while a run settles it mostly holds more; after a change, less.
 *
 * Split conformal prediction: Vovk, Gammerman & Shafer (2005), "Algorithmic learning in a random world".
 *
 * @param w  how far ahead, no more than there are values after each
 * @returns null for fewer forecasts than four, or an error that is not finite
 */
export function forecastMargin(past: readonly PastForecast[], w: number): ForecastMargin | null {
  if (past.length < wanted) return null;
  const shares = Array.from({ length: w }, (_, n) =>
    Math.max(
      ...past.slice(0, wanted).map(({ modes, after }) => relativeError(modes, n + 1, after[n])),
    ),
  );
  return shares.every(Number.isFinite) ? { level: wanted / (wanted + 1), shares } : null;
}

/** |f(n) − L|/|f(n)| */
export function relativeError(modes: readonly LossMode[], n: number, truth: number): number {
  const f = forecastLoss(modes, n);
  return Math.abs(f - truth) / Math.abs(f);
}
