import type { Activation } from "./activation.ts";

/**
 * sup |wᵀσ| over all σ with entries in the range of the activation: for tanh Σ|w_i|, for logistic the
 * larger of Σ w_i⁺ and Σ w_i⁻; null where the range has no end that w meets.
 */
export function reachOf(w: ArrayLike<number>, { range }: Activation): number | null {
  const [low, high] = range;
  const sum = (sign: 1 | -1) =>
    Array.from(w).reduce((total, value) => {
      const signed = sign * value;
      return signed === 0 ? total : total + signed * (signed > 0 ? high : low);
    }, 0);
  const most = Math.max(sum(1), sum(-1));
  return Number.isFinite(most) ? most : null;
}

/** sup ‖σ(x)‖₂ of N units; null where the activation has no bound. */
export function longest(N: number, { range }: Activation): number | null {
  const most = Math.sqrt(N) * Math.max(Math.abs(range[0]), Math.abs(range[1]));
  return Number.isFinite(most) ? most : null;
}

/**
 * How far the network of the leading singular values can come from the whole, started alike on the
 * leading space: sup ‖y − ŷ‖ ≤ σ₁L · σ′M / (1 − σ₁L), with L = sup |σ′|, M = sup ‖σ(x)‖ and σ′ the
 * largest singular value left out, all over the rate of decay. null where σ₁L is not below the
 * rate, so that the error may grow as e^{(σ₁L − μ)t}, or where M is not finite.
 */
export function truncationBound(
  largest: number,
  dropped: number,
  N: number,
  activation: Activation,
  rate = 1,
): number | null {
  const [gain, most] = [(largest * activation.steepest) / rate, longest(N, activation)];
  return gain < 1 && most !== null ? (gain * dropped * most) / rate / (1 - gain) : null;
}

/**
 * The same departure where the activation has no bound, as ReLU, from the states of one trajectory:
 * σ_j sup_s ‖σ(x(s))‖, which bounds |φ(t) − e^{λt}φ(0)|/(1 − e^{λt}) along it alone.
 */
export function reachAlong(
  states: readonly Float64Array[],
  w: ArrayLike<number>,
  { value }: Activation,
): number {
  return states.reduce((most, x) => {
    let pull = 0;
    for (let i = 0; i < x.length; i++) pull += w[i] * value(x[i]);
    return Math.max(most, Math.abs(pull));
  }, 0);
}
