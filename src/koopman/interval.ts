import { refuseUnknown } from "../errors/suggest.ts";
import { DataError, ShapeError, UsageError } from "../errors.ts";
import { leastSquares } from "../linalg/least-squares.ts";
import { gram, identity, type Matrix, subtract, transpose } from "../linalg/matrix.ts";
import { product } from "../linalg/provider.ts";
import { svd } from "../linalg/svd.ts";
import { requireSnapshots } from "./dmd.ts";
import { design, fitExponentials, gradients, type Rates, ratesOf } from "./exponentials.ts";
import { hankelDmd } from "./hankel.ts";
import { scaleColumns } from "./ritz.ts";
import { studentQuantile } from "./student.ts";
import { rank } from "./truncation.ts";

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
  readonly warnings: readonly string[];
}

/**
 * A forecast with bounds, from r exponentials fitted to all snapshots at once (optimised DMD), at
 * regular times or not. The variance of a value to come is, to first order in the noise,
 *
 *   σ² (1 + φ(t) (ΦᵀΦ)⁻¹ φ(t)ᵀ + g(t) N⁻¹ g(t)ᵀ),   g = ∂φ/∂θ B − φ Φ⁺ ∂Φ/∂θ B,
 *
 * with Φ the exponentials at the data, B their coefficients, θ the rates, N the normal matrix of the
 * rates after B is eliminated, σ² the mean square left by the fit; bounds are Student's. So they hold at
 * their level where the data are r exponentials with white noise and the noise leaves the rates well
 * determined; they know nothing of a model that is wrong.
 *
 * Seber & Wild (1989), "Nonlinear Regression", section 5.1; the fit: see `fitExponentials`.
 *
 * @param snapshots  [n × M]
 * @param modes  r; a pair counts two
 * @throws DataError  as `dmd`; for times that do not increase; where r exponentials leave no noise to
 *   measure, or the snapshots have fewer than r directions
 * @throws UsageError  for an unknown option or one out of range
 */
export function forecastInterval(
  snapshots: Matrix,
  modes: number,
  options: Partial<IntervalOptions> = {},
): ForecastInterval {
  refuseUnknown("forecastInterval", options, Object.keys(intervalDefaults));
  const { level, stable, ...chosen } = { ...intervalDefaults, ...options };
  if (!(level > 0 && level < 1))
    throw new UsageError(`forecastInterval: level ${level}`, "between 0 and 1");
  requireSnapshots(snapshots);
  const { rows: n, cols: M } = snapshots;
  const freedom = n * M - modes * (n + 1);
  if (!(freedom > 0))
    throw new DataError(`${modes} exponentials in ${n} × ${M} numbers leave no noise to measure`);
  const when = timesOf(chosen.times, M);
  const step = (when[M - 1] - when[0]) / (M - 1);
  // In steps of the mean length, from the last snapshot back: powers stay small.
  const times = when.map((t) => (t - when[0]) / step);
  const at = Float64Array.from(
    chosen.at ?? Array.from({ length: M }, (_, i) => when[M - 1] + (i + 1) * step),
  );
  if (at.length === 0 || !at.every(Number.isFinite))
    throw new UsageError("forecastInterval: at", "one or more finite times");

  const H = transpose(snapshots);
  const [first, second] = [
    startingRates(snapshots, times, modes, chosen.delays),
    decays(modes, M),
  ].map((start) =>
    fitExponentials(H, times, start, { maxIterations: 100, tolerance: 1e-12, stable }),
  );
  const fit = second.misfit < first.misfit ? second : first;
  const { rates, coefficients: B } = fit;
  const sigma = fit.misfit / Math.sqrt(freedom);

  const Phi = design(times, rates);
  const ahead = at.map((t) => (t - when[0]) / step);
  const phi = design(ahead, rates);
  const slopes = gradients(times, rates, B);
  // What the coefficients give back when a rate moves: Φ⁺ ∂Φ/∂θ B.
  const refits = slopes.map((D) => leastSquares(Phi, D).X);
  const covariance = inverseGram(slopes.map((D, j) => subtract(D, product(Phi, refits[j]))));
  const reach = gradients(ahead, rates, B).map((D, j) => subtract(D, product(phi, refits[j])));
  const share = product(phi, leastSquares(Phi, identity(M)).X); // φ Φ⁺ [s × M]

  const value = transpose(product(phi, B));
  const q = studentQuantile((1 + level) / 2, freedom);
  const width = value.data.map((_, k) => {
    const [channel, i] = [Math.floor(k / at.length), k % at.length];
    const g = reach.map(({ data }) => data[i * n + channel]);
    const row = share.data.subarray(i * M, (i + 1) * M);
    const variance =
      1 + row.reduce((sum, x) => sum + x * x, 0) + quadratic(covariance, Float64Array.from(g));
    return q * sigma * Math.sqrt(variance);
  });
  const deviation = Float64Array.from(
    rates.growth,
    (_, j) => (sigma * Math.sqrt(covariance.data[j * (modes + 1)])) / step,
  );
  // A pair has its growth at the first place and its turn at the second.
  const of = (place: (j: number) => number | null) =>
    Float64Array.from(rates.turn, (_, j) => {
      const at = place(j);
      return at === null ? 0 : deviation[at];
    });
  const { turn } = rates;
  return {
    level,
    at,
    value,
    lower: { ...value, data: value.data.map((x, k) => x - width[k]) },
    upper: { ...value, data: value.data.map((x, k) => x + width[k]) },
    growth: rates.growth.map((a) => a / step),
    turn: turn.map((b, j) => (rates.sign[j] < 0 ? Math.PI : b) / step),
    growthDeviation: of((j) => (turn[j] < 0 ? j - 1 : j)),
    turnDeviation: of((j) => (turn[j] === 0 ? null : turn[j] < 0 ? j : j + 1)),
    noise: sigma,
    warnings: fit.converged ? [] : [`not converged after ${fit.iterations} iterations`],
  };
}

