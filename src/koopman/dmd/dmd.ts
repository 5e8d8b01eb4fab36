import { refuseUnknown } from "../../errors/suggest.ts";
import { DataError, ShapeError, UsageError } from "../../errors.ts";
import { below, beside, columnNorms, columns, pickColumns } from "../../linalg/blocks.ts";
import {
  frobeniusNorm,
  identity,
  type Matrix,
  requireFinite,
  subtract,
} from "../../linalg/matrix.ts";
import { innerProduct, product, provider } from "../../linalg/provider.ts";
import { triangleOf } from "../../linalg/qr.ts";
import { tallQr } from "../../linalg/tall-qr.ts";
import { solveUpper } from "../../linalg/triangular.ts";
import type { Route } from "./amplitudes.ts";
import { fewestNarrow, narrowBasis, normsOf } from "./narrow.ts";
import { requireOneOf } from "./options.ts";
import { pairsWithin, type Ritz, ritz, type Scaling } from "./ritz.ts";
import { type Spectrum, spectrumOf } from "./spectrum.ts";
import { numericalRank, type Truncation } from "./truncation.ts";
import { equal, type Weighting } from "./weighting.ts";

export interface DmdOptions {
  /** How many singular values are kept. */
  readonly truncation: Truncation;
  /** Columns of X brought to length 1 ("unit"), or as given ("none"). On data that are not exactly
   * linear the two give different eigenvalues. */
  readonly scaling: Scaling;
  /** "qr": snapshots taller than wide are first reduced to a triangle, which changes nothing but the
   * time; "none": never. */
  readonly compression: "qr" | "none";
  /** Weights of the snapshots in the fit of the amplitudes. */
  readonly weighting: Weighting;
  /** How that fit is solved. */
  readonly route: Route;
  /** Time from one snapshot to the next. */
  readonly dt: number;
}

export const dmdDefaults: DmdOptions = {
  truncation: numericalRank(),
  scaling: "unit",
  compression: "qr",
  weighting: equal,
  route: "auto",
  dt: 1,
};

/**
 * Dynamic mode decomposition of one trajectory, DMD_RRR: eigenvalues and modes of the linear map that
 * best takes each snapshot to the next, every one with its residual, and refined vectors; see `ritz`.
 *
 * @param snapshots  f_1 … f_M as columns [n × M]
 * @throws DataError  for fewer than 2 snapshots, a NaN or infinite entry, or nothing but zeros
 * @throws UsageError  for an unknown option
 */
export function dmd(snapshots: Matrix, options: Partial<DmdOptions> = {}): Spectrum {
  const chosen = dmdOptions("dmd", options);
  const { rows: n, cols: M } = snapshots;
  const reducible = chosen.compression === "qr" && n > M;
  const few = reducible ? pairsOfFew(snapshots, chosen) : null;
  if (few !== null) {
    const { pairs, basis, norms } = few;
    const fit = fitOf(snapshots, basis, chosen, norms);
    return spectrumOf(pairs, { ...fit, observe: basis, warnings: [] });
  }
  requireSnapshots(snapshots);
  if (!reducible) return dmdOfTrajectory(snapshots, chosen, n);
  const { Q, R } = tallQr(snapshots);
  return dmdOfTrajectory(R, chosen, n, (A) => product(Q, A));
}

/** Ritz pairs of a trajectory in an orthonormal basis of few directions. */
interface Few {
  readonly pairs: Omit<Ritz, "basis" | "image">;
  readonly basis: Matrix; // U [n × k]
  readonly norms: Float64Array; // ‖f_i‖ [M]
}

/** A basis from a Gram matrix that is further from orthonormal than this is made anew by QR. */
const nearlyOrthonormal = 0.5;

