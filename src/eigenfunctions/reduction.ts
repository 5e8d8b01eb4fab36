import { refuseUnknown } from "../errors/suggest.ts";
import { beside, leadingColumns, scaleColumns } from "../linalg/blocks.ts";
import { type Matrix, transpose } from "../linalg/matrix.ts";
import { product } from "../linalg/provider.ts";
import { svd } from "../linalg/svd.ts";
import { truncationBound } from "./bounds.ts";
import type { Field } from "./dynamics.ts";
import { type EigenfunctionOptions, toleranceOf } from "./eigenfunctions.ts";
import { centreOf, commonRate, type RecurrentNetwork } from "./network.ts";
import { roundingShare } from "./null-space.ts";
import { plus, times, transposedTimes } from "./vectors.ts";

/**
 * The network in r coordinates. With σ at v = centre + P y + e^{−μt} w (+ B s inside, of a cell):
 *
 *   ẏ = −μ y + C σ(v) + G s,    or in steps    y′ = (1 − a) y + a (C σ(v) + G s).
 *
 * Of the pre-activation form P is an orthonormal basis of the range of [W B], C = PᵀW, G = PᵀB,
 * y = Pᵀ(x − centre), and w = x(0) − centre − P y(0) is what decays by itself: v = x. Of cells
 * P = U_rΣ_r, C = V_rᵀ, y = V_rᵀh and w = 0: v = W h + b, closed in y; the other coordinates of h
 * are driven by y and forget their start.
 */
export interface Reduction {
  readonly network: RecurrentNetwork;
  readonly rank: number; // r
  readonly P: Matrix; // [N × r]
  readonly C: Matrix; // [r × N]
  readonly G: Matrix | null; // [r × m]
  readonly centre: Float64Array; // [N]
  readonly rate: number; // μ; 1 in steps
  /** Whether nothing but rounding was left out. */
  readonly exact: boolean;
  /** The largest singular value left out. */
  readonly dropped: number;
  /** What that can do to y; 0 of an exact reduction, null where no bound holds for all times. */
  readonly truncation: number | null;
  /** Multiplications for one right-hand side. */
  readonly cost: { readonly full: number; readonly reduced: number };
}

/**
 * The exact reduction to r = rank [W B] coordinates, or to the singular values above the tolerance.
 * Cost O(N r) for a right-hand side in place of N².
 *
 * @returns null where units decay at different rates: then z does not decay by itself
 */
export function reduce(
  network: RecurrentNetwork,
  options: EigenfunctionOptions = {},
): Reduction | null {
  refuseUnknown("reduce", options, ["tolerance"]);
  const { W, B, form, activation, theta } = network;
  const N = W.rows;
  const tolerance = toleranceOf(options.tolerance, N);
  const rate = commonRate(network);
  if (rate === null) return null;
  const isCell = form === "cell";
  const { U, s, V } = svd(isCell || B === null ? W : beside([W, B]));
  const rank = Math.max(
    1,
    s.reduce((count, sigma) => count + +(sigma > tolerance * s[0]), 0),
  );
  const basis = leadingColumns(U, rank);
  const P = isCell ? scaleColumns(basis, s) : basis;
  const C = isCell ? transpose(leadingColumns(V, rank)) : product(transpose(basis), W);
  const dropped = rank < s.length ? s[rank] : 0;
  const exact = dropped <= roundingShare(N) * s[0];
  const m = B?.cols ?? 0;
  return {
    network,
    rank,
    P,
    C,
    G: isCell || B === null ? null : product(transpose(basis), B),
    centre: isCell ? theta : centreOf(network),
    rate,
    exact,
    dropped,
    truncation: exact ? 0 : isCell ? null : truncationBound(s[0], dropped, N, activation, rate),
    cost: { full: N * (N + m), reduced: 2 * N * rank + (isCell ? N : rank) * m },
  };
}

/** Where a state of the whole network starts in the reduced one. */
export interface ReducedStart {
  readonly y: Float64Array; // [r]
  readonly w: Float64Array; // [N], the part of v that decays by itself
}

/** y and w of a state x, or of the state h of a cell: O(N r), without a basis of the null space. */
export function project({ network, P, C, centre }: Reduction, x: Float64Array): ReducedStart {
  if (network.form === "cell") return { y: times(C, x), w: new Float64Array(x.length) };
  const from = plus(x, -1, centre);
  const y = transposedTimes(P, from);
  return { y, w: plus(from, -1, times(P, y)) };
}

/** v = centre + P y + share · w: the state x of a pre-activation form, W h + b of a cell. */
export function lift(
  { P, centre }: Reduction,
  y: Float64Array,
  w: Float64Array,
  share: number,
): Float64Array {
  const v = times(P, y);
  for (let i = 0; i < v.length; i++) v[i] += centre[i] + share * w[i];
  return v;
}

/** ẏ at time t, of a start whose part outside is w. */
export const reducedField =
  (reduction: Reduction, w: Float64Array): Field =>
  (t, y) => {
    const { C, rate, network } = reduction;
    const v = lift(reduction, y, w, Math.exp(-rate * t)).map(network.activation.value);
    return plus(times(C, v), -rate, y);
  };

/** y of the next step, the share (1 − a)ᵏ of w being left. */
export function reducedNext(
  reduction: Reduction,
  w: Float64Array,
  y: Float64Array,
  share: number,
): Float64Array {
  const { C, network } = reduction;
  const leak = network.time.kind === "discrete" ? network.time.leak : 1;
  const pushed = times(C, lift(reduction, y, w, share).map(network.activation.value));
  return pushed.map((push, i) => (1 - leak) * y[i] + leak * push);
}
