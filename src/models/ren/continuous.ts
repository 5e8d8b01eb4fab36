import type { Value } from "../../graph/node.ts";
import type { Values } from "../../graph/ops/control.ts";
import { add, cast, div, mul, neg, sub } from "../../graph/ops/elementwise.ts";
import { gemm, inverse, matmul } from "../../graph/ops/linear.ts";
import { matrixTranspose, split, unsqueeze } from "../../graph/ops/movement.ts";
import { identityLike } from "../../solvers/splitting.ts";
import { below, type Direct, diagonal } from "./parametrisation.ts";

/** Sizes of a network in continuous time, and how fast it contracts. */
export interface ContinuousForm {
  readonly inputs: number;
  readonly outputs: number;
  readonly states: number;
  readonly neurons: number;
  /** α ≥ 0, per unit of time: V̇ ≤ −αV for the difference of two trajectories, V = ΔxᵀPΔx. */
  readonly decay: number;
  readonly epsilon: number;
}

/** Shapes of the free parameters of `continuousDirect`, by name. */
export const continuousShapes = ({
  inputs: m,
  outputs: p,
  states: n,
  neurons: q,
}: ContinuousForm): Readonly<Record<string, readonly number[]>> => ({
  X: [n + q, n + q],
  root: [n, n],
  Y1: [n, n],
  chi: [n, q],
  B2: [n, m],
  D12: [q, m],
  C2: [p, n],
  D21: [p, q],
  D22: [p, m],
  b_x: [n],
  b_v: [q],
  b_y: [p],
});

/**
 * Direct parametrisation of a contracting network in continuous time, ẋ = A x + B1 w + B2 u + b_x with
 * w and y as in discrete time and D11 strictly lower triangular. With H = XXᵀ + εI in blocks of n and q:
 *
 *   P = ½ P*P*ᵀ + εI,  Y = −½ (H11 + αP + Y1 − Y1ᵀ),  Λ = ½ diag(H22),  Z = −H12 − χ
 *   A = P⁻¹Yᵀ, B1 = P⁻¹Z, C1 = Λ⁻¹χᵀ, D11 = −Λ⁻¹ strictlower(H22)
 *
 * so that [−AᵀP − PA − αP, −PB1 − C1ᵀΛ; ·, 2Λ − ΛD11 − D11ᵀΛ] = H ≻ 0. That is about the flow itself: of
 * its discretisation it says nothing unless the steps are small.
 *
 * Martinelli et al. (2023), "Unconstrained parametrization of dissipative and contracting neural
 * ordinary differential equations".
 */
export function continuousDirect(parameters: Values, form: ContinuousForm): Direct {
  const wide = (name: string): Value => {
    const value = parameters[name];
    return value.dtype === "float32" ? cast(value, "float64") : value;
  };
  const [X, root, Y1, chi] = ["X", "root", "Y1", "chi"].map(wide);
  // What is used as it is stays as it is: cast there and back, ONNX Runtime loses it in subgraphs.
  const { B2, D12, C2, D21, D22, b_x, b_v, b_y } = parameters;
  const { states: n, neurons: q, decay, epsilon } = form;
  const room = (A: Value) => add(A, mul(identityLike(A), epsilon));
  const H = room(gemm(X, X, null, { transB: true }));
  const [top, bottom] = split(H, 0, [n, q]);
  const [H11, H12] = split(top, 1, [n, q]);
  const [, H22] = split(bottom, 1, [n, q]);
  const P = room(gemm(root, root, null, { alpha: 0.5, transB: true }));
  const skew = sub(Y1, matrixTranspose(Y1));
  const Y = mul(add(add(H11, mul(P, decay)), skew), -0.5);
  const Lambda = mul(diagonal(H22), 0.5);
  const column = unsqueeze(Lambda, [1]);
  const V = inverse(P);
  return {
    explicit: {
      A: matmul(V, matrixTranspose(Y)),
      B1: neg(matmul(V, add(H12, chi))),
      B2,
      C1: div(matrixTranspose(chi), column),
      D11: neg(div(mul(H22, below(H22)), column)),
      D12,
      C2,
      D21,
      D22,
      b_x,
      b_v,
      b_y,
    },
    metric: { P, Lambda },
  };
}
