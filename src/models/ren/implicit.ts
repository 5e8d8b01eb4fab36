import type { Value } from "../../graph/node.ts";
import { scan, type Values } from "../../graph/ops/control.ts";
import { add, div, maximum, sqrt, square, sub } from "../../graph/ops/elementwise.ts";
import { affine, gemm } from "../../graph/ops/linear.ts";
import { filled, transpose } from "../../graph/ops/movement.ts";
import { reduceMax, reduceSum } from "../../graph/ops/reduction.ts";
import { fixedPoint, solverHealth } from "../../solvers/fixed-point.ts";
import type { SolveOptions } from "../../solvers/options.ts";
import { picard } from "../../solvers/picard.ts";
import type { ProxKind } from "../../solvers/prox.ts";
import { peacemanRachford, reflectedResolvent } from "../../solvers/splitting.ts";
import { activationOf } from "./neurons.ts";
import type { Trajectory } from "./recurrence.ts";

export interface ImplicitOptions {
  readonly activation: ProxKind;
  /** Step of the splitting. 1 took half the iterations of 1/2, for which the exact prox is wanted too. */
  readonly alpha: number;
  readonly solve: Partial<SolveOptions>;
}

/** How well each sample's equation was solved at its worst step, ‖σ(D11 w + c) − w‖/‖w‖ [N]. */
export interface ImplicitTrajectory extends Trajectory {
  readonly residual: Value;
}

/**
 * A network with a full D11 over whole sequences, by columns as `acyclicTrajectory`: in each step
 * w = σ(D11 w + c) by Peaceman–Rachford splitting, which converges because
 * 2Λ − ΛD11 − D11ᵀΛ ≻ 0: I − D11 is monotone in the metric of Λ, where σ is a prox too since Λ is
 * diagonal. One inverse for all steps. The derivative is implicit in each step, and that of `scan` in time.
 */
export function implicitTrajectory(
  e: Values,
  u: Value,
  x0: Value,
  { activation, alpha, solve }: ImplicitOptions,
): ImplicitTrajectory {
  const prox = activationOf(activation);
  const splitting = peacemanRachford(reflectedResolvent(e.D11, alpha), alpha, prox);
  const solver = { method: picard(), options: { rtol: 1e-6, maxIterations: 300, ...solve } };
  // Rows: the solvers count samples in the first axis.
  const start = transpose(x0, [1, 0]);
  const { state, outputs } = scan({ x: start }, { u: transpose(u, [0, 2, 1]) }, ({ x }, row) => {
    const c = add(affine(x, e.C1, e.b_v), affine(row.u, e.D12));
    const both = { forward: solver, backward: solver };
    const [dual] = fixedPoint(splitting.map(c), [filled(0, c)], both, solverHealth());
    const w = splitting.read(dual);
    const error = sub(prox(gemm(w, e.D11, c, { transB: true }), 1), w);
    const next = add(affine(x, e.A, e.b_x), add(affine(w, e.B1), affine(row.u, e.B2)));
    const y = add(affine(x, e.C2, e.b_y), add(affine(w, e.D21), affine(row.u, e.D22)));
    return { state: { x: next }, outputs: { y, error: div(norm(error), maximum(norm(w), 1e-30)) } };
  });
  return {
    y: transpose(outputs.y, [0, 2, 1]),
    last: transpose(state.x, [1, 0]),
    residual: reduceMax(outputs.error, [0]),
  };
}

/** ‖·‖₂ of each row */
const norm = (rows: Value) => sqrt(reduceSum(square(rows), [1]));
