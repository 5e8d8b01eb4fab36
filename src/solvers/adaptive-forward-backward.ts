import type { Value } from "../graph/node.ts";
import { add, div, lessOrEqual, maximum, mul, sub, where } from "../graph/ops/elementwise.ts";
import { gemm } from "../graph/ops/linear.ts";
import { expandTo, filled } from "../graph/ops/movement.ts";
import type { Method } from "./iterate.ts";
import type { Prox } from "./prox.ts";
import { rowSquares } from "./rows.ts";

/**
 * Forward–backward splitting of z = σ(Wz + c) with a step of each sample that grows while its residual
 * falls and halves when it rises:
 *
 *   v = Wz + c,  z ← prox_g^α((1 − α)z + αv)
 *
 * The bound α < 2m/L² is safe but pessimistic: α m/L² takes 3 to 25 times the iterations. After each
 * rise α grows less eagerly, and it never falls below the safe step, so that the iteration ends as the
 * safe one does. Fixed points are the same for every α; tested is σ(v) − z, the residual of the
 * equation itself, in place of that of one α.
 *
 * @param weight  W [n, n]
 * @param c  [N, n]
 * @param alpha  the safe step, below 2m/L², a scalar of W's type
 */
export function adaptiveForwardBackward(weight: Value, c: Value, alpha: Value, prox: Prox): Method {
  const safe = expandTo(alpha, rowSquares(c));
  return {
    start: (z0) => [...z0, safe, filled(Infinity, safe), filled(eagerness, safe)],
    step: (_, [z, before, last, growth]) => {
      const v = gemm(z, weight, c, { transB: true });
      const image = prox(v, 1);
      const residual = rowSquares(sub(image, z));
      const falls = lessOrEqual(residual, last);
      const step = where(falls, mul(before, growth), maximum(div(before, 2), alpha));
      const calmer = add(mul(growth, 0.7), 0.3);
      return {
        carry: [
          prox(add(z, mul(sub(v, z), step)), step),
          step,
          residual,
          where(falls, growth, calmer),
        ],
        z: [z],
        fz: [image],
      };
    },
  };
}

/** By how much α grows at first. Of 1.1, 1.2, 1.5 and 2, halved or cut to 0.7, the fewest iterations. */
const eagerness = 1.2;
