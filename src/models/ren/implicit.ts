import type { Value } from "../../graph/node.ts";
import type { Values } from "../../graph/ops/control.ts";
import { add, div, maximum, mul, sqrt, square, sub } from "../../graph/ops/elementwise.ts";
import { gemm } from "../../graph/ops/linear.ts";
import { filled, matrixTranspose } from "../../graph/ops/movement.ts";
import { reduceMax, reduceSum } from "../../graph/ops/reduction.ts";
import { fixedPoint, solverHealth, type WholeSolver } from "../../solvers/fixed-point.ts";
import { iterate } from "../../solvers/iterate.ts";
import { type SolveOptions, solveOptions } from "../../solvers/options.ts";
import { picard } from "../../solvers/picard.ts";
import type { ProxKind } from "../../solvers/prox.ts";
import { reflectedResolvent } from "../../solvers/splitting.ts";
import { activationOf } from "./neurons.ts";
import { type Neurons, type Trajectory, trajectoryOf } from "./recurrence.ts";

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
 * A network with a full D11 over whole sequences, by columns as `acyclicTrajectory`, the neurons of each
 * step by Peaceman–Rachford splitting. One inverse for all steps, forwards and backwards.
 */
export function implicitTrajectory(
  e: Values,
  u: Value,
  x0: Value,
  { activation, alpha, solve }: ImplicitOptions,
): ImplicitTrajectory {
  const prox = activationOf(activation);
  const options = { rtol: 1e-6, maxIterations: 300, ...solve };
  const found = trajectoryOf(e, u, x0, activation, (D11) =>
    splitNeurons(reflectedResolvent(D11, alpha), (t) => prox(t, alpha), alpha, options),
  );
  const { v, w } = found;
  const error = sub(prox(v, 1), w);
  return { ...found, residual: reduceMax(div(norm(error), maximum(norm(w), 1e-30)), [0]) };
}

/**
 * The neurons of any D11 with 2Λ − ΛD11 − D11ᵀΛ ≻ 0, by columns. I − D11 is monotone in the metric of Λ,
 * where σ is a prox too since Λ is diagonal: with R = 2(I + α(I − D11))⁻¹ − I,
 *
 *   d ← R(2 prox(d) − d) + α(R + I) v,  w = prox(d)
 *
 * contracts for every α > 0. The adjoint v̄ = s ⊙ (a + D11ᵀv̄) is the same equation with D11ᵀ, monotone in
 * Λ⁻¹, and the activation t ↦ s ⊙ t, whose prox is s/((1 − α)s + α): the same iteration with Rᵀ.
 *
 * Revay, Wang & Manchester (2023), arXiv:2104.05942v3, section V; Winston & Kolter (2020).
 *
 * @param R  `reflectedResolvent` of D11
 */
export function splitNeurons(
  R: Value,
  prox: (t: Value) => Value,
  alpha: number,
  options: Partial<SolveOptions>,
): Neurons {
  const transposed = matrixTranspose(R);
  const filledIn = solveOptions(options);
  const solver: WholeSolver = {
    solve: (f, z0) => iterate(picard(), f, z0, filledIn, undefined, "last"),
  };
  const solved = (reflected: Value, c: Value, read: (d: Value) => Value) => {
    const shift = mul(add(gemm(reflected, c), c), alpha);
    const step = (d: Value) => [gemm(reflected, sub(mul(read(d), 2), d), shift)];
    const both = { forward: solver, backward: solver };
    const [dual] = fixedPoint(step, [filled(0, c)], both, solverHealth());
    return read(dual);
  };
  return {
    solve: (v) => solved(R, v, prox),
    adjoint: (a, slopes) => {
      const share = alpha === 1 ? slopes : div(slopes, add(mul(slopes, 1 - alpha), alpha));
      return solved(transposed, a, (d) => mul(share, d));
    },
  };
}

/** ‖·‖₂ over the neurons. */
const norm = (columns: Value) => sqrt(reduceSum(square(columns), [1]));
