import type { Value } from "../../graph/node.ts";
import type { Values } from "../../graph/ops/control.ts";
import { add, cast, div, exp, mul, neg, square, sub } from "../../graph/ops/elementwise.ts";
import { gemm, inverse, matmul } from "../../graph/ops/linear.ts";
import { concat, matrixTranspose, split, unsqueeze } from "../../graph/ops/movement.ts";
import { reduceSum, reduceSumSquare } from "../../graph/ops/reduction.ts";
import { constant, tensor } from "../../graph/value.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import { identityLike } from "../../solvers/splitting.ts";
import { type FeedThrough, feedThroughOf, type Supply } from "./guarantee.ts";

/** Sizes and choices that the parametrisation depends on. */
export interface RenForm {
  readonly inputs: number;
  readonly outputs: number;
  readonly states: number;
  readonly neurons: number;
  /** ᾱ in (0, 1]: trajectories approach each other by this factor a step. */
  readonly rate: number;
  /** Null for a network that is contracting and nothing more. */
  readonly supply: Supply | null;
  /** D11 strictly lower triangular, or any with 2Λ − ΛD11 − D11ᵀΛ ≻ 0. */
  readonly feedback: "acyclic" | "full";
  /** H from X as it is, or with its size learned apart from its direction. */
  readonly parametrisation: "plain" | "polar";
  /** What H exceeds in every direction: the room of the certificate. */
  readonly epsilon: number;
}

/** The network from its free parameters, in float64, with the metric in which it contracts. */
export interface Direct {
  /** A, B1, B2, C1, D11, D12, C2, D21, D22, b_x, b_v, b_y. */
  readonly explicit: Values;
  readonly metric: Metric;
}
export interface Metric {
  readonly P: Value; // 𝒫 = EᵀP⁻¹E [n, n]
  readonly Lambda: Value; // the diagonal of Λ [q]
}

/**
 * Direct parametrisation of recurrent equilibrium networks: any value of the parameters gives a
 * network with the guarantee. With H = XᵀX + εI (polar: ρ²XᵀX/‖X‖_F² + εI), for a supply rate
 * H = … + Γ_R − Γ_Q, in blocks of n, q and n:
 *
 *   P = H33, F = H31, B̃1 = H32, C̃1 = −H21, E = ½ (H11 + P/ᾱ² + Y1 − Y1ᵀ)
 *   acyclic: Λ = ½ diag(H22),  D̃11 = −strictlower(H22)
 *   full:    Λ = diag(exp g),  D̃11 = Λ − ½ (H22 + Y2 − Y2ᵀ)
 *   A = E⁻¹F, B1 = E⁻¹B̃1, B2 = E⁻¹B̃2, C1 = Λ⁻¹C̃1, D11 = Λ⁻¹D̃11, D12 = Λ⁻¹D̃12
 *
 * Computed in float64 whatever the parameters are, since the room that ε leaves is small.
 *
 * Revay, Wang & Manchester (2023), "Recurrent equilibrium networks", arXiv:2104.05942v3.
 */
export function direct(parameters: Values, form: RenForm): Direct {
  const p = Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      value.dtype === "float32" ? cast(value, "float64") : value,
    ]),
  );
  const { states: n, neurons: q, rate, supply } = form;
  const D22 = supply === null ? p.D22 : feedThrough(p, supply, form);
  const H = blocks(
    supply === null ? gramOf(p, form) : add(gramOf(p, form), supplied(p, D22, supply, form)),
    [n, q, n],
  );
  const P = H[2][2];
  const E = mul(add(add(H[0][0], mul(P, rate ** -2)), sub(p.Y1, matrixTranspose(p.Y1))), 0.5);

  const square22 = H[1][1];
  const acyclic = form.feedback === "acyclic";
  const Lambda = acyclic ? mul(diagonal(square22), 0.5) : exp(p.g);
  const column = unsqueeze(Lambda, [1]);
  const half = acyclic ? null : mul(add(square22, sub(p.Y2, matrixTranspose(p.Y2))), 0.5);
  const D11 = half
    ? sub(identityLike(square22), div(half, column))
    : neg(div(mul(square22, below(square22)), column));

  const rows = matmul(inverse(E), concat([H[2][0], H[2][1], p["B2.implicit"]], 1));
  const [A, B1, B2] = split(rows, 1, [n, q, form.inputs]);
  const metric = matmul(matrixTranspose(E), matmul(inverse(P), E));
  return {
    explicit: {
      A,
      B1,
      B2,
      C1: neg(div(H[1][0], column)),
      D11,
      D12: div(p["D12.implicit"], column),
      C2: p.C2,
      D21: p.D21,
      D22,
      b_x: p.b_x,
      b_v: p.b_v,
      b_y: p.b_y,
    },
    metric: { P: mul(add(metric, matrixTranspose(metric)), 0.5), Lambda },
  };
}

