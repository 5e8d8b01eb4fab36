import { refuseUnknown, unknownName } from "../errors/suggest.ts";
import { DataError, UsageError } from "../errors.ts";
import { type Matrix, matrixOf } from "../linalg/matrix.ts";
import { qr } from "../linalg/qr.ts";
import { solveUpper } from "../linalg/triangular.ts";
import { type Basis, basisOf, type Ends, endsNames, requireLimit } from "./basis.ts";
import type { Series } from "./series.ts";

export interface DenoiseOptions {
  /** The largest frequency, in place of the best by `risk`. */
  readonly cutoff?: number;
  /** What the signal does beyond its ends; the best by `risk` unless given. */
  readonly ends?: Ends;
  /** K is looked for up to this. */
  readonly most?: number;
}

const knownOptions = Object.keys({
  cutoff: true,
  ends: true,
  most: true,
} satisfies Record<keyof DenoiseOptions, true>);

/** How well the functions up to one K do. */
export interface Candidate {
  readonly ends: Ends;
  readonly cutoff: number; // K
  readonly functions: number; // p
  readonly residual: number; // RSS/N
  /** Estimated mean squared error of the reconstruction at the samples. */
  readonly risk: number;
  /** Mean squared error of predicting each sample from all others; contains the noise. */
  readonly leaveOneOut: number;
}

export interface Denoised extends Candidate {
  readonly fitted: Float64Array; // [N], at the sorted samples
  readonly standardErrors: Float64Array; // [N], σ √hᵢ: of the noise, not of what K leaves out
  /** σ, standard deviation of the noise. */
  readonly noise: number;
  readonly squaredBias: number; // of the risk, what K leaves out; never below 0
  readonly variance: number; // of the risk, σ² p/N
  readonly candidates: readonly Candidate[];
  /** The largest K tried, and what forbids more: gaps between samples, their number, or `most`. */
  readonly limit: { readonly cutoff: number; readonly by: "gap" | "samples" | "most" };
  readonly cycles: number; // of the largest frequency, over the length of the data
  /** The reconstruction at any x; beyond the ends it does what was assumed of them. */
  readonly at: (x: number) => number;
}

/**
 * The signal in noisy samples: least squares on all frequencies up to K, with K and the ends chosen by the
 * mean squared error to be expected. White noise of variance σ² has σ²/N of its power at every coefficient, so
 * a fit of p functions has the error
 *
 *   (what they cannot represent)² + σ² p/N,
 *
 * the first part estimated by RSS/N − σ̂²(1 − p/N), or 0 where that is less (Mallows' C_p but for this floor).
 * σ̂² is the least RSS/(N − p) of the richest fits tried, of at most N/2 functions: white noise looks alike at
 * all frequencies, and a signal does not. The least of many estimates is a little too low, so the error of
 * leaving one out stands beside it, which is exact for a linear fit: (rᵢ/(1 − hᵢ))².
 *
 * Mallows (1973), "Some comments on C_p", Technometrics 15(4), 661–675.
 *
 * @throws UsageError  for options that are unknown or no whole numbers
 * @throws DataError  for gaps too large for any K, or for the K given, and for a K of too many functions
 */
export function denoise(series: Series, options: DenoiseOptions = {}): Denoised {
  refuseUnknown("denoise", options, knownOptions);
  const { cutoff, ends, most = 200 } = options;
  if (ends !== undefined && !endsNames.includes(ends))
    throw unknownName("denoise: unknown ends", ends, endsNames);
  for (const [name, K] of Object.entries({ cutoff: cutoff ?? 0, most }))
    if (!(Number.isInteger(K) && K >= 0))
      throw new UsageError(`denoise: ${name} = ${K} is no whole number`);
  const tried = endsNames.map((one) => fitsOf(series, one, { cutoff, most }));
  const asked = tried.filter(({ basis }) => ends === undefined || basis.ends === ends);
  const possible = asked.filter(({ limit }) => limit.cutoff >= Math.max(1, cutoff ?? 1));
  // All are refused for reasons of their own; those of the first are as good as any.
  if (possible.length === 0) requireSome(asked[0], cutoff);
  // Whatever the ends: each estimate is too high by what its functions cannot represent.
  const noise2 = Math.min(
    ...tried.filter(({ limit }) => limit.cutoff >= 1).map(({ noise2 }) => noise2),
  );
  const N = series.x.length;
  const candidates = possible.flatMap(({ basis, rss, loo }) =>
    rss.map((residual, K): Candidate => {
      const functions = basis.size(K);
      const squaredBias = Math.max(0, residual / N - noise2 * (1 - functions / N));
      return {
        ends: basis.ends,
        cutoff: K,
        functions,
        residual: residual / N,
        risk: squaredBias + (noise2 * functions) / N,
        leaveOneOut: loo[K] / N,
      };
    }),
  );
  const eligible = candidates.filter((one) => cutoff === undefined || one.cutoff === cutoff);
  const best = eligible.reduce((a, b) => (b.risk < a.risk ? b : a));
  const chosen = possible.find(({ basis }) => basis.ends === best.ends)!;
  const variance = (noise2 * best.functions) / N;
  return {
    ...best,
    ...reconstructed(chosen, best.functions, Math.sqrt(noise2)),
    noise: Math.sqrt(noise2),
    variance,
    squaredBias: Math.max(0, best.risk - variance),
    candidates,
    limit: chosen.limit,
    cycles: chosen.basis.cycles(best.cutoff),
  };
}

