import { UsageError } from "../../errors.ts";

/** Weights ω_i ≥ 0 of the snapshots in a fit, from their lengths ‖f_i‖. */
export type Weighting = (norms: Float64Array) => Float64Array;

/** ω = 1: large snapshots count most. */
export const equal: Weighting = (norms) => norms.map(() => 1);

/**
 * ω_i = 1/‖f_i‖: every snapshot counts alike, however small. Right for what decays over decades. A
 * snapshot of zeros, of which nothing can be learnt relatively, gets the weight of the smallest other.
 */
export const relative: Weighting = (norms) => {
  const least = norms.reduce((min, norm) => (norm > 0 ? Math.min(min, norm) : min), Infinity);
  return norms.map((norm) => 1 / Math.max(norm, least));
};

/** ω_i = γ^(M−i): the past is forgotten. @throws UsageError for γ outside (0, 1] */
export function forgetting(gamma: number): Weighting {
  if (!(gamma > 0 && gamma <= 1)) throw new UsageError(`forgetting(${gamma}): γ is in (0, 1]`);
  return (norms) => norms.map((_, i) => gamma ** (norms.length - 1 - i));
}
