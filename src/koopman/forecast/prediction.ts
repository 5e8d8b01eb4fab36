import { DataError } from "../../errors.ts";
import { scaleColumns } from "../../linalg/blocks.ts";
import { leastSquares } from "../../linalg/least-squares.ts";
import { gram, identity, type Matrix, subtract, transpose } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";
import { svd } from "../../linalg/svd.ts";
import { hankelDmd } from "../dmd/hankel.ts";
import { rank } from "../dmd/truncation.ts";
import {
  design,
  fitExponentials,
  gradients,
  type Rates,
  ratesOf,
} from "../variants/exponentials.ts";

/** Exponentials fitted to snapshots, and what they foretell at other times; in steps. */
export interface Prediction {
  readonly rates: Rates;
  readonly rateDeviation: Float64Array; // of the growth, or of the turn at the second of a pair
  readonly value: Matrix; // [n × s]
  readonly deviation: Float64Array; // [n s], of a value to come from it
  readonly sigma: number; // of what the fit leaves
  readonly freedom: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/** The better of two fits, from DMD and from a row of decays, with deviations to first order. */
export function predict(
  snapshots: Matrix,
  times: Float64Array,
  ahead: Float64Array,
  modes: number,
  { delays, stable }: { delays: number | null; stable: boolean },
): Prediction {
  const { rows: n, cols: M } = snapshots;
  const freedom = n * M - modes * (n + 1);
  if (!(freedom > 0))
    throw new DataError(`${modes} exponentials in ${n} × ${M} numbers leave no noise to measure`);
  const H = transpose(snapshots);
  const [first, second] = [startingRates(snapshots, times, modes, delays), decays(modes, M)].map(
    (start) => fitExponentials(H, times, start, { maxIterations: 100, tolerance: 1e-12, stable }),
  );
  const fit = second.misfit < first.misfit ? second : first;
  const { rates, coefficients: B } = fit;
  const sigma = fit.misfit / Math.sqrt(freedom);

  const Phi = design(times, rates);
  const phi = design(ahead, rates);
  const slopes = gradients(times, rates, B);
  // What the coefficients give back when a rate moves: Φ⁺ ∂Φ/∂θ B.
  const refits = slopes.map((D) => leastSquares(Phi, D).X);
  const covariance = inverseGram(slopes.map((D, j) => subtract(D, product(Phi, refits[j]))));
  const reach = gradients(ahead, rates, B).map((D, j) => subtract(D, product(phi, refits[j])));
  const share = product(phi, leastSquares(Phi, identity(M)).X); // φ Φ⁺ [s × M]

  const value = transpose(product(phi, B));
  const deviation = value.data.map((_, k) => {
    const [channel, i] = [Math.floor(k / ahead.length), k % ahead.length];
    const g = reach.map(({ data }) => data[i * n + channel]);
    const row = share.data.subarray(i * M, (i + 1) * M);
    const variance =
      1 + row.reduce((sum, x) => sum + x * x, 0) + quadratic(covariance, Float64Array.from(g));
    return sigma * Math.sqrt(variance);
  });
  const { iterations, converged } = fit;
  return {
    rates,
    rateDeviation: rates.growth.map((_, j) => sigma * Math.sqrt(covariance.data[j * (modes + 1)])),
    value,
    deviation,
    sigma,
    freedom,
    iterations,
    converged,
  };
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
