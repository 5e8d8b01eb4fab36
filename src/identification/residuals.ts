import { UsageError } from "../errors.ts";
import { matrix } from "../linalg/matrix.ts";
import { symmetricEigen } from "../linalg/symmetric.ts";
import { chiSquaredTail, normalBound } from "./chi-squared.ts";

/** A correlation at lags, with the bound that each stays within at the level where there is none. */
export interface Correlation {
  readonly of: string; // an output, or "input → output"
  readonly lags: Int32Array;
  readonly values: Float64Array;
  readonly bound: number;
  readonly outside: number; // lags beyond the bound; of the tested ones
  readonly pValue: number; // of all tested lags together
  readonly passed: boolean; // pValue ≥ 1 − level
}

/** Whether residuals are white, and independent of the inputs. */
export interface ResidualTests {
  readonly level: number;
  readonly white: boolean;
  readonly independent: boolean; // of the past inputs
  readonly whiteness: readonly Correlation[]; // one an output; lags 1 … M
  readonly crossCorrelation: readonly Correlation[]; // input by output; lags −M … M, tested from 0
}

/** "p = 0.012", or "p < 1e-16" below what its computation tells from 0. */
export const pValueInWords = (p: number): string =>
  p < 1e-16 ? "p < 1e-16" : `p = ${Number(p.toPrecision(2))}`;

/** Residuals [count × l] and inputs [count × m] of one experiment. */
export interface Residuals {
  readonly e: Float64Array;
  readonly u: Float64Array;
}

/**
 * Tests of residuals. Whiteness: the autocorrelation r(τ), each within z/√N, and all together by Ljung &
 * Box: N(N + 2) Σ r(τ)²/(N − τ) is χ² with M degrees. Independence: the correlation of e_t with
 * u_{t−τ}, each within z √(P₀/N), P_{ab} = Σ_k r_e(k) r_u(k + a − b), and those of τ = 0 … M together by
 * N rᵀ P⁺ r, which is χ² with the rank of P. A correlation at negative lags is a sign of feedback in the
 * experiment, not of a bad model, and is shown but not tested.
 *
 * Ljung (1999), "System identification", 2nd ed., section 16.6; Ljung & Box (1978), Biometrika 65(2).
 *
 * M is `lags`, 20 when left out; `level` is that of the bounds and the tests, 0.99 when left out.
 *
 * @throws UsageError  for a level that is not between 0 and 1, or more lags than a quarter of the samples
 */
export function residualTests(
  experiments: readonly Residuals[],
  inputs: readonly string[],
  outputs: readonly string[],
  { lags = 20, level = 0.99 }: { lags?: number; level?: number } = {},
): ResidualTests {
  const [m, l] = [inputs.length, outputs.length];
  const count = experiments.reduce((sum, { e }) => sum + e.length / l, 0);
  if (!(level > 0 && level < 1))
    throw new UsageError(`residual tests at level ${level}; wanted between 0 and 1`);
  if (!(Number.isInteger(lags) && lags >= 1 && lags <= count / 4))
    throw new UsageError(
      `residual tests of ${lags} lags on ${count} samples; wanted 1 to ${Math.floor(count / 4)}`,
    );
  const z = normalBound(level);
  const residual = outputs.map((_, j) => experiments.map(({ e }) => centred(e, l, j)));
  const input = inputs.map((_, j) => experiments.map(({ u }) => centred(u, m, j)));
  const own = residual.map((e) => autocorrelation(e, lags));

  const whiteness = outputs.map((of, j): Correlation => {
    const values = own[j].slice(1);
    const statistic = values.reduce((sum, r, i) => sum + r ** 2 / (count - i - 1), 0);
    const bound = z / Math.sqrt(count);
    const pValue = chiSquaredTail(count * (count + 2) * statistic, lags);
    return judged(
      of,
      Int32Array.from(values.keys(), (i) => i + 1),
      values,
      bound,
      0,
      pValue,
      level,
    );
  });
  const crossCorrelation = inputs.flatMap((name, i) => {
    const theirs = autocorrelation(input[i], 2 * lags);
    return outputs.map((output, j): Correlation => {
      const lagged = Int32Array.from({ length: 2 * lags + 1 }, (_, k) => k - lags);
      const values = Float64Array.from(lagged, (lag) => correlation(residual[j], input[i], lag));
      const P = (shift: number) => {
        let sum = theirs[Math.abs(shift)];
        for (let k = 1; k <= lags; k++) {
          const at = (lag: number) => theirs[Math.abs(lag)] ?? 0;
          sum += own[j][k] * (at(k + shift) + at(k - shift));
        }
        return sum;
      };
      const bound = z * Math.sqrt(Math.max(P(0), 0) / count);
      const pValue = jointly(values.slice(lags), P, count);
      return judged(`${name} → ${output}`, lagged, values, bound, lags, pValue, level);
    });
  });
  return {
    level,
    white: whiteness.every(({ passed }) => passed),
    independent: crossCorrelation.every(({ passed }) => passed),
    whiteness,
    crossCorrelation,
  };
}

const judged = (
  of: string,
  lags: Int32Array,
  values: Float64Array,
  bound: number,
  from: number,
  pValue: number,
  level: number,
): Correlation => ({
  of,
  lags,
  values,
  bound,
  outside: values.slice(from).filter((r) => Math.abs(r) > bound).length,
  pValue,
  passed: pValue >= 1 - level,
});

/** P(χ² ≥ N rᵀ P⁺ r), P Toeplitz, in the directions in which the inputs vary at all. */
function jointly(r: Float64Array, P: (shift: number) => number, count: number): number {
  const n = r.length;
  const shifts = Float64Array.from({ length: n }, (_, k) => P(k));
  const toeplitz = matrix(n, n, (a, b) => shifts[Math.abs(a - b)]);
  const { values, vectors } = symmetricEigen(toeplitz);
  let [statistic, rank] = [0, 0];
  for (let k = 0; k < n; k++) {
    if (!(values[k] > 1e-4 * values[n - 1])) continue;
    rank++;
    let along = 0;
    for (let i = 0; i < n; i++) along += vectors.data[i * n + k] * r[i];
    statistic += along ** 2 / values[k];
  }
  return rank === 0 ? 1 : chiSquaredTail(count * statistic, rank);
}

function centred(values: Float64Array, width: number, j: number): Float64Array {
  const own = Float64Array.from({ length: values.length / width }, (_, t) => values[t * width + j]);
  const mean = own.reduce((sum, v) => sum + v, 0) / own.length;
  return own.map((v) => v - mean);
}

const autocorrelation = (x: readonly Float64Array[], lags: number) =>
  Float64Array.from({ length: lags + 1 }, (_, lag) => correlation(x, x, lag));

/** Σ a_t b_{t−lag} over all experiments, over the root of Σ a² Σ b²; 0 where one is zero. */
function correlation(a: readonly Float64Array[], b: readonly Float64Array[], lag: number): number {
  let [sum, squareOfA, squareOfB] = [0, 0, 0];
  a.forEach((own, which) => {
    const other = b[which];
    for (let t = 0; t < own.length; t++) {
      squareOfA += own[t] ** 2;
      squareOfB += other[t] ** 2;
      if (t - lag >= 0 && t - lag < other.length) sum += own[t] * other[t - lag];
    }
  });
  return squareOfA === 0 || squareOfB === 0 ? 0 : sum / Math.sqrt(squareOfA * squareOfB);
}
