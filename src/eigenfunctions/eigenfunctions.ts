import { refuseUnknown } from "../errors/suggest.ts";
import { UsageError } from "../errors.ts";
import { type Matrix, matrixOf } from "../linalg/matrix.ts";
import { singularValues } from "../linalg/svd.ts";
import { reachOf } from "./bounds.ts";
import { centreOf, type RecurrentNetwork } from "./network.ts";
import { awayFromInput, nearNull, roundingShare } from "./null-space.ts";
import { dot, transposedTimes } from "./vectors.ts";

/**
 * φ(x) = uᵀx − offset, a Koopman eigenfunction of a network: φ(x(t)) = e^{λt} φ(x(0)), or
 * φ(x_k) = λᵏ φ(x_0) of one in steps; with an input s, φ̇ = λφ + (uᵀB) s.
 */
export interface Eigenfunction {
  readonly u: Float64Array; // [N], unit length
  readonly offset: number; // uᵀ of where the network rests without recurrent weights
  /** −μ in continuous time, the multiplier 1 − a in steps. */
  readonly eigenvalue: number;
  /** Wᵀu = σ v: 0 of an exact eigenfunction, to rounding. */
  readonly singularValue: number;
  readonly exact: boolean;
  /** M = sup |vᵀσ(x)|; null where the activation has no bound. */
  readonly reach: number | null;
  /**
   * How far φ(x(t)) can come from its law: |φ(x(t)) − e^{λt} φ(x(0))| ≤ bound · (1 − e^{λt}), the
   * bound being σM/μ, and σM in steps; null where M is.
   */
  readonly bound: number | null;
  /** uᵀB [m]; null without an input. */
  readonly drive: Float64Array | null;
  /** Whether the input leaves it alone. */
  readonly autonomous: boolean;
}

export interface Eigenfunctions {
  readonly list: readonly Eigenfunction[]; // exact ones first, then by singular value
  /** Of W, largest first. */
  readonly singularValues: Float64Array; // [N]
  /** Singular values above the tolerance. */
  readonly rank: number;
  /** Singular values up to this share of the largest counted as 0. */
  readonly tolerance: number;
  /** The closest there is where no singular value is within the tolerance. */
  readonly nearest: Eigenfunction | null;
}

export interface EigenfunctionOptions {
  /**
   * Singular values up to this share of ‖W‖₂ count; N · 2⁻⁵² unless given, which is what rounding
   * hides. Above that a direction gives an approximate eigenfunction, with its bound.
   */
  readonly tolerance?: number;
}

/**
 * The Koopman eigenfunctions that a network in pre-activation form has in closed form, for every
 * activation: one for each direction u with Wᵀu = 0 and Du = μu, so of equal decay N − rank W of
 * eigenvalue −μ. Proof: φ̇ = uᵀ(−Dx + Wσ(x) + θ) = −μ(uᵀx − uᵀD⁻¹θ). Units of equal decay (to the last
 * bit) form groups, and u lives on one group: the left null space of those rows of W. With an input,
 * those that it leaves alone come from the left null space of [W B].
 *
 * Claveau, Thibeault, Allard & Desrosiers, "Analytical Koopman approach to recurrent neural networks".
 *
 * @throws UsageError  for a network in the form of cells, which has none in h (see `reduce`)
 */
export function eigenfunctionsOf(
  network: RecurrentNetwork,
  options: EigenfunctionOptions = {},
): Eigenfunctions {
  refuseUnknown("eigenfunctionsOf", options, ["tolerance"]);
  const { W, form } = network;
  if (form === "cell")
    throw new UsageError(
      "a cell h′ = σ(Wh + b) has no eigenfunction uᵀh from the left null space of W",
      "its exact reduction is that of `reduce`; in v = Wh + b, uᵀ(v − b) is 0 throughout",
    );
  const tolerance = toleranceOf(options.tolerance, W.rows);
  const values = singularValues(W);
  const [largest] = values;
  const limit = tolerance * largest;
  const exact = roundingShare(W.rows) * largest;
  const list = groupsOf(network)
    .flatMap((group) => ofGroup(network, group, limit, exact))
    .sort((a, b) => +b.exact - +a.exact || +b.autonomous - +a.autonomous);
  return {
    list,
    singularValues: values,
    rank: values.reduce((count, sigma) => count + +(sigma > limit), 0),
    tolerance,
    nearest: list.length > 0 ? null : nearestOf(network),
  };
}

