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
 * The difference d of length `radius` that moves F(x + d) furthest from F(x), by
 *
 *   d ← radius · g/‖g‖,  g = Jᵀ(F(x + d) − F(x)),  J = ∂F/∂x at x + d
 *
 * from the direction of d₀, each row by itself; of every row the best it met. It is the ascent of
 * ‖F(x + d) − F(x)‖² on the sphere by the longest step, which for a linear F is the power method on JᵀJ,
 * and for a convex objective never goes down.
 *
 * @param map  F of rows [N, D], differentiable
 * @returns x, y = x + d and the gain ‖F(y) − F(x)‖₂ / radius [N]
 */
export function farthest(
  map: (x: Value) => Value,
  x: Value,
  d0: Value,
  radius: number | Value, // a value [N, 1]
  { steps = 40 } = {},
): Stretched {
  if (!(Number.isInteger(steps) && steps >= 1) || (typeof radius === "number" && !(radius > 0)))
    throw new UsageError(`farthest: ${steps} steps on a sphere of radius ${radius}`);
  const onSphere = (v: Value) => mul(v, div(radius, maximum(sqrt(rowSquares(v)), 1e-30)));
  const start = onSphere(d0);
  const centre = map(x);
  const none = mul(rowSquares(x), 0);
  const { state } = loop({ times: steps }, { d: start, bestD: start, best: none }, (now) => {
    const found = rowSquares(sub(map(add(x, now.d)), centre));
    const better = greater(found, now.best);
    const g = gradient(reduceSum(found), { d: now.d }).d;
    return {
      state: {
        d: onSphere(g),
        bestD: where(better, now.d, now.bestD),
        best: where(better, found, now.best),
      },
    };
  });
  const gain = div(sqrt(state.best), radius);
  return { x, y: add(x, state.bestD), gain: reshape(gain, [x.shape[0]]) };
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
