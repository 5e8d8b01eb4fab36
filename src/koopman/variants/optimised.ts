import { type RandomStream, randomStream } from "../../data/random.ts";
import { refuseUnknown } from "../../errors/suggest.ts";
import { DataError, UsageError } from "../../errors.ts";
import { columnNorms, columns } from "../../linalg/blocks.ts";
import { type Matrix, subtract, transpose } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";
import { tallQr } from "../../linalg/tall-qr.ts";
import { type DmdOptions, dmdDefaults, dmdOptions, pairsOf, requireSnapshots } from "../dmd/dmd.ts";
import { pairsAt } from "../dmd/ritz.ts";
import { type Spectrum, spectrumOf } from "../dmd/spectrum.ts";
import { rank } from "../dmd/truncation.ts";
import {
  type ExponentialFit,
  type FitOptions,
  fitExponentials,
  ordered,
  type Rates,
  ratesOf,
  valuesOf,
  vectorsOf,
} from "./exponentials.ts";

export interface OptimisedOptions
  extends FitOptions,
    Pick<DmdOptions, "weighting" | "route" | "dt"> {
  /** Repeats the fit on so many random subsets, for error bars; 0: none. */
  readonly bags: number;
  /** Share of the snapshots in a subset. */
  readonly share: number;
  readonly seed: number;
}

export const optimisedDefaults: OptimisedOptions = {
  maxIterations: 60,
  tolerance: 1e-10,
  stable: false,
  bags: 0,
  share: 0.7,
  seed: 0,
  weighting: dmdDefaults.weighting,
  route: dmdDefaults.route,
  dt: dmdDefaults.dt,
};

export interface OptimisedSpectrum extends Spectrum {
  readonly iterations: number;
  readonly converged: boolean;
  /** Over the bags that converged; null without bags. */
  readonly bagging: Bagging | null;
}

export interface Bagging {
  readonly bags: number; // that converged
  readonly growthDeviation: Float64Array; // [r], standard deviation of ln |λ| / dt
  readonly turnDeviation: Float64Array; // [r], of arg λ / dt
}

/**
 * Optimised DMD: exponentials fitted to all snapshots at once, instead of a map from each to the next.
 * Without the bias that noise puts on the others (which pulls |λ| inwards), at the price of an iteration
 * that ends near where it starts: from the eigenvalues of plain DMD of that rank. With `bags` the
 * spread of the fits to random subsets gives error bars.
 *
 * Askham & Kutz (2018), see `fitExponentials`; bagging: Sashidhar & Kutz (2022), "Bagging, optimized
 * dynamic mode decomposition", Phil. Trans. R. Soc. A 380.
 *
 * @param modes  r, how many exponentials; a pair counts two
 * @throws DataError  as `dmd`; also where the data have fewer than r directions
 * @throws UsageError  for an unknown option or one out of range
 */
export function optimisedDmd(
  snapshots: Matrix,
  modes: number,
  options: Partial<OptimisedOptions> = {},
): OptimisedSpectrum {
  refuseUnknown("optimisedDmd", options, Object.keys(optimisedDefaults));
  const chosen = { ...optimisedDefaults, ...options };
  const { weighting, route, dt } = chosen;
  dmdOptions("optimisedDmd", { weighting, route, dt });
  if (!(Number.isInteger(chosen.bags) && chosen.bags >= 0))
    throw new UsageError(`optimisedDmd: bags ${chosen.bags}`, "a whole number");
  if (!(chosen.share > 0 && chosen.share <= 1))
    throw new UsageError(`optimisedDmd: share ${chosen.share}`, "between 0 and 1");
  requireSnapshots(snapshots);
  const { rows: n, cols: M } = snapshots;
  const short = n > M ? tallQr(snapshots) : null;
  const F = short?.R ?? snapshots;
  const plain = pairsOf(
    columns(F, 0, M - 1),
    columns(F, 1, M),
    { truncation: rank(modes), scaling: "none" },
    n,
  );
  const { basis, image, singularValues, values } = plain.pairs;
  if (values.re.length < modes)
    throw new DataError(
      `the snapshots have ${values.re.length} independent directions, not ${modes}`,
      { hint: "ask for fewer modes, or add delays (delayEmbed)" },
    );
  const coordinates = product(transpose(basis), F);
  const H = transpose(coordinates);
  const times = Float64Array.from({ length: M }, (_, i) => i);
  const fit = sorted(fitExponentials(H, times, ratesOf(values), chosen));
  const pairs = pairsAt(basis, image, singularValues, () => ({
    values: valuesOf(fit.rates),
    vectors: vectorsOf(fit.rates, fit.coefficients),
  }));
  const spectrum = spectrumOf(pairs, {
    observe: short === null ? basis : product(short.Q, basis),
    coordinates,
    norms: columnNorms(F),
    outside: columnNorms(subtract(F, product(basis, coordinates))),
    snapshots: M,
    dt,
    weighting,
    route,
    warnings: fit.converged ? [] : [`not converged after ${fit.iterations} iterations`],
  });
  return {
    ...spectrum,
    iterations: fit.iterations,
    converged: fit.converged,
    bagging: chosen.bags === 0 ? null : bagged(H, fit.rates, chosen),
  };
}

function sorted(fit: ExponentialFit): ExponentialFit {
  const order = ordered(fit.rates);
  const pick = (values: Float64Array) => Float64Array.from(order, (j) => values[j]);
  const { cols, data } = fit.coefficients;
  const rows = order.map((j) => data.subarray(j * cols, (j + 1) * cols));
  const all = new Float64Array(data.length);
  rows.forEach((row, i) => {
    all.set(row, i * cols);
  });
  const { growth, turn, sign } = fit.rates;
  return {
    ...fit,
    rates: { growth: pick(growth), turn: pick(turn), sign: pick(sign) },
    coefficients: { ...fit.coefficients, data: all },
  };
}

/** Every bag starts from the fit to all, so that its modes keep their order. */
function bagged(H: Matrix, start: Rates, options: OptimisedOptions): Bagging {
  const stream = randomStream(options.seed, "bagging");
  const p = Math.max(start.growth.length + 1, Math.round(options.share * H.rows));
  const fits = Array.from({ length: options.bags }, () => {
    const times = subset(stream, H.rows, p);
    const data = new Float64Array(times.length * H.cols);
    times.forEach((t, i) => {
      data.set(H.data.subarray(t * H.cols, (t + 1) * H.cols), i * H.cols);
    });
    return fitExponentials({ rows: times.length, cols: H.cols, data }, times, start, options);
  }).filter(({ converged }) => converged);
  const spread = (of: (rates: Rates) => Float64Array) =>
    start.growth.map((_, j) => deviation(fits.map(({ rates }) => of(rates)[j])) / options.dt);
  return {
    bags: fits.length,
    growthDeviation: spread(({ growth }) => growth),
    turnDeviation: spread(({ turn }) => turn),
  };
}

const subset = (stream: RandomStream, n: number, p: number) =>
  Float64Array.from(stream.permutation(n).slice(0, Math.min(n, p))).sort();

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (values.length - 1));
}