export function toleranceOf(given: number | undefined, N: number): number {
  const tolerance = given ?? roundingShare(N);
  if (tolerance >= 0 && tolerance < 1) return tolerance;
  throw new UsageError(`tolerance ${tolerance}`, "wanted: a share of ‖W‖₂, 0 or more and below 1");
}

/** The units of one rate of decay. */
interface Group {
  readonly units: readonly number[];
  readonly rate: number;
}

function groupsOf({ W, time }: RecurrentNetwork): Group[] {
  const all = Array.from({ length: W.rows }, (_, i) => i);
  if (time.kind === "discrete") return [{ units: all, rate: 1 }];
  const rates = [...new Set(time.decay)].sort((a, b) => a - b);
  return rates.map((rate) => ({ units: all.filter((i) => time.decay[i] === rate), rate }));
}

const rowsOf = ({ cols, data }: Matrix, units: readonly number[]): Matrix => {
  const out = new Float64Array(units.length * cols);
  units.forEach((unit, k) => {
    out.set(data.subarray(unit * cols, (unit + 1) * cols), k * cols);
  });
  return matrixOf(units.length, cols, out);
};

function ofGroup(
  network: RecurrentNetwork,
  { units, rate }: Group,
  limit: number,
  exactLimit: number,
): Eigenfunction[] {
  const { W, B } = network;
  const { directions } = nearNull(rowsOf(W, units), limit);
  const isExact = ({ sigma }: { sigma: number }) => sigma <= exactLimit;
  const approximate = directions.filter((one) => !isExact(one));
  const whole = (u: Float64Array) => {
    const out = new Float64Array(W.rows);
    units.forEach((unit, k) => {
      out[unit] = u[k];
    });
    return out;
  };
  // Exact ones are turned among themselves, and so are the approximate ones: each keeps its kind.
  const functionsOf = (vectors: readonly Float64Array[], kind: boolean) => {
    const turned =
      B === null || vectors.length === 0
        ? { vectors, free: vectors.length }
        : awayFromInput(vectors, B, roundingShare(W.rows));
    return turned.vectors.map((u, k) => functionOf(network, u, rate, kind, k < turned.free));
  };
  return [
    ...functionsOf(
      directions.filter(isExact).map(({ u }) => whole(u)),
      true,
    ),
    ...functionsOf(
      approximate.reverse().map(({ u }) => whole(u)),
      false,
    ),
  ];
}

/** The eigenfunction of a direction; σ and v are computed from it anew. */
function functionOf(
  network: RecurrentNetwork,
  u: Float64Array,
  rate: number,
  exact: boolean,
  autonomous: boolean,
): Eigenfunction {
  const { W, B, time, activation } = network;
  const back = transposedTimes(W, u); // σ v
  const singularValue = Math.sqrt(dot(back, back));
  // σM = sup |(Wᵀu)ᵀσ(x)|, whatever v is.
  const pull = reachOf(back, activation);
  const drive = B === null ? null : transposedTimes(B, u);
  return {
    u,
    offset: dot(u, centreOf(network)),
    eigenvalue: time.kind === "discrete" ? 1 - time.leak : -rate,
    singularValue,
    exact,
    reach: pull === null || singularValue === 0 ? null : pull / singularValue,
    bound: pull === null ? null : pull / (time.kind === "discrete" ? 1 : rate),
    drive,
    autonomous,
  };
}

/** Of the group whose least singular value is the least. */
function nearestOf(network: RecurrentNetwork): Eigenfunction {
  const found = groupsOf(network).map((group) => {
    const least = nearNull(rowsOf(network.W, group.units), Infinity).directions.at(-1)!;
    const u = new Float64Array(network.W.rows);
    group.units.forEach((unit, k) => {
      u[unit] = least.u[k];
    });
    return functionOf(network, u, group.rate, false, network.B === null);
  });
  return found.reduce((best, one) => (one.singularValue < best.singularValue ? one : best));
}

/** φ(x) = uᵀx − offset. */
export const phiOf = ({ u, offset }: Eigenfunction, x: ArrayLike<number>): number =>
  dot(u, x) - offset;
