import { UsageError } from "../errors.ts";
import { add, mul } from "../graph/ops/elementwise.ts";
import type { Method } from "./iterate.ts";

/**
 * Damped fixed-point iteration z ← τ f(z) + (1 − τ) z. Converges near z* when the spectral radius of
 * τJ + (1 − τ)I is below 1; τ = 1 is plain (Picard) iteration.
 */
export function picard(damping = 1): Method {
  if (!(damping > 0 && damping <= 1))
    throw new UsageError(`picard: damping ${damping} is not in (0, 1]`);
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
