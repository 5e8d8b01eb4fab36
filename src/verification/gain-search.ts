import { gradient } from "../autodiff/gradient.ts";
import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { loop } from "../graph/ops/control.ts";
import {
  add,
  div,
  greater,
  maximum,
  mul,
  sqrt,
  square,
  sub,
  where,
} from "../graph/ops/elementwise.ts";
import { inverse, matmul } from "../graph/ops/linear.ts";
import { matrixTranspose, reshape, unsqueeze } from "../graph/ops/movement.ts";
import { reduceSum } from "../graph/ops/reduction.ts";
import { constant } from "../graph/value.ts";
import { identityLike } from "../solvers/splitting.ts";

/**
 * Lower bounds of a Lipschitz constant, found by search, to stand beside a proven upper bound: the
 * true constant lies between. Every number here is one that the map attains.
 */

/** Pairs of inputs [N, d] and how much the map stretches each, ‖F(x) − F(y)‖₂ / ‖x − y‖₂ [N]. */
export interface Stretched {
  readonly x: Value;
  readonly y: Value;
  readonly gain: Value;
}

/**
 * Gradient ascent of ‖F(x) − F(y)‖₂ / ‖x − y‖₂ from given pairs, each by itself, by steps of
 * `rate` times the pair's distance; of every pair the best it met.
 *
 * @param map  F of rows [N, d], differentiable
 */
export function stretch(
  map: (x: Value) => Value,
  x: Value,
  y: Value,
  { steps = 60, rate = 0.1 } = {},
): Stretched {
  if (!(Number.isInteger(steps) && steps >= 1 && rate > 0)) {
    throw new UsageError(`stretch: ${steps} steps of rate ${rate}`);
  }
  const squared = (a: Value, b: Value) =>
    div(rowSquares(sub(map(a), map(b))), rowSquares(sub(a, b)));
  const none = mul(rowSquares(x), 0);
  const { state } = loop({ times: steps }, { x, y, bestX: x, bestY: y, best: none }, (now) => {
    const found = squared(now.x, now.y);
    const better = greater(found, now.best);
    const g = gradient(reduceSum(found), { x: now.x, y: now.y });
    const size = sqrt(add(rowSquares(g.x), rowSquares(g.y)));
    // Of a zero gradient nothing is followed.
    const length = div(mul(sqrt(rowSquares(sub(now.x, now.y))), rate), maximum(size, 1e-30));
    return {
      state: {
        x: add(now.x, mul(g.x, length)),
        y: add(now.y, mul(g.y, length)),
        bestX: where(better, now.x, now.bestX),
        bestY: where(better, now.y, now.bestY),
        best: where(better, found, now.best),
      },
    };
  });
  return { x: state.bestX, y: state.bestY, gain: reshape(sqrt(state.best), [x.shape[0]]) };
}

/**
 * ‖∂y/∂x‖₂ [N] of y = W_o z*, z* = σ(Wz* + Ux + b), at each input: the Jacobian is
 * W_o (I − DW)⁻¹ DU, D = diag(σ′) at z*. By the power method, whose result is never too large.
 *
 * @param slopes  σ′(Wz* + Ux + b) of each sample [N, n]
 */
export function localGain(
  { W, U, W_o }: { readonly W: Value; readonly U: Value; readonly W_o: Value },
  slopes: Value,
): Value {
  const D = unsqueeze(slopes, [2]);
  const resolvent = inverse(sub(identityLike(W), mul(D, W)));
  const J = matmul(W_o, matmul(resolvent, mul(D, U))); // [N, k, d]
  const [outputs, inputs] = [Number(W_o.shape[0]), Number(U.shape[1])];
  // Of JᵀJ and JJᵀ the smaller.
  const wide = outputs < inputs;
  let power = wide ? matmul(J, matrixTranspose(J)) : matmul(matrixTranspose(J), J);
  for (let k = 0; k < 7; k++) {
    const size = sqrt(reduceSum(square(power), [1, 2], { keepdims: true }));
    const unit = div(power, maximum(size, 1e-300));
    power = matmul(unit, unit);
  }
  const start = constant(
    Array.from({ length: wide ? outputs : inputs }, (_, i) => 1 + 0.5 * Math.cos(7 * i)),
    U.dtype,
    [wide ? outputs : inputs, 1],
  );
  const found = matmul(power, start);
  const v = wide ? matmul(matrixTranspose(J), found) : found; // [N, d, 1]
  const length = (u: Value) => sqrt(reduceSum(square(u), [1, 2]));
  return div(length(matmul(J, v)), maximum(length(v), 1e-300));
}

/** ‖·‖² of each row, [N, 1] */
const rowSquares = (rows: Value): Value => reduceSum(square(rows), [1], { keepdims: true });
