import { identity, sampleJacobian } from "../autodiff/jacobian.ts";
import type { Value } from "../graph/node.ts";
import {
  add,
  div,
  isfinite,
  less,
  lessOrEqual,
  mul,
  or,
  sub,
  where,
} from "../graph/ops/elementwise.ts";
import { inverse, matmul } from "../graph/ops/linear.ts";
import { filled, squeeze, unsqueeze } from "../graph/ops/movement.ts";
import type { Method } from "./iterate.ts";
import { methodOptions, type Ranges } from "./options.ts";
import { fromRows, onRows, rowSquares, sums, toRows } from "./rows.ts";

export interface NewtonOptions {
  /** A step may let the residual grow by this factor; one that exceeds it is tried again, a quarter as long. */
  readonly growth: number;
}

export const newtonDefaults: NewtonOptions = { growth: 100 };
export const newtonRanges: Ranges<NewtonOptions> = { growth: { from: 1 } };

/**
 * Newton's method z ← z + (I − J)⁻¹ (f(z) − z), J = ∂f/∂z of each sample in full: n vector–Jacobian
 * products and an inverse [n, n] per sample and step, for small n. Semismooth for ReLU.
 */
export const newton = (options: Partial<NewtonOptions> = {}): Method =>
  guarded(methodOptions("newton", newtonDefaults, newtonRanges, options), (image, z, excess) =>
    solveRows(sub(identity(Number(z.shape[1]), z), sampleJacobian(image, z)), excess),
  );

/** A⁻¹ b of each sample, [N, n]; b itself where A is singular. */
const solveRows = (A: Value, b: Value): Value => {
  const x = squeeze(matmul(inverse(A), unsqueeze(b, [2])), [2]);
  return where(isfinite(sums(x)), x, b);
};

/** The step (I − J)⁻¹ (f(z) − z) or near it, from f(z), z and f(z) − z, all [N, n]. */
type Direction = (image: Value, z: Value, excess: Value) => Value;

/** Below this length the direction leads nowhere, and a plain step z ← f(z) is taken. */
const shortest = 1 / 100;

/**
 * Newton's method with a light safeguard. Each step goes from a base along its direction; where the
 * residual grows too much the base stays and the next step is shorter. What is tested is the point
 * gone to, so that the count of iterations is that of the steps.
 */
export function guarded({ growth }: NewtonOptions, direction: Direction): Method {
  return {
    start: (z0) => [...z0, filled(1, rowSquares(toRows(z0)))],
    step: (f, carry) => {
      const [base, length] = [carry.slice(0, -1), carry[carry.length - 1]];
      const map = onRows(f, base);
      const from = toRows(base);
      const image = map(from);
      const excess = sub(image, from);
      const plain = less(length, shortest);
      const to = where(plain, image, add(from, mul(direction(image, from, excess), length)));
      const there = map(to);
      const limit = mul(rowSquares(excess), growth ** 2);
      // NaN is not less either.
      const fair = or(plain, lessOrEqual(rowSquares(sub(there, to)), limit));
      return {
        carry: [
          ...fromRows(where(fair, to, from), base),
          where(fair, filled(1, length), div(length, 4)),
        ],
        z: fromRows(to, base),
        fz: fromRows(there, base),
      };
    },
  };
}
