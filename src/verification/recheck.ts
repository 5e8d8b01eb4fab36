import { requireObject, requireThat } from "../errors/arguments.ts";
import { CertificateError, InternalError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Certificate, Claim, ClaimKind } from "./certificate.ts";
import type { Finding } from "./findings.ts";
import { subjectOf } from "./subject.ts";

/** One claim, held against the weights. */
export interface Check {
  readonly kind: ClaimKind;
  readonly holds: boolean;
  readonly claimed: number;
  /** The number as proven from the weights now; Infinity where they prove no bound. */
  readonly found: number;
  /** By how much the claim holds; negative where it does not. */
  readonly margin: number;
  readonly sentence: string;
}

/** Every claim of a certificate, in its order. */
export type Verification = readonly Check[];

/**
 * Proves every claim again from the tensors alone. Of the certificate only the iteration is taken
 * on trust; of that, R confirms the splitting and α, and nothing here can confirm the activation, for which
 * the graph of the file is to be looked at, as `eigenflow certify` does.
 *
 * @throws DataError, ShapeError  for tensors that are not those of such a network
 */
export function recheck(
  certificate: Certificate,
  tensors: Readonly<Record<string, Tensor>>,
): Verification {
  requireObject("recheck", "certificate", certificate, "what certify or parseCertificate gives");
  requireObject("recheck", "tensors", tensors, "tensors by name, as of explicitTensors");
  const { iteration, convolution, claims } = certificate;
  requireObject("recheck", "certificate.iteration", iteration, "{ activation, splitting, alpha }");
  requireThat("recheck", "certificate.claims", claims, Array.isArray(claims), "an array of claims");
  const subject = subjectOf(tensors, { iteration, convolution });
  const { unique, relation, contraction, lipschitz } = subject;
  const findingOf = (kind: ClaimKind): Finding => {
    switch (kind) {
      case "unique-equilibrium":
        return unique;
      case "resolvent":
        if (relation === null)
          throw new InternalError(`claim "resolvent" about ${iteration.splitting}`);
        return relation;
      case "convergence":
        return contraction;
      case "lipschitz":
        return lipschitz({
          measured: unique.measured - (relation?.measured ?? 0),
          proven: unique.proven - (relation?.proven ?? 0),
        });
    }
  };
  return claims.map((claim) => check(claim, findingOf(claim.kind)));
}

function check({ kind, bound: claimed }: Claim, { inequality, proven: found }: Finding): Check {
  const margin = kind === "unique-equilibrium" ? found - claimed : claimed - found;
  const holds = margin >= 0;
  const numbers = `claimed ${claimed}, found ${short(found)}, margin ${short(margin)}`;
  const sentence = `${kind} ${holds ? "holds" : "FAILS"}: ${inequality}: ${numbers}`;
  return { kind, holds, claimed, found, margin, sentence };
}

const short = (x: number): string =>
  Number.isFinite(x) ? String(Number(x.toPrecision(9))) : "unbounded";

/** @throws CertificateError  with the sentence of every claim that does not hold */
export function requireHolds(verification: Verification): void {
  const failed = verification.filter(({ holds }) => !holds);
  if (failed.length === 0) return;
  throw new CertificateError(
    failed.map(({ sentence }) => sentence).join("\n"),
    "the weights are not those that were certified",
  );
}
