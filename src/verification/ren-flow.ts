import { z } from "zod";
import { CertificateError, DataError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import { type Bounded, gamma, smallestEigenvalue, spectralNormBound } from "../linalg/bounds.ts";
import { frobeniusNorm, type Matrix, matrix, multiply, symmetricPart } from "../linalg/matrix.ts";
import { roundUp } from "./decimals.ts";
import {
  keptWitness,
  type ProvenInequality,
  type RenWeights,
  renWeights,
  type Witness,
  witnessOf,
} from "./ren-inequality.ts";

/**
 * What is proven of the float32 matrices of a network in continuous time (`continuousRen`), as plain
 * JSON with its witness. It is about the exact flow, in the network's own units, and holds for every
 * activation with slopes in [0, 1].
 */
export interface FlowCertificate extends ProvenInequality {
  readonly schema: "eigenflow/ren-flow-certificate@1";
  readonly precision: "float32";
  /** α: V̇ ≤ −αV, V = ΔxᵀPΔx, for two trajectories under one input. Per unit of time. */
  readonly decay: number;
  /** ‖Δx(t)‖ ≤ `overshoot` · e^(−αt/2) ‖Δx(0)‖ in the Euclidean norm: √cond P, rounded up. */
  readonly overshoot: number;
}

const schema: z.ZodType<FlowCertificate> = z.strictObject({
  schema: z.literal("eigenflow/ren-flow-certificate@1"),
  precision: z.literal("float32"),
  decay: z.number().nonnegative(),
  overshoot: z.number().min(1),
  measured: z.number().positive(),
  roundingMargin: z.number().nonnegative(),
  P: z.array(z.array(z.number())),
  Lambda: z.array(z.number().positive()),
});

/**
 * Proves that a network contracts at a rate from its stored matrices, with P and Λ as its parameters
 * gave them in float64 (`ContinuousRen.metric`).
 *
 * @throws CertificateError  where the inequality cannot be proven
 * @throws DataError, ShapeError  for tensors that are not those of such a network
 */
export function certifyFlow(
  tensors: Readonly<Record<string, Tensor>>,
  metric: { readonly P: Tensor; readonly Lambda: Tensor },
  decay: number,
): FlowCertificate {
  const { P, Lambda } = keptWitness(metric);
  const found = prove(tensors, witnessOf(P, Lambda), decay);
  if (!(found.margin > 0)) {
    throw new CertificateError(
      `V̇ ≤ −${decay} V is not proven: λmin ${found.measured}, at least ${found.margin}`,
      "train with a larger epsilon, which is the room that the cast to float32 has",
    );
  }
  return {
    schema: "eigenflow/ren-flow-certificate@1",
    precision: "float32",
    decay,
    overshoot: roundUp(found.overshoot),
    measured: found.measured,
    roundingMargin: found.roundingMargin,
    P,
    Lambda,
  };
}

/** The claim proven again from the tensors: what λmin is at least; it holds where that is positive. */
export function recheckFlow(
  certificate: FlowCertificate,
  tensors: Readonly<Record<string, Tensor>>,
): { readonly holds: boolean; readonly margin: number } {
  const { P, Lambda, decay, overshoot } = certificate;
  const found = prove(tensors, witnessOf(P, Lambda), decay);
  // A relation of P alone, which the printed digits round up.
  const holds = found.margin > 0 && found.overshoot <= overshoot * (1 + 1e-9);
  return { holds, margin: found.margin };
}

/** A certificate from JSON that was read. @throws DataError  naming the field that is wrong */
export function parseFlowCertificate(json: unknown): FlowCertificate {
  const { data, error } = schema.safeParse(json);
  if (error === undefined) return data;
  const { path, message } = error.issues[0];
  throw new DataError(`certificate.${path.join(".")}: ${message}`, { cause: error });
}

/** −Infinity where P, Λ or D11 is not as claimed. */
function prove(tensors: Readonly<Record<string, Tensor>>, witness: Witness, decay: number) {
  const weights = renWeights(tensors);
  const { value, margin } = flowInequality(weights, witness, decay);
  const least = smallestEigenvalue(witness.P);
  const most = spectralNormBound(witness.P);
  const floor = least.value - least.margin;
  const { data, cols: q } = weights.D11;
  const solvable = data.every((d, k) => d === 0 || k % q < Math.floor(k / q));
  const sound = solvable && floor > 0 && witness.Lambda.every((entry) => entry > 0) && decay >= 0;
  return {
    measured: value,
    roundingMargin: margin,
    margin: sound ? value - margin : Number.NEGATIVE_INFINITY,
    overshoot: sound ? Math.sqrt((most.value + most.margin) / floor) : Infinity,
  };
}

/**
 * λmin, with a proven margin, of the matrix that must be positive definite for V̇ ≤ −αV:
 *
 *   [−AᵀP − PA − αP, −PB1 − C1ᵀΛ; ·, 2Λ − ΛD11 − D11ᵀΛ]
 *
 * The second row is what slopes of the neurons in [0, 1] give: 2Δwᵀ Λ(Δv − Δw) ≥ 0.
 *
 * Martinelli et al. (2023), arXiv:2304.02976, theorem 1.
 */
function flowInequality(
  { A, B1, C1, D11 }: Pick<RenWeights, "A" | "B1" | "C1" | "D11">,
  { P, Lambda }: Witness,
  decay: number,
): Bounded {
  const [n, q] = [A.rows, D11.rows];
  if (P.rows !== n || Lambda.length !== q) {
    throw new DataError(
      `a witness for ${P.rows} states and ${Lambda.length} neurons beside ${n} and ${q}`,
    );
  }
  const of = (a: Matrix, b1: Matrix, c1: Matrix, d11: Matrix, p: Matrix, sign: 1 | -1) => {
    const flow = multiply(p, a); // PA, whose transpose is AᵀP
    const across = multiply(p, b1);
    return matrix(n + q, n + q, (i, j) => {
      const [row, col] = i <= j ? [i, j] : [j, i];
      if (col < n) {
        const both = flow.data[row * n + col] + flow.data[col * n + row];
        return sign * (both + decay * p.data[row * n + col]);
      }
      const k = col - n;
      if (row < n) return sign * (across.data[row * q + k] + c1.data[k * n + row] * Lambda[k]);
      const l = row - n;
      const pair = Lambda[k] * d11.data[k * q + l] + Lambda[l] * d11.data[l * q + k];
      return (k === l ? 2 * Lambda[k] : 0) + sign * pair;
    });
  };
  const M = of(A, B1, C1, D11, P, -1);
  // Of every entry the sum of the moduli of its terms.
  const [a, b1, c1, d11, p] = [A, B1, C1, D11, P].map(modulus);
  const moduli = of(a, b1, c1, d11, p, 1);
  const rounding = 2 * gamma(2 * (n + q) + 8) * frobeniusNorm(moduli);
  return smallestEigenvalue(symmetricPart(M), rounding);
}

const modulus = (A: Matrix): Matrix => ({ ...A, data: A.data.map(Math.abs) });
