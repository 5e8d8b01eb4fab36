import type { Value } from "../graph/node.ts";
import { abs, add, and, div, equal, greater, mul, sub, where } from "../graph/ops/elementwise.ts";
import { matmul } from "../graph/ops/linear.ts";
import { concat, pad, slice, zerosLike } from "../graph/ops/movement.ts";
import { constant } from "../graph/value.ts";
import { fromRow, perSample, products, toRow } from "./history.ts";
import type { Method } from "./iterate.ts";
import { methodOptions, type Ranges } from "./options.ts";

export interface BroydenOptions {
  /** Steps kept, w; after w steps a sample starts anew with H = −I. */
  readonly window: number;
  /** δ: a sample starts anew, too, where the update would divide by less than this. */
  readonly smallest: number;
}

export const broydenDefaults: BroydenOptions = { window: 30, smallest: 0.1 };

const ranges: Ranges<BroydenOptions> = {
  window: { whole: true, from: 2 },
  smallest: { above: 0, to: 0.5 },
};

/**
 * Broyden's good method for g(z) = f(z) − z = 0, per sample: z ← z + s, s = −H g(z), where H, an
 * inverse Jacobian, starts at −I and after each step is changed least so that H Δg = Δz:
 *
 *   H ← H + (Δz − H Δg)(Δzᵀ H) / (Δzᵀ H Δg)
 *
 * Since every step is the full one, s₊ = p / (1 − σ) with p = −H g(z + s) and σ = sᵀp/‖s‖², and
 * H₊ = (I + s₊ sᵀ/‖s‖²) H: the steps are all there is to keep, half of the memory of U and V in
 * H = −I + U Vᵀ. A product from which the oldest factor is dropped is no inverse that the later ones
 * were made for; so where the window is full, or |1 − σ| ≤ δ, a sample takes a plain step and starts anew.
 *
 * Kelley (1995), "Iterative Methods for Linear and Nonlinear Equations", section 7.3.
 *
 * @throws UsageError for an unknown option or one out of range
 */
export function broyden(options: Partial<BroydenOptions> = {}): Method {
  const { window, smallest } = methodOptions("broyden", broydenDefaults, ranges, options);
  const kept = window - 1; // the newest step of a window needs no slot
  return {
    start: (z0) => {
      const row = toRow(z0);
      const none = constant(Array<number>(kept).fill(0), row.dtype, [1, 1, kept]);
      const slots = Array<Value>(kept).fill(zerosLike(row));
      return [...z0, row, mul(perSample(0, row), none), concat(slots, 1), ...slots, ...slots];
    },
    step: (f, carry) => {
      const z = carry.slice(0, -3 - 2 * kept);
      const [row, links, R] = carry.slice(z.length);
      const steps = carry.slice(-2 * kept, -kept);
      const fz = f(...z);
      const g = sub(toRow(fz), row);

      // r of the newest step, sᵀH, from those before it.
      const last = steps[kept - 1];
      const S = concat(steps, 1);
      const overlaps = products(last, S);
      const newest = add(last, matmul(mul(overlaps, links), R));
      const rows = [...carry.slice(carry.length + 1 - kept), newest];
      const next = concat(rows, 1);

      const y = products(g, next);
      const at = { start: kept - 1 };
      const square = slice(overlaps, 2, at); // ‖s‖², 0 before the first step
      const divisor = sub(1, div(slice(y, 2, at), square));
      // 0/0 before the first step, and of a sample at its solution: NaN is not greater.
      const room = equal(slice(links, 2, { end: 1 }), 0);
      const usable = and(greater(abs(divisor), smallest), room);
      const weights = where(usable, mul(pad(y, [0, 0, 1, 0, 0, -1]), links), 0);
      const s = div(add(g, matmul(weights, S)), where(usable, divisor, 1));
      const moved = add(row, s);
      const linked = concat([slice(links, 2, { start: 1 }), div(1, square)], 2);
      return {
        carry: [
          ...fromRow(moved, z),
          moved,
          where(usable, linked, 0),
          next,
          ...steps.slice(1),
          s,
          ...rows,
        ],
        z,
        fz,
      };
    },
  };
}
