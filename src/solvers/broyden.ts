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
  return {
    start: (z0) => {
      const z = toRow(z0);
      const none = mul(perSample(0, z), constant(Array(window).fill(0), z.dtype, [1, 1, window]));
      const links = slice(none, 2, { start: 1 });
      const rows = concat(Array<Value>(window - 1).fill(none), 1);
      return [...z0, links, rows, ...Array<Value>(window).fill(zerosLike(z))];
    },
    step: (f, carry) => {
      const z = carry.slice(0, -2 - window);
      const [links, T] = carry.slice(-2 - window, -window);
      const steps = carry.slice(-window);
      const fz = f(...z);
      const now = toRow(z);
      const g = sub(toRow(fz), now);

      const S = concat(steps, 1);
      const unit = constant([...Array<number>(window - 1).fill(0), 1], now.dtype);
      const last = steps[window - 1];
      const overlaps = products(last, S);
      const square = slice(overlaps, 2, { start: window - 1 }); // ‖s‖², 0 before the first step
      const row = matmul(mul(slice(overlaps, 2, { start: 1 }), links), T);
      const triangle = concat([T, add(row, unit)], 1);
      // yⱼ = sⱼᵀpⱼ, where pⱼ is g after the factors before the j-th.
      const y = products(products(g, S), triangle);
      const factors = mul(slice(y, 2, { end: window - 1 }), links);
      const p = add(g, matmul(pad(factors, [0, 0, 1, 0, 0, 0]), S));
      const divisor = sub(1, div(slice(y, 2, { start: window - 1 }), square));
      // 0/0 before the first step, and of a sample at its solution: NaN is not greater.
      const room = equal(slice(links, 2, { end: 1 }), 0);
      const usable = and(greater(abs(divisor), smallest), room);
      const s = where(usable, div(p, divisor), g);
      const next = concat([slice(links, 2, { start: 1 }), div(1, square)], 2);
      return {
        carry: [
          ...fromRow(add(now, s), z),
          where(usable, next, 0),
          pad(triangle, [0, -1, -1, 0, 0, 1]),
          ...steps.slice(1),
          s,
        ],
        z,
        fz,
      };
    },
  };
}
