import { leadingColumns } from "../linalg/blocks.ts";
import { scale, transpose } from "../linalg/matrix.ts";
import { svd } from "../linalg/svd.ts";
import { toleranceOf } from "./eigenfunctions.ts";
import { centreOf, type RecurrentNetwork } from "./network.ts";
import { roundingShare } from "./null-space.ts";
import type { Reduction } from "./reduction.ts";

/**
 * The r equations y = Σ_rV_rᵀ σ(D⁻¹θ + D⁻¹U_r y) of the fixed points of ẋ = −Dx + Wσ(x) + θ, as a
 * reduction that `fixedPoints` takes. It holds at rest only: between, x has no closed form in y.
 */
export function restingEquations(network: RecurrentNetwork, tolerance?: number): Reduction {
  const { W, time } = network;
  const { U, s, V } = svd(W);
  const limit = toleranceOf(tolerance, W.rows) * s[0];
  const rank = Math.max(
    1,
    s.reduce((count, sigma) => count + +(sigma > limit), 0),
  );
  const P = scale(leadingColumns(U, rank), 1);
  const C = transpose(leadingColumns(V, rank));
  for (let k = 0; k < P.data.length; k++)
    P.data[k] /= time.kind === "continuous" ? time.decay[Math.floor(k / rank)] : 1;
  for (let k = 0; k < C.data.length; k++) C.data[k] *= s[Math.floor(k / W.rows)];
  const dropped = rank < s.length ? s[rank] : 0;
  return {
    network,
    rank,
    P,
    C,
    G: null,
    centre: centreOf(network),
    rate: 1,
    exact: dropped <= roundingShare(W.rows) * s[0],
    dropped,
    truncation: null,
    cost: { full: W.rows ** 2, reduced: 2 * W.rows * rank },
  };
}