/** @throws ShapeError, DataError  for another count, or times that do not increase */
function timesOf(times: ArrayLike<number> | null, M: number): Float64Array {
  const out = Float64Array.from(times ?? Array.from({ length: M }, (_, i) => i));
  if (out.length !== M) throw new ShapeError(`${out.length} times for ${M} snapshots`);
  const odd = out.findIndex((t, i) => !Number.isFinite(t) || (i > 0 && !(t > out[i - 1])));
  if (odd >= 0) throw new DataError(`time ${odd} is ${out[odd]}: times increase and are finite`);
  return out;
}

/** From delayed DMD; where the steps are not equal, of the data interpolated to equal ones. */
function startingRates(
  snapshots: Matrix,
  times: Float64Array,
  modes: number,
  delays: number | null,
): Rates {
  const { rows: n, cols: M } = snapshots;
  const regular = times.every((t, i) => Math.abs(t - i) < 1e-9 * M);
  const F = regular ? snapshots : interpolated(snapshots, times);
  const d = delays ?? Math.max(1, Math.min(M >> 1, Math.ceil((4 * modes) / n)));
  const { eigenvalues } = hankelDmd(F, d, { truncation: rank(modes), scaling: "none" });
  if (eigenvalues.re.length < modes)
    throw new DataError(
      `the snapshots have ${eigenvalues.re.length} independent directions, not ${modes}`,
      { hint: "ask for fewer modes" },
    );
  const rates = ratesOf(eigenvalues);
  // (−1)^t has no value between the steps.
  return regular ? rates : { ...rates, sign: rates.sign.map(() => 1) };
}

/**
 * A constant and decays of M/2, M/8, M/32 … steps: where noise drowns what a decay leaves behind, the
 * fit from the eigenvalues of DMD ends in the noise, and the one from these in the decay.
 */
const decays = (modes: number, M: number): Rates => ({
  growth: Float64Array.from({ length: modes }, (_, j) => (j === 0 ? 0 : -(2 / M) * 4 ** (j - 1))),
  turn: new Float64Array(modes),
  sign: new Float64Array(modes).fill(1),
});

function interpolated({ rows, cols, data }: Matrix, times: Float64Array): Matrix {
  const out = new Float64Array(data.length);
  let right = 1;
  for (let t = 0; t < cols; t++) {
    while (right < cols - 1 && times[right] < t) right++;
    const part = (t - times[right - 1]) / (times[right] - times[right - 1]);
    for (let i = 0; i < rows; i++) {
      const at = i * cols + right;
      out[i * cols + t] = (1 - part) * data[at - 1] + part * data[at];
    }
  }
  return { rows, cols, data: out };
}

/** The inverse of the matrix of inner products ⟨D_i, D_j⟩. */
function inverseGram(some: readonly Matrix[]): Matrix {
  const r = some.length;
  const lengths = some.map(({ data }) => Math.hypot(...data) || 1);
  const tall = transpose({
    rows: r,
    cols: some[0].data.length,
    data: Float64Array.from(some.flatMap(({ data }, j) => Array.from(data, (x) => x / lengths[j]))),
  });
  const { s, V } = svd(tall);
  const half = scaleColumns(
    V,
    s.map((x) => 1 / Math.max(x, 1e-12 * s[0])),
  );
  const G = gram(half);
  return { ...G, data: G.data.map((x, k) => x / (lengths[Math.floor(k / r)] * lengths[k % r])) };
}

const quadratic = (A: Matrix, x: Float64Array) =>
  x.reduce((sum, a, i) => sum + a * x.reduce((s, b, j) => s + A.data[i * A.cols + j] * b, 0), 0);
