import type { Value } from "../graph/node.ts";
import {
  add,
  and,
  div,
  equal,
  greater,
  less,
  maximum,
  mul,
  not,
  or,
  sqrt,
  sub,
  where,
} from "../graph/ops/elementwise.ts";
import { matmul } from "../graph/ops/linear.ts";
import { concat, matrixTranspose, slice, unsqueeze, zerosLike } from "../graph/ops/movement.ts";
import { constant } from "../graph/value.ts";
import type { Solve } from "./fixed-point.ts";
import { iterate, type Method } from "./iterate.ts";
import { methodOptions, type Ranges, type SolveOptions, solveOptions } from "./options.ts";
import {
  combine,
  epsilon,
  fromRows,
  onRows,
  rowProducts,
  rowSquares,
  scaleOf,
  toRows,
} from "./rows.ts";

export interface GmresOptions {
  /** Directions kept. */
  readonly window: number;
}

export const gmresDefaults: GmresOptions = { window: 20 };
export const gmresRanges: Ranges<GmresOptions> = { window: { whole: true, from: 1 } };

/**
 * GMRES for affine f(z) = Az + b, started at z₀ = b: (I − A)z = b, one product with A per step, and of
 * each sample the z of least residual over the directions searched. Beyond k steps, over the last k
 * directions: the residual still never grows.
 *
 * In the form with orthonormal images q = (I − A)p: each step lengthens the basis by p = r/‖r‖, or by the
 * last q where r hardly fell (so that it never breaks down), and z += (qᵀr)p, r −= (qᵀr)q; residuals are
 * known at every step. Saad & Schultz (1986), "GMRES"; in this form Jiránek & Rozložník (2010),
 * "Adaptive version of simpler GMRES", Numerical Algorithms 53; truncated as Vinsome's Orthomin(k).
 */
export function gmres(
  options: Partial<GmresOptions> = {},
  solve: Partial<SolveOptions> = {},
): Solve {
  const checked = methodOptions("gmres", gmresDefaults, gmresRanges, options);
  return (f, z0) => iterate(gmresFor(z0, checked), f, z0, solveOptions(solve));
}

/** r has hardly fallen when it kept more than this share. */
const stalled = 0.9;

/** The steps of GMRES for f(z) = Az + b, from anywhere. */
export function gmresFor(state: readonly Value[], { window }: GmresOptions): Method {
  const b = toRows(state);
  const scale = scaleOf(b);
  // A direction adds nothing whose image is, up to rounding, a combination of earlier ones, or none.
  const dependent = 500 * epsilon[b.dtype];
  return {
    // z, its residual r, the next direction p, the bases P and Q [N, k, n], and whether to begin
    start: (z0) => {
      const zero = zerosLike(toRows(z0));
      const slots = constant(Array<number>(window).fill(0), zero.dtype, [1, window, 1]);
      const empty = mul(unsqueeze(zero, [1]), slots);
      return [...z0, zero, zero, empty, empty, constant(0, "int64")];
    },
    step: (f, carry) => {
      const before = carry.slice(0, -5);
      const [r, direction, P, Q, begun] = carry.slice(-5);
      const x = toRows(before);
      const first = equal(begun, 0);
      // The first evaluation gives the residual at the start, each other one a product.
      const image = onRows(f, before)(where(first, x, mul(direction, scale)));

      const raw = sub(direction, div(sub(image, b), scale));
      const shares = matrixTranspose(matmul(Q, unsqueeze(raw, [2])));
      const along = sub(direction, combine(shares, P));
      const across = sub(raw, combine(shares, Q));
      const rest = rowSquares(across);
      const most = maximum(rowSquares(raw), rowSquares(along));
      const independent = and(not(first), greater(rest, mul(most, dependent ** 2)));
      const norm = where(independent, div(1, sqrt(rest)), 0);
      const [p, q] = [mul(along, norm), mul(across, norm)];
      const step = rowProducts(q, r);
      const z = add(x, mul(p, step));
      const residual = where(first, sub(image, x), sub(r, mul(q, step)));

      const [now, then] = [rowSquares(residual), rowSquares(r)];
      const steepest = or(first, less(now, mul(then, stalled ** 2)));
      const next = where(steepest, div(residual, sqrt(maximum(now, tiny))), q);
      const found = fromRows(z, before);
      return {
        carry: [...found, residual, next, shifted(P, p), shifted(Q, q), constant(1, "int64")],
        z: found,
        fz: fromRows(add(z, residual), before),
      };
    },
  };
}

/** A basis [N, k, n] with its oldest row dropped and one added. */
const shifted = (basis: Value, row: Value): Value =>
  concat([slice(basis, 1, { start: 1 }), unsqueeze(row, [1])], 1);

/** Keeps 0/0 away; no norm that matters is smaller. */
const tiny = 1e-37;
