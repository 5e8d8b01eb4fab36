import type { Value } from "../graph/node.ts";
import { broydenDense } from "./broyden-dense.ts";
import { broydenByHistory } from "./broyden-history.ts";
import type { Method } from "./iterate.ts";
import { methodOptions, type Ranges } from "./options.ts";
import { width } from "./rows.ts";

export interface BroydenOptions {
  /** For states more than 40 numbers wide: steps kept, w; after w steps a sample starts anew with H = −I. */
  readonly window: number;
  /** δ: no update is made where it would divide by less than this; a history then starts anew. */
  readonly smallest: number;
}

export const broydenDefaults: BroydenOptions = { window: 20, smallest: 0.01 };

export const broydenRanges: Ranges<BroydenOptions> = {
  window: { whole: true, from: 2 },
  smallest: { above: 0, to: 0.5 },
};

/** Up to this many numbers a sample's H is quicker than its history (measured from 1 × 10 to 128 × 64). */
const widest = 40;

/**
 * Broyden's good method for g(z) = f(z) − z = 0, per sample: z ← z + s, s = −H g(z), where H, an
 * inverse Jacobian, starts at −I and after each step is changed least so that H Δg = Δz:
 *
 *   H ← H + (Δz − H Δg)(Δzᵀ H) / (Δzᵀ H Δg)
 *
 * Every step is the full one, so with p = −H g(z + s) and σ = sᵀp/‖s‖² the next is s₊ = p / (1 − σ) and
 * H₊ = (I + s₊ sᵀ/‖s‖²) H. No update is made where |1 − σ| ≤ δ. Small states keep H, others the last w steps
 * (a longer window takes fewer steps, a shorter one costs less for each: 6 will do where plain
 * iteration nearly converges).
 *
 * Kelley (1995), "Iterative Methods for Linear and Nonlinear Equations", section 7.3.
 *
 * @throws UsageError for an unknown option or one out of range
 */
export function broyden(options: Partial<BroydenOptions> = {}): Method {
  const chosen = methodOptions("broyden", broydenDefaults, broydenRanges, options);
  const [matrix, history] = [broydenDense(chosen), broydenByHistory(chosen)];
  const isSquare = ({ shape: [, rows, columns] }: Value) => rows === columns;
  return {
    start: (z0) => {
      const numbers = z0.reduce((sum, value) => sum + width(value), 0);
      return (numbers <= widest ? matrix : history).start(z0);
    },
    // Only a matrix is carried as a square; a history of rows is [N, 1, D], D > 1.
    step: (f, carry) => (isSquare(carry.at(-1)!) ? matrix : history).step(f, carry),
  };
}
