import { UsageError } from "../../errors.ts";
import { cholesky } from "../../linalg/cholesky.ts";
import {
  add,
  fromRows,
  identity,
  type Matrix,
  multiply,
  scale,
  shift,
  subtract,
  symmetricPart,
  transpose,
} from "../../linalg/matrix.ts";
import { solveUpper, solveUpperTransposed } from "../../linalg/triangular.ts";

/**
 * What a recurrent equilibrium network is to guarantee for every value of its parameters, beside its
 * contraction. All are incremental: about two trajectories, of which Δu and Δy are the differences.
 *
 * - `contracting`: nothing more.
 * - `lipschitz`: Σ‖Δy‖² ≤ γ² Σ‖Δu‖² from equal states.
 * - `input-passive`: Σ 2ΔyᵀΔu ≥ 2ν Σ‖Δu‖²; `output-passive`: Σ 2ΔyᵀΔu ≥ 2ρ Σ‖Δy‖²; `passive`: both,
 *   for ρν < 1/4.
 * - `dissipative`: Σ [Δy; Δu]ᵀ [[Q, Sᵀ], [S, R]] [Δy; Δu] ≥ 0 with Q ⪯ 0, S [inputs × outputs].
 */
export type Guarantee =
  | { readonly kind: "contracting" }
  | { readonly kind: "lipschitz"; readonly gamma: number }
  | { readonly kind: "input-passive"; readonly nu: number }
  | { readonly kind: "output-passive"; readonly rho: number }
  | { readonly kind: "passive"; readonly nu: number; readonly rho: number }
  | {
      readonly kind: "dissipative";
      readonly Q: readonly (readonly number[])[];
      readonly S: readonly (readonly number[])[];
      readonly R: readonly (readonly number[])[];
    };

/** The supply rate s = [Δy; Δu]ᵀ [[Q, Sᵀ], [S, R]] [Δy; Δu]. */
export interface Supply {
  readonly Q: Matrix; // [outputs × outputs]
  readonly S: Matrix; // [inputs × outputs]
  readonly R: Matrix; // [inputs × inputs]
}

/**
 * The supply rate of a guarantee, null for contraction alone.
 *
 * @throws UsageError  for a bound out of range, matrices that do not fit, or passivity of a network
 *   with as many outputs as inputs it has not
 */
export function supplyOf(guarantee: Guarantee, inputs: number, outputs: number): Supply | null {
  const square = (q: number, s: number, r: number): Supply => {
    if (inputs !== outputs) {
      throw new UsageError(
        `ren: ${guarantee.kind} with ${inputs} inputs and ${outputs} outputs`,
        "passivity pairs each output with an input: take as many of both",
      );
    }
    const unit = identity(inputs);
    return { Q: scale(unit, q), S: scale(unit, s), R: scale(unit, r) };
  };
  switch (guarantee.kind) {
    case "contracting":
      return null;
    case "lipschitz": {
      const gamma = inRange("gamma", guarantee.gamma, 0, Infinity);
      return {
        Q: scale(identity(outputs), -1 / gamma),
        S: zeros(inputs, outputs),
        R: scale(identity(inputs), gamma),
      };
    }
    case "input-passive":
      return square(0, 1, -2 * inRange("nu", guarantee.nu, -Infinity, Infinity));
    case "output-passive":
      return square(-2 * inRange("rho", guarantee.rho, 0, Infinity), 1, 0);
    case "passive": {
      const [nu, rho] = [
        inRange("nu", guarantee.nu, 0, Infinity),
        inRange("rho", guarantee.rho, 0, Infinity),
      ];
      if (!(nu * rho < 0.25))
        throw new UsageError(`ren: passive with nu · rho = ${nu * rho}`, "below 1/4 is possible");
      return square(-2 * rho, 1, -2 * nu);
    }
    case "dissipative": {
      const { Q, S, R } = guarantee;
      return {
        Q: sized("Q", Q, outputs, outputs),
        S: sized("S", S, inputs, outputs),
        R: sized("R", R, inputs, inputs),
      };
    }
    default:
      throw new UsageError(
        `ren: unknown guarantee "${(guarantee as { kind: string }).kind}"`,
        "known: contracting, lipschitz, input-passive, output-passive, passive, dissipative",
      );
  }
}

/** How D22 is made of a free matrix N with ‖N‖ < 1: D22 = centre + left N right. */
export interface FeedThrough {
  readonly centre: Matrix; // −Q⁻¹Sᵀ
  readonly left: Matrix; // L_Q⁻¹, L_QᵀL_Q = −Q
  readonly right: Matrix; // L_R, L_RᵀL_R = R − S Q⁻¹ Sᵀ
}

/**
 * For Q ≺ 0, or a singular Q made so by −εI; null for Q = 0, where D22 = νI + M instead.
 *
 * @throws UsageError  for a Q that has a positive eigenvalue, or R − S Q⁻¹ Sᵀ that is not positive
 */
export function feedThroughOf({ Q, S, R }: Supply, epsilon: number): FeedThrough | null {
  if (Q.data.every((entry) => entry === 0)) return null;
  const negated = scale(Q, -1);
  const lower = cholesky(negated) ?? cholesky(shift(negated, epsilon));
  if (lower === null)
    throw new UsageError("ren: Q has a positive eigenvalue", "dissipativity needs Q ⪯ 0");
  const upper = transpose(lower);
  // Q⁻¹Sᵀ = −L_Q⁻¹ L_Q⁻ᵀ Sᵀ
  const half = solveUpperTransposed(upper, transpose(S));
  const rest = cholesky(symmetricPart(add(R, multiply(transpose(half), half))));
  if (rest === null) {
    throw new UsageError(
      "ren: R − S Q⁻¹ Sᵀ is not positive definite",
      "no network has this supply rate: make R larger",
    );
  }
  return {
    centre: solveUpper(upper, half),
    left: solveUpper(upper, identity(Q.rows)),
    right: transpose(rest),
  };
}

const zeros = (rows: number, cols: number): Matrix => ({
  rows,
  cols,
  data: new Float64Array(rows * cols),
});

function inRange(name: string, value: number, above: number, below: number): number {
  if (!(value > above && value < below)) {
    throw new UsageError(`ren: ${name} = ${value} is not above ${above} and finite`);
  }
  return value;
}

function sized(name: string, rows: readonly (readonly number[])[], m: number, n: number): Matrix {
  const M = Array.isArray(rows) && rows.length > 0 ? fromRows(rows) : null;
  if (M === null || M.rows !== m || M.cols !== n)
    throw new UsageError(`ren: ${name} is not of ${m} × ${n}, as its inputs and outputs want`);
  if (name === "S") return M;
  const skew = subtract(M, transpose(M));
  if (skew.data.some((entry) => entry !== 0)) throw new UsageError(`ren: ${name} is not symmetric`);
  return M;
}