/**
 * Ritz pairs of few directions, where the rule keeps few, all well above what a Gram matrix can tell: its
 * eigenvectors span U₀ = F W, nearly orthonormal, so that one Cholesky factor UᵀU = I makes it so to
 * rounding. The image of U is B = F W' T⁻¹, whatever U₀ is, and what of B lies outside U, B − U UᵀB, gives
 * the triangle [I UᵀB; 0 R]: values and residuals are as exact as by QR of all snapshots. Null where that
 * does not hold, as for snapshots that are not all finite. `rows` is the height that the rule is told.
 */
export function pairsOfFew(
  F: Matrix,
  options: Pick<DmdOptions, "truncation" | "scaling">,
  rows = F.rows,
): Few | null {
  if (F.cols < fewestNarrow) return null;
  const gram = provider().gram(F, "columns");
  const narrow = narrowBasis(gram, options, rows);
  if (narrow === null || F.rows < 2 * narrow.before.cols) return null;
  const { before, after, singularValues } = narrow;
  const k = before.cols;
  const start = product(F, before);
  const near = provider().gram(start, "columns");
  const factor = provider().upperCholesky(near);
  const axes = identity(k);
  if (factor === null || frobeniusNorm(subtract(near, axes)) > nearlyOrthonormal) return null;
  const T = solveUpper(factor, axes); // the inverse
  const basis = product(start, T);
  const image = product(product(F, after), T);
  const inside = innerProduct(basis, image);
  const outside = triangleOf(subtract(image, product(basis, inside)));
  const own = below([axes, { rows: k, cols: k, data: new Float64Array(k * k) }]);
  const pairs = pairsWithin({ own, mapped: below([inside, outside]) });
  return { pairs: { singularValues, ...pairs }, basis, norms: normsOf(gram) };
}

/** What amplitudes are fitted to: the snapshots in an orthonormal basis, and what of them it misses. */
export function fitOf(
  F: Matrix,
  basis: Matrix,
  { dt, weighting, route }: Pick<DmdOptions, "dt" | "weighting" | "route">,
  norms = columnNorms(F),
) {
  const coordinates = innerProduct(basis, F);
  return {
    coordinates,
    norms,
    outside: outsideOf(F, basis, coordinates, norms),
    snapshots: F.cols,
    dt,
    weighting,
    route,
  };
}

/** ‖f − U Uᵀ f‖ of each column: by Pythagoras where enough is left for the difference to be exact. */
function outsideOf(F: Matrix, basis: Matrix, coordinates: Matrix, norms: Float64Array) {
  const shares = columnNorms(coordinates).map((inside, j) => 1 - (inside / norms[j]) ** 2);
  if (shares.every((share) => share > 1e-10)) return norms.map((x, j) => x * Math.sqrt(shares[j]));
  return columnNorms(subtract(F, product(basis, coordinates)));
}

/**
 * `dmd` of snapshots that were compressed: `rows` is their height before, which the truncation rule and
 * the warning of trivial residuals go by; `lift` leads back to the state.
 */
export function dmdOfTrajectory(
  F: Matrix,
  options: DmdOptions,
  rows: number,
  lift: (A: Matrix) => Matrix = (A) => A,
): Spectrum {
  const M = F.cols;
  const { pairs, warnings } = pairsOf(columns(F, 0, M - 1), columns(F, 1, M), options, rows);
  return spectrumOfTrajectory(pairs, F, options, warnings, lift);
}

/** The spectrum of pairs whose basis is in the space of the snapshots F [n × M], with amplitudes. */
export function spectrumOfTrajectory(
  pairs: Ritz,
  F: Matrix,
  options: Pick<DmdOptions, "dt" | "weighting" | "route">,
  warnings: readonly string[],
  lift: (A: Matrix) => Matrix = (A) => A,
): Spectrum {
  return spectrumOf(pairs, {
    ...fitOf(F, pairs.basis, options),
    observe: lift(pairs.basis),
    warnings,
  });
}

/** Eigenvalues and modes without amplitudes: pairs need not belong to one trajectory. */
export interface PairSpectrum extends Omit<Ritz, "image"> {
  readonly warnings: readonly string[];
}