/** All fits of one basis, by K. */
interface Fits {
  readonly basis: Basis;
  readonly limit: Denoised["limit"];
  readonly Q: Matrix;
  readonly R: Matrix;
  readonly coordinates: Float64Array; // Qᵀy
  readonly rss: readonly number[];
  readonly loo: readonly number[]; // Σ (rᵢ/(1 − hᵢ))²
  readonly noise2: number;
}

function fitsOf(
  { x, y }: Series,
  ends: Ends,
  { cutoff = 0, most }: { readonly cutoff?: number; readonly most: number },
): Fits {
  const basis = basisOf(ends, x);
  const N = x.length;
  let enough = 0;
  while (basis.size(enough + 1) <= N / 2) enough++;
  const cap = Math.max(most, cutoff);
  const highest = Math.min(basis.limit, enough, cap);
  const by = highest === cap ? "most" : highest === basis.limit ? "gap" : "samples";
  const p = basis.size(Math.max(0, highest));
  const { Q, R } = qr(
    matrixOf(
      N,
      p,
      Float64Array.from({ length: N * p }, (_, i) => basis.at(x[Math.floor(i / p)], i % p)),
    ),
  );
  const coordinates = new Float64Array(p);
  const residual = y.slice();
  const leverage = new Float64Array(N);
  const [rss, loo]: [number[], number[]] = [[], []];
  for (let j = 0; j < p; j++) {
    for (let i = 0; i < N; i++) coordinates[j] += Q.data[i * p + j] * residual[i];
    for (let i = 0; i < N; i++) {
      residual[i] -= Q.data[i * p + j] * coordinates[j];
      leverage[i] += Q.data[i * p + j] ** 2;
    }
    if (basis.size(rss.length) !== j + 1) continue;
    rss.push(residual.reduce((sum, r) => sum + r * r, 0));
    loo.push(residual.reduce((sum, r, i) => sum + (r / (1 - leverage[i])) ** 2, 0));
  }
  const noise2 = rss[rss.length - 1] / (N - p);
  return { basis, limit: { cutoff: highest, by }, Q, R, coordinates, rss, loo, noise2 };
}

function requireSome({ basis, limit }: Fits, cutoff = 1): never {
  requireLimit(basis, Math.max(1, cutoff));
  throw new DataError(
    `K = ${cutoff} has ${basis.size(cutoff)} functions, more than half as many as there are samples`,
    { hint: `K = ${limit.cutoff} is the largest that leaves something to tell the noise by` },
  );
}

function reconstructed(
  { basis, Q, R, coordinates }: Fits,
  p: number,
  noise: number,
): Pick<Denoised, "fitted" | "standardErrors" | "at"> {
  const N = Q.rows;
  const fitted = new Float64Array(N);
  const standardErrors = new Float64Array(N);
  for (let i = 0; i < N; i++) {
    let leverage = 0;
    for (let j = 0; j < p; j++) {
      fitted[i] += Q.data[i * Q.cols + j] * coordinates[j];
      leverage += Q.data[i * Q.cols + j] ** 2;
    }
    standardErrors[i] = noise * Math.sqrt(leverage);
  }
  const leading = new Float64Array(p * p);
  for (let i = 0; i < p; i++) leading.set(R.data.subarray(i * R.cols, i * R.cols + p), i * p);
  const right = { rows: p, cols: 1, data: coordinates.slice(0, p) };
  const { data: coefficients } = solveUpper({ rows: p, cols: p, data: leading }, right);
  return {
    fitted,
    standardErrors,
    at: (x) => coefficients.reduce((sum, c, j) => sum + c * basis.at(x, j), 0),
  };
}
