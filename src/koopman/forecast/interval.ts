import { refuseUnknown } from "../../errors/suggest.ts";
import { DataError, ShapeError, UsageError } from "../../errors.ts";
import { columns } from "../../linalg/blocks.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import { requireSnapshots } from "../dmd/dmd.ts";
import { type Prediction, predict } from "./prediction.ts";
import { studentQuantile } from "./student.ts";

export interface IntervalOptions {
  /** Probability with which a value to come lies between the bounds, each for itself. */
  readonly level: number;
  /** When the snapshots were taken, increasing; null: at 0, 1, 2, … */
  readonly times: ArrayLike<number> | null;
  /** When to forecast; null: as many steps of the mean length as there are snapshots. */
  readonly at: ArrayLike<number> | null;
  /** Snapshots stacked for the start of the fit; null: enough for the modes. */
  readonly delays: number | null;
  /** Keeps every mode from growing. */
  readonly stable: boolean;
}

export const intervalDefaults: IntervalOptions = {
  level: 0.95,
  times: null,
  at: null,
  delays: null,
  stable: false,
};

export interface ForecastInterval {
  readonly level: number;
  readonly at: Float64Array; // [s]
  readonly value: Matrix; // [n × s]
  readonly lower: Matrix;
  readonly upper: Matrix;
  /** Per unit of time: ln |λ| and arg λ of each mode, and their standard deviations. */
  readonly growth: Float64Array;
  readonly turn: Float64Array;
  readonly growthDeviation: Float64Array;
  readonly turnDeviation: Float64Array;
  readonly noise: number; // σ of what the fit leaves
  /** Root mean square of the errors of a forecast of the last third from the rest, in units of their
   * stated deviation: about 1 where the model holds. Null: too few snapshots. */
  readonly heldOut: number | null;
  readonly warnings: readonly string[];
}

/** A model whose held-out errors are larger than this many of their deviations is contradicted. */
const contradicted = 2;

/**
 * A forecast with bounds, from r exponentials fitted to all snapshots at once (optimised DMD), at
 * regular times or not. The variance of a value to come is, to first order in the noise,
 *
 *   σ² (1 + φ(t) (ΦᵀΦ)⁻¹ φ(t)ᵀ + g(t) N⁻¹ g(t)ᵀ),   g = ∂φ/∂θ B − φ Φ⁺ ∂Φ/∂θ B,
 *
 * with Φ the exponentials at the data, B their coefficients, θ the rates, N the normal matrix of the
 * rates after B is eliminated, σ² the mean square left by the fit; bounds are Student's. They hold at
 * their level where the data are r exponentials with white noise. Where they are not, the forecast of
 * the last third from the rest tells: bounds are widened by `heldOut` where that is above 2, with a
 * warning. Even so they are too narrow there: on curves of full-batch training without noise, bounds of
 * 95 % held for 59 to 70 % of the next 30 epochs, being within 0.5 % of the loss.
 *
 * Seber & Wild (1989), "Nonlinear Regression", section 5.1; the fit: see `fitExponentials`.
 *
 * @param snapshots  [n × M]
 * @param modes  r; a pair counts two. "auto": the r up to 4 of least M n ln σ² + (r n + r) ln (M n)
 * @throws DataError  as `dmd`; for times that do not increase; where r exponentials leave no noise to
 *   measure, or the snapshots have fewer than r directions
 * @throws UsageError  for an unknown option or one out of range
 */
