import type { Body, Value } from "../graph/node.ts";
import { plus } from "../graph/ops/linear.ts";
import { zerosLike } from "../graph/ops/movement.ts";
import { isFloat } from "../graph/shape.ts";
import { inline } from "../graph/substitute.ts";
import { captured, customVjp, makeBody } from "../graph/value.ts";
import { vjp } from "./gradient.ts";

/** A map of the state z, which may be several tensors, to one of the same types. */
export type StateMap = (...z: Value[]) => readonly Value[];

/** Finds z = f(z) from z₀, for instance by a loop in the graph; need not be differentiable. */
export type FixedPointSolver = (f: StateMap, z0: readonly Value[]) => readonly Value[];

export interface FixedPointSolvers {
  readonly forward: FixedPointSolver;
  /** For the linear g = Jᵀg + a, started at a. */
  readonly backward: FixedPointSolver;
}

/**
 * The fixed point z* = f(z*), with the implicit derivative: for a cotangent a of z*,
 *
 *   g = (I − Jᵀ)⁻¹ a,  J = ∂f/∂z at z*,  and  θ̄ = gᵀ ∂f/∂θ
 *
 * for everything θ that f captures: one more solve and one vector–Jacobian product, whatever the
 * number of iterations. No iterate is stored. The backward solve is a fixed point too, so the
 * derivative can be differentiated again. z₀ gets no derivative.
 *
 * Bai, Kolter & Koltun (2019), "Deep equilibrium models", arXiv:1909.01377, Theorem 1.
 */
export function fixedPoint(
  f: StateMap,
  z0: readonly Value[],
  solvers: FixedPointSolvers,
): readonly Value[] {
  const body = makeBody(z0, f);
  const found = solvers.forward((...z) => inline(body, z), z0);
  return withImplicitDerivative(body, found, solvers.backward);
}

function withImplicitDerivative(
  body: Body,
  found: readonly Value[],
  backward: FixedPointSolver,
): readonly Value[] {
  const captures = captured([body]);
  const count = found.length;
  return customVjp(found, captures, (inputs, z, cotangents) => {
    const now = inputs.slice(count);
    const renamed = new Map(captures.map((old, i) => [old, now[i]]));
    const fz = inline(body, z, renamed);
    const a = cotangents.map((bar, i) => bar ?? zerosLike(z[i]));
    const transposed: StateMap = (...g) =>
      vjp(fz, z, g).map((product, i) => (product ? plus(a[i], product) : a[i]));
    const g = fixedPoint(transposed, a, { forward: backward, backward });
    const wrt = now.filter(({ dtype }) => isFloat(dtype));
    // z* depends on θ too; here it is held, since g already accounts for that.
    const bars = vjp(fz, [...wrt, ...z], g);
    return [
      ...found.map(() => null),
      ...now.map((value) => (isFloat(value.dtype) ? bars[wrt.indexOf(value)] : null)),
    ];
  });
}
