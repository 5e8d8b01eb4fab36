import { requireObject, requireOneOf, shown } from "../errors/arguments.ts";
import { CertificateError, UsageError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import { proxKinds } from "../solvers/prox.ts";
import type { Certificate, Claim, ClaimKind, Convolution, Iteration } from "./certificate.ts";
import { roundDown, roundUp, roundUpBelowOne } from "./decimals.ts";
import type { Finding } from "./findings.ts";
import { type Subject, subjectOf } from "./subject.ts";

/** The iteration that runs, and the model's nominal monotonicity. */
export interface CertifyOptions extends Iteration {
  readonly m: number; // nominal, for the record: what is claimed is what W has after the cast
  /** Of a network of convolutions. */
  readonly convolution?: Convolution;
}

/**
 * What can be proven of a monotone equilibrium network from the float32 tensors of its file: W, U,
 * W_o, R where the iteration multiplies with it, and input.scale where inputs are standardised.
 *
 * Each bound is the proven number, less the room of `Finding`, rounded outward to 6 digits. Forward–
 * backward that does not contract at this α has no claim "convergence"; every other claim is made or
 * refused.
 *
 * With `convolution`, of a network of convolutions: W and R are then blocks in the basis Q, or T(Q ⊗ I),
 * and the tensors of the file make up the operators, the rounding of Q included.
 *
 * @throws CertificateError  naming the inequality that does not hold
 * @throws DataError, ShapeError  for tensors that are not those of such a network
 */
export function certify(
  tensors: Readonly<Record<string, Tensor>>,
  options: CertifyOptions,
): Certificate {
  requireObject("certify", "tensors", tensors, "tensors by name, as of explicitTensors");
  requireObject("certify", "options", options, "{ m, activation, splitting, alpha } of the model");
  const { m, activation, splitting, alpha, convolution } = options;
  requireOneOf("certify", "activation", activation, proxKinds);
  requireOneOf("certify", "splitting", splitting, ["peaceman-rachford", "forward-backward"]);
  for (const [name, number] of Object.entries({ m, alpha })) {
    if (!(typeof number === "number" && number > 0 && number < Infinity)) {
      throw new UsageError(`certify: ${name} = ${shown(number)} is not positive`);
    }
  }
  const iteration = { activation, splitting, alpha };
  const subject = subjectOf(tensors, { iteration, convolution });
  return {
    schema: "eigenflow/certificate@1",
    model: convolution ? "monotone-conv-deq" : "monotone-deq",
    precision: "float32",
    iteration,
    ...(convolution && { convolution }),
    claims: claimsOf(subject, m),
  };
}

function claimsOf({ unique, relation, contraction, lipschitz }: Subject, nominal: number): Claim[] {
  const m = roundDown(Math.max(0, unique.proven - unique.room));
  if (!(m > 0)) {
    throw refusal("unique-equilibrium", unique, "the symmetric part of I − W is what must be > 0");
  }
  const claims: Claim[] = [{ kind: "unique-equilibrium", ...evidence(unique, m), nominal }];

  let distance = { measured: 0, bound: 0 };
  if (relation !== null) {
    const bound = roundUp(relation.proven + relation.room);
    if (!(relation.residual <= relation.tolerance && bound < Infinity)) {
      throw new CertificateError(
        `resolvent: R is not 2(I + α(I − W))⁻¹ − I at α = ${relation.alpha}: ` +
          `residual ${relation.residual} where float32 leaves at most ${relation.tolerance}`,
        "R and W, or α, are not from one model",
      );
    }
    distance = { measured: relation.measured, bound };
    claims.push({ kind: "resolvent", ...evidence(relation, bound) });
  }

  const rate = roundUpBelowOne(Math.min(1, contraction.proven + contraction.room));
  if (rate < 1) {
    claims.push({ kind: "convergence", ...evidence(contraction, rate) });
  } else if (relation !== null) {
    throw refusal("convergence", contraction, "raise m, or bring α nearer to 1/‖I − W‖₂");
  }

  const gain = lipschitz({
    measured: unique.measured - distance.measured,
    proven: m - distance.bound,
  });
  const bound = roundUp(gain.proven + gain.room);
  if (!(bound < Infinity)) {
    throw refusal("lipschitz", gain, `m = ${m} must exceed the rounding of R, ${distance.bound}`);
  }
  claims.push({ kind: "lipschitz", ...evidence(gain, bound) });
  return claims;
}

const evidence = <I extends string>(
  { inequality, tensors, measured, roundingMargin }: Finding<I>,
  bound: number,
) => ({ inequality, norm: "l2" as const, tensors, bound, measured, roundingMargin });

function refusal(kind: ClaimKind, { inequality, measured, proven }: Finding, hint: string) {
  return new CertificateError(
    `${kind}: ${inequality} does not hold: measured ${measured}, proven ${proven}`,
    hint,
  );
}
