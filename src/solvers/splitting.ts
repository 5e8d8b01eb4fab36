import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { abs, add, mul, type Operand, sub } from "../graph/ops/elementwise.ts";
import { affine, gemm, inverse } from "../graph/ops/linear.ts";
import { constant } from "../graph/value.ts";
import type { StateMap } from "./iterate.ts";
import { complement, type Prox } from "./prox.ts";

/**
 * Operator splittings for z = σ(Wz + c), where I − W ⪰ mI and σ = prox_g¹: each is a map whose
 * fixed point gives z. Winston & Kolter (2020), "Monotone operator equilibrium networks",
 * arXiv:2006.08591.
 */
export interface Splitting {
  /** The map of the iterated state [N, n]; c is [N, n]. */
  readonly map: (c: Value) => StateMap;
  /** z from the state. */
  readonly read: (state: Value) => Value;
}

export const requirePositiveStep = (alpha: Operand) => {
  if (typeof alpha === "number" && !(alpha > 0 && Number.isFinite(alpha)))
    throw new UsageError(`splitting: alpha ${alpha} is not positive`);
};

/**
 * Forward–backward: z ← prox_g^α((1 − α) z + α(Wz + c)). Contracts for 0 < α < 2m/L², L = ‖I − W‖₂.
 *
 * @param weight  W [n, n]
 */
export function forwardBackward(weight: Value, alpha: Operand, prox: Prox): Splitting {
  requirePositiveStep(alpha);
  const step = add(mul(weight, alpha), mul(identityLike(weight), complement(alpha)));
  return {
    map: (c) => {
      const shift = mul(c, alpha);
      return (z) => [prox(affineRows(z, step, shift), alpha)];
    },
    read: (z) => z,
  };
}

/** R = 2(I + α(I − W))⁻¹ − I, the reflected resolvent of I − W [n, n]. */
export function reflectedResolvent(weight: Value, alpha: Operand): Value {
  requirePositiveStep(alpha);
  const unit = identityLike(weight);
  const raised = typeof alpha === "number" ? 1 + alpha : add(alpha, 1);
  return sub(mul(inverse(sub(mul(unit, raised), mul(weight, alpha))), 2), unit);
}

/**
 * Peaceman–Rachford, as the map of its dual variable u ← R(2 prox(u) − u) + α(R + I)c, z = prox(u).
 * Contracts for every α > 0. The inverse in R is computed once for all iterations and samples; its
 * implicit derivative is the paper's backward splitting (Theorem 3, with 1 + αD).
 *
 * @param reflected  R = reflectedResolvent(W, α)
 */
export function peacemanRachford(reflected: Value, alpha: Operand, prox: Prox): Splitting {
  requirePositiveStep(alpha);
  return {
    map: (c) => {
      const shift = mul(add(affine(c, reflected), c), alpha);
      return (u) => [affineRows(reflection(u, alpha, prox), reflected, shift)];
    },
    read: (u) => prox(u, alpha),
  };
}

/**
 * Douglas–Rachford: the average of the identity and the Peaceman–Rachford map, u ← (u + PR(u))/2. Slower
 * where that one contracts, and convergent for m = 0 too, where a solution exists.
 *
 * @param reflected  R = reflectedResolvent(W, α)
 */
export function douglasRachford(reflected: Value, alpha: Operand, prox: Prox): Splitting {
  const { map, read } = peacemanRachford(reflected, alpha, prox);
  return {
    map: (c) => {
      const whole = map(c);
      return (u) => [mul(add(u, whole(u)[0]), 0.5)];
    },
    read,
  };
}

/** 2 prox(u) − u, which for ReLU is |u|. */
export const reflection = (u: Value, alpha: Operand, prox: Prox) =>
  prox.kind === "relu" ? abs(u) : sub(mul(prox(u, alpha), 2), u);

/** x Wᵀ + shift, row by row, in one operator. */
const affineRows = (x: Value, weight: Value, shift: Value) =>
  gemm(x, weight, shift, { transB: true });

/** The identity of the type of a square matrix. */
export function identityLike({ shape, dtype }: Value): Value {
  const n = Number(shape[0]);
  return constant(
    Array.from({ length: n * n }, (_, i) => +(i % (n + 1) === 0)),
    dtype,
    [n, n],
  );
}
