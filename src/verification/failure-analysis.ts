import { ShapeError } from "../errors.ts";
import type { Matrix } from "../linalg/matrix.ts";
import {
  type Explanation,
  explain,
  type LayerProperties,
  type LocalBehaviour,
  layerJacobian,
  layerProperties,
  localBehaviour,
} from "./equilibria.ts";

/** What is known of a layer after a batch of equilibria was found. */
export interface LayerReport extends Explanation {
  readonly layer: LayerProperties;
  /** At each equilibrium, in the order given. */
  readonly equilibria: readonly LocalBehaviour[];
  readonly attracting: number;
  /** ρ(J(z*)): the least and the largest. */
  readonly radius: readonly [number, number];
}

/**
 * Why the iteration of a layer z ← σ(Wz + Ux + b) converges, or does not, on a batch of inputs whose
 * equilibria were found by any means. The conclusion is that of the worst equilibrium: one that
 * repels is enough for the iteration to fail.
 *
 * @param slopes  σ′ at each equilibrium, [N, n] row by row; of tanh, 1 − z*²
 * @throws ShapeError  for no equilibrium, or another count of slopes than whole rows of n
 */
export function examineLayer(
  W: Matrix,
  slopes: ArrayLike<number>,
  { slope = 1, prox = true } = {},
): LayerReport {
  const n = W.rows;
  if (slopes.length === 0 || slopes.length % n !== 0) {
    throw new ShapeError(`${slopes.length} slopes for equilibria of ${n} units`);
  }
  const layer = layerProperties(W, slope);
  const equilibria = Array.from({ length: slopes.length / n }, (_, k) =>
    localBehaviour(
      layerJacobian(
        W,
        Array.from({ length: n }, (__, i) => slopes[k * n + i]),
      ),
    ),
  );
  const worst = equilibria.reduce((a, b) => (b.radius > a.radius ? b : a));
  const radii = equilibria.map(({ radius }) => radius);
  return {
    layer,
    equilibria,
    attracting: equilibria.filter(({ attracting }) => attracting).length,
    radius: [Math.min(...radii), worst.radius],
    ...explain(layer, worst, { prox }),
  };
}
