import type { Value } from "../../graph/node.ts";
import { scan, type Values } from "../../graph/ops/control.ts";
import { gemm, matmul } from "../../graph/ops/linear.ts";
import { concat, full, slice, split, unsqueeze, zerosLike } from "../../graph/ops/movement.ts";
import { customVjp } from "../../graph/value.ts";
import type { ProxKind } from "../../solvers/prox.ts";
import { activationOf, backSubstitution, forwardSubstitution, slopeOf } from "./neurons.ts";

/** The two equations of the neurons, by columns [q, N]. */
export interface Neurons {
  /** w = σ(v + D11 w) */
  readonly solve: (v: Value) => Value;
  /** v̄ = s ⊙ (a + D11ᵀ v̄) for the cotangent a of w and the slopes s. */
  readonly adjoint: (a: Value, slopes: Value) => Value;
}

/** Outputs [T, p, N] and the state after the last step [n, N]. */
export interface Trajectory {
  readonly y: Value;
  readonly last: Value;
}

/** With v and w = σ(v) of the neurons at every step, [T, q, N]. */
export interface NeuronTrajectory extends Trajectory {
  readonly v: Value;
  readonly w: Value;
}

/** Sizes of a network's parts. */
interface Sizes {
  readonly n: number;
  readonly q: number;
  readonly m: number;
  readonly p: number;
}

export type NeuronsOf = (D11: Value, sigma: (t: Value) => Value) => Neurons;

/** A network with strictly lower triangular D11: neurons by substitution. */
export const acyclicTrajectory = (
  explicit: Values,
  u: Value,
  x0: Value,
  activation: ProxKind,
): Trajectory => trajectoryOf(explicit, u, x0, activation, triangularNeurons);

/** By substitution. */
export const triangularNeurons: NeuronsOf = (D11, sigma) => ({
  solve: (v) => forwardSubstitution(D11, v, sigma),
  adjoint: (a, slopes) => backSubstitution(D11, a, slopes),
});

/**
 * A network over whole sequences, by columns: u [T, m, N], x₀ [n, N].
 * With z = [x; w; u; 1] all its matrices are one,
 *
 *   [v; x⁺; y] = Θ z,  Θ = [C1 D11 D12 b_v; A B1 B2 b_x; C2 D21 D22 b_y],  w = σ(v)
 *
 * and so are their cotangents. The derivative runs backwards over the stored z, with a = x̄⁺ from the
 * step after: h = [v̄; a; ȳ] where v̄ = σ′ ⊙ ([B1; D21]ᵀ[a; ȳ] + D11ᵀ v̄), then x̄ = Θ_xᵀ h, ū = Θ_uᵀ h,
 * Θ̄ = Σ h zᵀ: one product a step for all parameters, where the derivative of `scan` takes one for each.
 */
export function trajectoryOf(
  explicit: Values,
  u: Value,
  x0: Value,
  activation: ProxKind,
  neurons: NeuronsOf,
): NeuronTrajectory {
  const sizes = {
    n: Number(explicit.A.shape[0]),
    q: Number(explicit.D11.shape[0]),
    m: Number(explicit.B2.shape[1]),
    p: Number(explicit.C2.shape[0]),
  };
  const theta = whole(explicit);
  const { y, last, z } = forwards(theta, u, x0, sizes, activation, neurons);
  const [outputs, end] = customVjp([y, last, z], [theta, u, x0], (inputs, _, [ybar, lastBar]) => {
    const [found, , stored, weights] = inputs;
    const bars = backwards(
      weights,
      stored,
      ybar ?? zerosLike(found),
      lastBar ?? zerosLike(inputs[1]),
      sizes,
      activation,
      neurons,
    );
    return [null, null, null, bars.theta, bars.u, bars.x0];
  });
  const { n, q, p } = sizes;
  const [forNeurons] = split(theta, 0, [q, n + p]);
  const w = slice(z, 1, { start: n, end: n + q });
  return { y: outputs, last: end, v: matmul(forNeurons, z), w };
}

/** Θ [q + n + p, n + q + m + 1] */
function whole(e: Values): Value {
  const row = (...parts: Value[]) =>
    concat([...parts.slice(0, -1), unsqueeze(parts.at(-1)!, [1])], 1);
  return concat(
    [row(e.C1, e.D11, e.D12, e.b_v), row(e.A, e.B1, e.B2, e.b_x), row(e.C2, e.D21, e.D22, e.b_y)],
    0,
  );
}

function forwards(
  theta: Value,
  u: Value,
  x0: Value,
  sizes: Sizes,
  activation: ProxKind,
  neurons: NeuronsOf,
) {
  const { n, q, m, p } = sizes;
  const [forNeurons, forRest] = split(theta, 0, [q, n + p]);
  const [C1, D11, D12, b] = split(forNeurons, 1, [n, q, m, 1]);
  const ones = full(1, [1, x0.shape[1]], x0);
  const sigma = activationOf(activation);
  const { solve } = neurons(D11, (t) => sigma(t, 1));
  const { state, outputs } = scan({ x: x0 }, { u }, ({ x }, row) => {
    const v = gemm(C1, x, gemm(D12, row.u, b));
    const w = solve(v);
    const z = concat([x, w, row.u, ones], 0);
    const [next, y] = split(gemm(forRest, z), 0, [n, p]);
    return { state: { x: next }, outputs: { y, z } };
  });
  return { ...outputs, last: state.x };
}

function backwards(
  theta: Value,
  z: Value,
  ybar: Value,
  lastBar: Value,
  { n, q, m, p }: Sizes,
  activation: ProxKind,
  neurons: NeuronsOf,
) {
  const [forX, forW, forU] = split(theta, 1, [n, q, m, 1]);
  const [D11, intoRest] = split(forW, 0, [q, n + p]);
  const slope = slopeOf(activation);
  const sigma = activationOf(activation);
  const { adjoint } = neurons(D11, (t) => sigma(t, 1));
  const { state, outputs } = scan(
    { a: lastBar, theta: zerosLike(theta) },
    { z, ybar },
    ({ a, theta: sum }, row) => {
      const rest = concat([a, row.ybar], 0);
      const w = slice(row.z, 0, { start: n, end: n + q });
      const target = gemm(intoRest, rest, null, { transA: true });
      const h = concat([adjoint(target, slope(w)), rest], 0);
      return {
        state: {
          a: gemm(forX, h, null, { transA: true }),
          theta: gemm(h, row.z, sum, { transB: true }),
        },
        outputs: { u: gemm(forU, h, null, { transA: true }) },
      };
    },
    { reverse: true },
  );
  return { theta: state.theta, u: outputs.u, x0: state.a };
}