/**
 * The same of pairs y_i = F(x_i), which may come from several trajectories. Modes are `basis` times
 * the vectors.
 *
 * @param X  [n × m]
 * @param Y  [n × m]
 * @throws ShapeError  when X and Y differ in shape
 * @throws DataError, UsageError  as `dmd`
 */
export function dmdOfPairs(
  X: Matrix,
  Y: Matrix,
  options: Partial<Omit<DmdOptions, "weighting" | "route" | "dt">> = {},
): PairSpectrum {
  const chosen = dmdOptions("dmdOfPairs", options);
  if (X.rows !== Y.rows || X.cols !== Y.cols)
    throw new ShapeError(`X is ${X.rows} × ${X.cols}, Y is ${Y.rows} × ${Y.cols}`);
  for (const A of [X, Y]) requireFinite(A);
  const { rows: n, cols: m } = X;
  if (chosen.compression === "none" || n <= 2 * m) {
    const { pairs, warnings } = pairsOf(X, Y, chosen, n);
    return { ...pairs, warnings };
  }
  const { Q, R } = tallQr(beside([X, Y]));
  const { pairs, warnings } = pairsOf(columns(R, 0, m), columns(R, m, 2 * m), chosen, n);
  return { ...pairs, basis: product(Q, pairs.basis), warnings };
}

/** Ritz pairs, and what is to be said of the data. `rows` is the height before compression. */
export function pairsOf(
  X: Matrix,
  Y: Matrix,
  { truncation, scaling }: Pick<DmdOptions, "truncation" | "scaling">,
  rows: number,
): { pairs: Ritz; warnings: string[] } {
  const warnings: string[] = [];
  const [before, after] = [columnNorms(X), columnNorms(Y)];
  const kept = Array.from(before, (_, i) => i).filter((i) => before[i] > 0 || after[i] === 0);
  const dropped = before.length - kept.length;
  if (dropped > 0)
    warnings.push(
      `${dropped} of ${before.length} pairs dropped: a snapshot of zeros with a successor that is not ` +
        "zero contradicts a linear map",
    );
  if (kept.length === 0) throw new DataError("the snapshots are all zero");
  const pick = (A: Matrix) => (dropped > 0 ? pickColumns(A, kept) : A);
  const pairs = ritz(pick(X), pick(Y), truncation, scaling, rows);
  if (pairs.operator.rows === rows)
    warnings.push(
      `the rank kept, ${rows}, is the dimension of the state: residuals vanish for whatever data and ` +
        "say nothing; take more rows (delays) or a lower rank",
    );
  return { pairs, warnings };
}

/** @throws UsageError  for an unknown option or choice, or a dt that is not positive */
export function dmdOptions(where: string, options: Partial<DmdOptions>): DmdOptions {
  refuseUnknown(where, options, Object.keys(dmdDefaults));
  const chosen = { ...dmdDefaults, ...options };
  requireOneOf(`${where}: scaling`, chosen.scaling, ["unit", "none"]);
  requireOneOf(`${where}: compression`, chosen.compression, ["qr", "none"]);
  requireOneOf(`${where}: route`, chosen.route, ["auto", "normal", "orthogonal"]);
  if (!(chosen.dt > 0 && chosen.dt < Infinity))
    throw new UsageError(`${where}: dt ${chosen.dt}`, "a time step is positive");
  return chosen;
}

/** @throws DataError  for fewer than 2 snapshots, or naming an entry that is not finite */
export function requireSnapshots({ cols, data }: Matrix): void {
  if (cols < 2) throw new DataError(`at least 2 snapshots are needed, not ${cols}`);
  let bad = 0;
  while (bad < data.length && Number.isFinite(data[bad])) bad++;
  if (bad < data.length)
    throw new DataError(
      `state ${Math.floor(bad / cols)} of snapshot ${bad % cols} is ${data[bad]}`,
    );
}
