import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { loop } from "../graph/ops/control.ts";
import { div, mul, reciprocal, sqrt, square, sub } from "../graph/ops/elementwise.ts";
import { gemm, matmul } from "../graph/ops/linear.ts";
import { matrixTranspose } from "../graph/ops/movement.ts";
import { reduceSum } from "../graph/ops/reduction.ts";
import { constant, customVjp } from "../graph/value.ts";
import { identityLike } from "./splitting.ts";

/**
 * L = ‖I − W‖₂ of W [n, n], a scalar, by power iteration on (I − W)ᵀ(I − W): from below, within a per
 * cent or so after 30 steps. Held by the derivative, as the equilibrium does not depend on it.
 */
export function lipschitz(weight: Value, steps = 30): Value {
  const n = Number(weight.shape[0]);
  const F = sub(identityLike(weight), weight);
  const { state } = loop(
    { times: steps },
    { v: constant(startOf(n), weight.dtype, [1, n]), L: constant(0, weight.dtype) },
    ({ v }) => {
      const unit = div(v, sqrt(reduceSum(square(v))));
      // Rows are vᵀFᵀ, then vᵀFᵀF.
      const image = matmul(unit, matrixTranspose(F));
      return { state: { v: matmul(image, F), L: sqrt(reduceSum(square(image))) } };
    },
  );
  return customVjp([state.L], [], () => [null])[0];
}

/**
 * L of W [n, n] within some ten per cent, from below: four steps of the power iteration with no loop and one
 * normalisation, by ‖I − W‖_F, against overflow. An eighth of the work of `lipschitz`.
 */
function roughLipschitz(weight: Value): Value {
  const n = Number(weight.shape[0]);
  const F = sub(identityLike(weight), weight);
  const size = sqrt(reduceSum(square(F)));
  const unit = div(F, size);
  let v: Value = constant(startOf(n), weight.dtype, [1, n]);
  for (let k = 0; k < 4; k++) v = matmul(gemm(v, unit, null, { transB: true }), unit);
  const image = gemm(v, unit, null, { transB: true });
  const gain = sqrt(div(reduceSum(square(image)), reduceSum(square(v))));
  return customVjp([mul(size, gain)], [], () => [null])[0];
}

/** No pattern that an eigenvector might be orthogonal to. */
const startOf = (n: number) => Array.from({ length: n }, (_, i) => 1 + Math.sin(i + 1));

/**
 * A step that takes few iterations: α = 1/√L for Peaceman–Rachford and Douglas–Rachford, m/L² for
 * forward–backward, whose contraction factor is least there (it is at twice that step that the proof ends).
 *
 * Peaceman–Rachford contracts for every α, and its bound is least at 1/L; but units that are on have
 * the slope 1, so that the iteration sees I − W from about 1 to L, whose geometric mean is what a
 * resolvent treats best. Measured at n = 100 to 1e-5, L = 2.5, 12.5, 46: 11, 18, 27 iterations, against
 * 13, 43, 92 at 1/L and 14, 50, 174 at 1. A rough L is good enough for it.
 *
 * Winston & Kolter (2020), section 3.4 and appendix.
 */
export const stepSize = (
  splitting: "peaceman-rachford" | "douglas-rachford" | "forward-backward",
  weight: Value,
  m: number,
): Value =>
  splitting === "forward-backward"
    ? div(m, square(lipschitz(weight)))
    : reciprocal(sqrt(roughLipschitz(weight)));

/**
 * α by trial, as the paper does it: halved from 1 while the count of iterations falls, and the one with
 * the fewest kept.
 *
 * @param count  iterations that a solve takes with α; Infinity where it fails
 */
export async function tuneAlpha(
  count: (alpha: number) => Promise<number>,
  { from = 1, smallest = 2 ** -12 } = {},
): Promise<{ readonly alpha: number; readonly iterations: number }> {
  if (!(from >= smallest && smallest > 0))
    throw new UsageError(`tuneAlpha: from ${from} down to ${smallest}`);
  let best = { alpha: from, iterations: await count(from) };
  for (let alpha = from / 2; alpha >= smallest; alpha /= 2) {
    const iterations = await count(alpha);
    // As long as every α fails there is nothing to compare.
    if (iterations > best.iterations) break;
    if (iterations < best.iterations || iterations === Infinity) best = { alpha, iterations };
  }
  if (best.iterations === Infinity)
    throw new UsageError(
      `tuneAlpha: no solve converged for α from ${from} down to ${smallest}`,
      "allow more iterations, or a smaller α",
    );
  return best;
}