/** XᵀX + εI, of the size ρ² where that is learned apart: ε is no part of the ratio. */
function gramOf({ X, rho }: Values, { parametrisation, epsilon }: RenForm): Value {
  const gram = gemm(X, X, null, { transA: true });
  const sized =
    parametrisation === "plain" ? gram : mul(gram, div(square(rho), reduceSumSquare(X)));
  return add(sized, mul(identityLike(X), epsilon));
}

/**
 * Γ_R − Γ_Q, with 𝒞2 = (D22ᵀQ + S) C2, 𝒟21 = (D22ᵀQ + S) D21 − D̃12ᵀ, ℛ = R + S D22 + D22ᵀSᵀ + D22ᵀQD22:
 * Γ_R = GᵀℛG with G = [𝒞2 𝒟21 B̃2ᵀ] and ℛ⁻¹ for ℛ, Γ_Q = ZᵀQZ with Z = [C2 D21 0].
 */
function supplied(p: Values, D22: Value, supply: Supply, { states }: RenForm): Value {
  const [Q, S, R] = [supply.Q, supply.S, supply.R].map(numbers);
  const through = add(gemm(D22, Q, null, { transA: true }), S); // D22ᵀQ + S [nu, ny]
  const cross = matmul(S, D22);
  const room = add(
    add(R, add(cross, matrixTranspose(cross))),
    gemm(D22, matmul(Q, D22), null, { transA: true }),
  );
  const G = concat(
    [
      matmul(through, p.C2),
      sub(matmul(through, p.D21), matrixTranspose(p["D12.implicit"])),
      matrixTranspose(p["B2.implicit"]),
    ],
    1,
  );
  const outputs = Number(p.C2.shape[0]);
  const none = constant(Array<number>(outputs * states).fill(0), "float64", [outputs, states]);
  const Z = concat([p.C2, p.D21, none], 1);
  const first = gemm(G, matmul(inverse(room), G), null, { transA: true });
  return sub(first, gemm(Z, matmul(Q, Z), null, { transA: true }));
}

/**
 * What M + Mᵀ exceeds by twice: ℛ⁻¹ multiplies in H what float32 leaves of D22, so that the room for ℛ
 * is the larger one. Of γ it costs the feed-through alone up to a tenth.
 */
export const throughRoom = ({ epsilon }: RenForm): number => Math.max(epsilon, 0.05);

/** D22 with ℛ ≻ 0: −Q⁻¹Sᵀ + L_Q⁻¹ N L_R, ‖N‖ < 1; for Q = 0, νI + M, M + Mᵀ ≻ 0. */
function feedThrough(p: Values, supply: Supply, form: RenForm): Value {
  const { X3, Y3, Z3 } = p;
  const M0 = add(gemm(X3, X3, null, { transA: true }), sub(Y3, matrixTranspose(Y3)));
  const wide = Z3 === undefined ? M0 : gemm(Z3, Z3, M0, { transA: true });
  const M = add(wide, mul(identityLike(X3), throughRoom(form)));
  const parts: FeedThrough | null = feedThroughOf(supply, form.epsilon);
  if (parts === null) return add(M, mul(numbers(supply.R), -0.5));

  const unit = identityLike(X3);
  const V = inverse(add(unit, M));
  const square = matmul(sub(unit, M), V); // commutes: (I − M)(I + M)⁻¹ = (I + M)⁻¹(I − M)
  const { inputs, outputs } = form;
  let N = square;
  if (outputs > inputs) N = concat([square, mul(matmul(Z3, V), -2)], 0);
  if (outputs < inputs) N = concat([square, mul(matmul(V, matrixTranspose(Z3)), -2)], 1);
  return add(numbers(parts.centre), matmul(numbers(parts.left), matmul(N, numbers(parts.right))));
}

const numbers = ({ rows, cols, data }: Matrix): Value => tensor(data, [rows, cols]);

/** The blocks of a square matrix by the sizes of its parts. */
const blocks = (H: Value, sizes: readonly number[]): readonly (readonly Value[])[] =>
  split(H, 0, sizes).map((rows) => split(rows, 1, sizes));

/** The diagonal as a vector. */
export const diagonal = (H: Value): Value => reduceSum(mul(H, identityLike(H)), [1]);

/** 1 strictly below the diagonal, 0 elsewhere. */
export function below({ shape, dtype }: Value): Value {
  const n = Number(shape[0]);
  const ones = Array.from({ length: n * n }, (_, k) => +(k % n < Math.floor(k / n)));
  return constant(ones, dtype, [n, n]);
}
