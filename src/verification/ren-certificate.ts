import { z } from "zod";
import { CertificateError, DataError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import { smallestEigenvalue, spectralNormBound } from "../linalg/bounds.ts";
import { type Guarantee, supplyOf } from "../models/ren/guarantee.ts";
import { type ProxKind, proxKinds } from "../solvers/prox.ts";
import { roundDown, roundUp } from "./decimals.ts";
import {
  keptWitness,
  type ProvenInequality,
  renInequality,
  renWeights,
  type Witness,
  witnessOf,
} from "./ren-inequality.ts";

/**
 * What is proven of the float32 matrices of a recurrent equilibrium network, as plain JSON with its
 * witness: `recheckRen` proves it again from the file's tensors and this alone.
 *
 * The claims are about exact arithmetic on the stored weights in the network's own units. They hold
 * for every activation with slopes in [0, 1]; nothing here can confirm which one a file runs.
 */
export interface RenCertificate extends ProvenInequality {
  readonly schema: "eigenflow/ren-certificate@1";
  readonly model: "ren";
  readonly precision: "float32";
  readonly activation: ProxKind;
  /** "acyclic": D11 is strictly lower triangular, which the substitution that runs takes for granted. */
  readonly feedback: "acyclic" | "full";
  /** V(Δx⁺) ≤ ᾱ² V(Δx) + s with V(Δx) = Δxᵀ𝒫Δx: s = 0 for equal inputs, else by the guarantee. */
  readonly rate: number;
  readonly guarantee: Guarantee;
  /** ‖Δx_t‖ ≤ `overshoot` · ᾱᵗ ‖Δx₀‖ in the Euclidean norm: √cond 𝒫, rounded up. */
  readonly overshoot: number;
  /** SHA-256 of all tensors that the file stores, where it was kept: tells a change that the claims survive. */
  readonly weightsSha256?: string | undefined;
}

/** The inequality held against the weights. */
export interface RenCheck {
  readonly holds: boolean;
  /** What λmin is proven to be at least; the inequality holds where it is positive. */
  readonly margin: number;
  readonly sentence: string;
}

/** What is claimed, the witness aside. */
export type RenClaim = Pick<RenCertificate, "activation" | "feedback" | "rate" | "guarantee">;

const number = z.number();
const square = z.array(z.array(number));
const schema: z.ZodType<RenCertificate> = z.strictObject({
  schema: z.literal("eigenflow/ren-certificate@1"),
  model: z.literal("ren"),
  precision: z.literal("float32"),
  activation: z.enum(proxKinds),
  feedback: z.enum(["acyclic", "full"]),
  rate: number.positive().max(1),
  guarantee: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("contracting") }),
    z.strictObject({ kind: z.literal("lipschitz"), gamma: number }),
    z.strictObject({ kind: z.literal("input-passive"), nu: number }),
    z.strictObject({ kind: z.literal("output-passive"), rho: number }),
    z.strictObject({ kind: z.literal("passive"), nu: number, rho: number }),
    z.strictObject({ kind: z.literal("dissipative"), Q: square, S: square, R: square }),
  ]),
  overshoot: number.min(1),
  measured: number.positive(),
  roundingMargin: number.nonnegative(),
  P: square,
  Lambda: z.array(number.positive()),
  weightsSha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});

/**
 * Proves the guarantee of a network from its stored matrices, with 𝒫 and Λ as its parameters gave
 * them in float64 (`Ren.metric`).
 *
 * @throws CertificateError  where the inequality cannot be proven
 * @throws DataError, ShapeError  for tensors that are not those of such a network
 */
