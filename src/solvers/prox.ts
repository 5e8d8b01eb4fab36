import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import {
  add,
  div,
  maximum,
  mul,
  type Operand,
  relu,
  sigmoid,
  softplus,
  square,
  sub,
  tanh,
} from "../graph/ops/elementwise.ts";
import { customVjp } from "../graph/value.ts";

/**
 * An activation that is the proximal operator of a convex function: prox_g^α(v), elementwise, which
 * for α = 1 is the activation itself. For α ≠ 1 it is another function unless σ is scale invariant.
 * α is a number, or a value that broadcasts to v, which the derivative holds.
 */
export interface Prox {
  (v: Value, alpha: Operand): Value;
  readonly kind: ProxKind;
}

export const proxKinds = ["relu", "leaky-relu", "tanh", "sigmoid", "softplus"] as const;
export type ProxKind = (typeof proxKinds)[number];

/** The activation and its exact prox. `slope` is the leaky ReLU's, in (0, 1]. */
export function proxOf(kind: ProxKind, { slope = 0.01 } = {}): Prox {
  switch (kind) {
    case "relu":
      return named(kind, (v) => relu(v)); // max(0, v) for every α
    case "leaky-relu":
      if (!(slope > 0 && slope <= 1))
        throw new UsageError(`leaky-relu: slope ${slope} is not in (0, 1]`);
      // v < 0: z = v / (1 + α(1/a − 1)), a leaky ReLU of another slope. Not by LeakyRelu, whose
      // attribute has single precision.
      return named(kind, (v, alpha) =>
        typeof alpha === "number"
          ? maximum(v, mul(v, 1 / (1 + alpha * (1 / slope - 1))))
          : maximum(v, div(v, add(mul(alpha, 1 / slope - 1), 1))),
      );
    case "tanh":
      return named(
        kind,
        smooth(tanh, (_, z) => sub(1, square(z))),
      );
    case "sigmoid":
      return named(
        kind,
        smooth(sigmoid, (_, z) => sub(z, square(z))),
      );
    case "softplus":
      return named(
        kind,
        smooth(softplus, (t) => sigmoid(t)),
      );
    default:
      throw new UsageError(`unknown activation "${kind}"`, `known: ${proxKinds.join(", ")}`);
  }
}

const named = (kind: ProxKind, prox: (v: Value, alpha: Operand) => Value): Prox =>
  Object.assign(prox, { kind });

/**
 * prox_g^α(v) = σ(t) where (1 − α)σ(t) + αt = v. The left side increases for every α > 0, since
 * 0 ≤ σ′ ≤ 1; Newton's method from t = v converges without safeguards. Its number of steps is fixed,
 * so the operator stays one expression; the derivative is implicit: ∂t/∂v = 1/((1 − α)σ′(t) + α).
 */
const smooth =
  (sigma: (t: Value) => Value, slope: (t: Value, z: Value) => Value) =>
  (v: Value, alpha: Operand): Value => {
    if (alpha === 1) return sigma(v);
    const rate = (t: Value, z: Value, a: Operand) => add(mul(slope(t, z), complement(a)), a);
    let t = v;
    for (let k = 0; k < newtonSteps(alpha); k++) {
      const z = sigma(t);
      const excess = sub(add(mul(z, complement(alpha)), mul(t, alpha)), v);
      t = sub(t, div(excess, rate(t, z, alpha)));
    }
    const given = typeof alpha === "number" ? [v] : [v, alpha];
    const [solved] = customVjp([t], given, ([, , a], [root], [bar]) => [
      null,
      div(bar!, rate(root, sigma(root), a ?? alpha)),
      ...given.slice(1).map(() => null),
    ]);
    return sigma(solved);
  };

/** Steps to 1e-12 for |v| ≤ 50: 9 at α = 0.01, 6 from 0.1 to 10 (measured). */
const newtonSteps = (alpha: Operand) =>
  typeof alpha === "number" && alpha >= 0.1 && alpha <= 10 ? 8 : 14;

/** 1 − α */
export const complement = (alpha: Operand): Operand =>
  typeof alpha === "number" ? 1 - alpha : sub(1, alpha);
