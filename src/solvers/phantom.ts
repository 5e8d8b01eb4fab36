import { add, isfinite, mul, sqrt, sub, where } from "../graph/ops/elementwise.ts";
import { expandTo } from "../graph/ops/movement.ts";
import { reduceSum } from "../graph/ops/reduction.ts";
import { constant } from "../graph/value.ts";
import type { Solve } from "./fixed-point.ts";
import { methodOptions, type Ranges, statusCode } from "./options.ts";
import { fromRows, onRows, rowSquares, toRows } from "./rows.ts";

export interface PhantomOptions {
  /** Steps, each a product with Jᵀ but the first. */
  readonly steps: number;
  readonly damping: number;
}

export const phantomDefaults: PhantomOptions = { steps: 5, damping: 0.7 };
export const phantomRanges: Ranges<PhantomOptions> = {
  steps: { whole: true, from: 1, to: 1000 },
  damping: { above: 0, to: 1 },
};

/**
 * The phantom gradient for the backward solve of g = Jᵀg + a, started at a: k damped steps from zero,
 *
 *   g = τ Σ_{i<k} (τJᵀ + (1 − τ)I)ⁱ a,
 *
 * the derivative of k recorded steps z ← τf(z) + (1 − τ)z from z*. It approximates the gradient and
 * says so: its samples end as `truncated`, never as converged, with the residual that is left.
 *
 * Geng, Zhang, Bai, Wang & Lin (2021), "On training implicit models", arXiv:2111.05177.
 */
export function phantom(options: Partial<PhantomOptions> = {}): Solve {
  const { steps, damping } = methodOptions("phantom", phantomDefaults, phantomRanges, options);
  return (f, z0) => {
    const map = onRows(f, z0);
    const a = toRows(z0);
    let g = damping === 1 ? a : mul(a, damping);
    for (let k = 1; k < steps; k++) {
      const image = map(g);
      g = damping === 1 ? image : add(mul(image, damping), mul(g, 1 - damping));
    }
    const residual = sqrt(reduceSum(rowSquares(sub(map(g), g)), [1]));
    const finite = isfinite(reduceSum(g, [1]));
    const count = (n: number) => expandTo(constant(n, "int64"), residual);
    return {
      z: fromRows(g, z0),
      info: {
        status: where(finite, count(statusCode.truncated), count(statusCode["non-finite"])),
        iterations: count(steps),
        truncated: finite,
        residual, // one product more, computed only if it is asked for
      },
    };
  };
}

/**
 * Jacobian-free backpropagation g = a, the phantom gradient of one step undamped: no product with Jᵀ.
 *
 * Fung, Heaton, Li, McKenzie, Osher & Yin (2022), "JFB: Jacobian-free backpropagation for implicit
 * networks", arXiv:2103.12803.
 */
export const jfb = (): Solve => phantom({ steps: 1, damping: 1 });