export function certifyRen(
  tensors: Readonly<Record<string, Tensor>>,
  metric: { readonly P: Tensor; readonly Lambda: Tensor },
  claim: RenClaim,
): RenCertificate {
  const { P, Lambda } = keptWitness(metric);
  const { activation, feedback, rate, guarantee } = claim;
  const found = prove(tensors, witnessOf(P, Lambda), claim);
  if (!(found.margin > 0)) {
    throw new CertificateError(
      `${guarantee.kind}: ${inequality} is not proven at rate ${rate}: λmin ${brief(found.measured)}, ` +
        `at least ${brief(found.margin)}`,
      "train with a larger epsilon, which is the room that the cast to float32 has",
    );
  }
  return {
    schema: "eigenflow/ren-certificate@1",
    model: "ren",
    precision: "float32",
    activation,
    feedback,
    rate,
    guarantee,
    overshoot: roundUp(found.overshoot),
    measured: found.measured,
    roundingMargin: found.roundingMargin,
    P,
    Lambda,
  };
}

/** The claim proven again from the file's tensors. */
export function recheckRen(
  certificate: RenCertificate,
  tensors: Readonly<Record<string, Tensor>>,
): RenCheck {
  const { P, Lambda, rate, guarantee, overshoot } = certificate;
  const found = prove(tensors, witnessOf(P, Lambda), certificate);
  // A relation of 𝒫 alone, which the printed digits round up.
  const holds = found.margin > 0 && found.overshoot <= overshoot * (1 + 1e-9);
  const verb = holds ? "holds" : "does not hold";
  const { margin } = found;
  const shown = margin > 0 ? roundDown(margin) : brief(margin);
  const least = Number.isFinite(shown) ? `, λmin at least ${shown}` : "";
  return {
    holds,
    margin: found.margin,
    sentence: `${guarantee.kind} at rate ${rate}: ${inequality} ${verb}${least}; ${supplyInWords(guarantee)}`,
  };
}

/** A certificate from JSON that was read. @throws DataError  naming the field that is wrong */
export function parseRenCertificate(json: unknown): RenCertificate {
  const { data, error } = schema.safeParse(json);
  if (error === undefined) return data;
  const { path, message } = error.issues[0];
  const where = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`));
  throw new DataError(`certificate${where.join("")}: ${message}`, { cause: error });
}

const brief = (x: number) => Number(x.toPrecision(4));
const inequality = "V(Δx⁺) ≤ ᾱ² V(Δx) + s";

/** The supply s of each guarantee, as `supplyOf` has it. */
function supplyInWords(guarantee: Guarantee): string {
  switch (guarantee.kind) {
    case "contracting":
      return "s = 0 for equal inputs";
    case "lipschitz":
      return "s = γ‖Δu‖² − ‖Δy‖²/γ";
    case "input-passive":
      return "s = 2ΔyᵀΔu − 2ν‖Δu‖²";
    case "output-passive":
      return "s = 2ΔyᵀΔu − 2ρ‖Δy‖²";
    default:
      return "s the supply of the guarantee";
  }
}

/** The inequality and 𝒫 ≻ 0, each to the last proven digit; −Infinity where 𝒫, Λ or D11 is not as claimed. */
function prove(
  tensors: Readonly<Record<string, Tensor>>,
  witness: Witness,
  { rate, guarantee, feedback }: Omit<RenClaim, "activation">,
) {
  const weights = renWeights(tensors);
  const supply = supplyOf(guarantee, weights.B2.cols, weights.C2.rows);
  const { value, margin } = renInequality(weights, witness, rate, supply);
  const least = smallestEigenvalue(witness.P);
  const most = spectralNormBound(witness.P);
  const floor = least.value - least.margin;
  const { data, cols: q } = weights.D11;
  const solvable =
    feedback === "full" || data.every((d, k) => d === 0 || k % q < Math.floor(k / q));
  const positive = solvable && floor > 0 && witness.Lambda.every((entry) => entry > 0);
  return {
    measured: value,
    roundingMargin: margin,
    margin: positive ? value - margin : Number.NEGATIVE_INFINITY,
    overshoot: positive ? Math.sqrt((most.value + most.margin) / floor) : Infinity,
  };
}
