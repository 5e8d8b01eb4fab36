import { add, mul } from "../graph/ops/elementwise.ts";
import type { Method } from "./iterate.ts";
import { methodOptions, type Ranges } from "./options.ts";

export interface PicardOptions {
  /** τ */
  readonly damping: number;
}
export const picardDefaults: PicardOptions = { damping: 1 };
export const picardRanges: Ranges<PicardOptions> = { damping: { above: 0, to: 1 } };

/**
 * Damped fixed-point iteration z ← τ f(z) + (1 − τ) z. Converges near z* when the spectral radius of
 * τJ + (1 − τ)I is below 1; τ = 1 is plain (Picard) iteration.
 */
export function picard(damping = picardDefaults.damping): Method {
  methodOptions("picard", picardDefaults, picardRanges, { damping });
  return {
    start: (z0) => z0,
    step: (f, z) => {
      const fz = f(...z);
      const carry =
        damping === 1 ? fz : fz.map((value, i) => add(mul(value, damping), mul(z[i], 1 - damping)));
      return { carry, z, fz };
    },
  };
}