export function forecastInterval(
  snapshots: Matrix,
  modes: number | "auto",
  options: Partial<IntervalOptions> = {},
): ForecastInterval {
  refuseUnknown("forecastInterval", options, Object.keys(intervalDefaults));
  const { level, ...chosen } = { ...intervalDefaults, ...options };
  if (!(level > 0 && level < 1))
    throw new UsageError(`forecastInterval: level ${level}`, "between 0 and 1");
  if (modes !== "auto" && !(Number.isInteger(modes) && modes > 0))
    throw new UsageError(`forecastInterval: modes ${modes}`, 'whole and positive, or "auto"');
  requireSnapshots(snapshots);
  const M = snapshots.cols;
  const when = timesOf(chosen.times, M);
  const step = (when[M - 1] - when[0]) / (M - 1);
  const inSteps = (t: number) => (t - when[0]) / step;
  const times = when.map(inSteps);
  const at = Float64Array.from(
    chosen.at ?? Array.from({ length: M }, (_, i) => when[M - 1] + (i + 1) * step),
  );
  if (at.length === 0 || !at.every(Number.isFinite))
    throw new UsageError("forecastInterval: at", "one or more finite times");
  const ahead = at.map(inSteps);
  const found =
    modes === "auto"
      ? likeliest(snapshots, times, ahead, chosen)
      : predict(snapshots, times, ahead, modes, chosen);
  const heldOut = heldOutOf(snapshots, times, found.rates.growth.length, chosen);
  const wrong = heldOut !== null && heldOut > contradicted;
  const q = studentQuantile((1 + level) / 2, found.freedom) * (wrong ? heldOut : 1);
  const { value, rates, rateDeviation } = found;
  const { growth, turn, sign } = rates;
  const warnings = found.converged ? [] : [`not converged after ${found.iterations} iterations`];
  if (wrong)
    warnings.push(
      `a forecast of the last third of the data missed by ${heldOut.toPrecision(2)} times its stated ` +
        "deviation: the data are not these exponentials with white noise; bounds are as much wider",
    );
  return {
    level,
    at,
    value,
    lower: { ...value, data: value.data.map((x, k) => x - q * found.deviation[k]) },
    upper: { ...value, data: value.data.map((x, k) => x + q * found.deviation[k]) },
    growth: growth.map((a) => a / step),
    turn: turn.map((b, j) => (sign[j] < 0 ? Math.PI : b) / step),
    growthDeviation: turn.map((b, j) => rateDeviation[b < 0 ? j - 1 : j] / step),
    turnDeviation: turn.map((b, j) => (b === 0 ? 0 : rateDeviation[b < 0 ? j : j + 1] / step)),
    noise: found.sigma,
    heldOut,
    warnings,
  };
}

type Settings = Parameters<typeof predict>[4];

/** The number of exponentials by Schwarz's criterion. */
function likeliest(F: Matrix, times: Float64Array, ahead: Float64Array, settings: Settings) {
  const count = F.data.length;
  let best: Prediction | null = null;
  let least = Infinity;
  for (let r = 1; r <= 4; r++) {
    const found = attempted(() => predict(F, times, ahead, r, settings));
    if (found === null) break;
    const meanSquare = (found.sigma ** 2 * found.freedom) / count;
    const score = count * Math.log(meanSquare) + (count - found.freedom) * Math.log(count);
    if (best === null || score < least) [best, least] = [found, score];
  }
  if (best === null) return predict(F, times, ahead, 1, settings);
  return best;
}

function heldOutOf(F: Matrix, times: Float64Array, modes: number, settings: Settings) {
  const known = Math.ceil((2 * F.cols) / 3);
  const ahead = times.subarray(known);
  const { cols } = F;
  const found = attempted(() =>
    predict(columns(F, 0, known), times.subarray(0, known), ahead, modes, {
      ...settings,
      delays: null,
    }),
  );
  if (found === null || ahead.length === 0 || found.sigma === 0) return null;
  const sum = found.value.data.reduce((total, x, k) => {
    const [i, j] = [Math.floor(k / ahead.length), known + (k % ahead.length)];
    return total + ((F.data[i * cols + j] - x) / found.deviation[k]) ** 2;
  }, 0);
  return Math.sqrt(sum / found.value.data.length);
}

/** Null where the data do not allow it: too few, or too few directions. */
function attempted(run: () => Prediction): Prediction | null {
  try {
    return run();
  } catch (error) {
    if (error instanceof DataError) return null;
    throw error;
  }
}

/** @throws ShapeError, DataError  for another count, or times that do not increase */
function timesOf(times: ArrayLike<number> | null, M: number): Float64Array {
  const out = Float64Array.from(times ?? Array.from({ length: M }, (_, i) => i));
  if (out.length !== M) throw new ShapeError(`${out.length} times for ${M} snapshots`);
  const odd = out.findIndex((t, i) => !Number.isFinite(t) || (i > 0 && !(t > out[i - 1])));
  if (odd >= 0) throw new DataError(`time ${odd} is ${out[odd]}: times increase and are finite`);
  return out;
}
