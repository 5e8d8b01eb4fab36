import type { Claim, ModelCertificate } from "../../verification/certificate.ts";
import { short } from "../output/numbers.ts";

/** What a certificate says, claim by claim. @param outputs  what the network gives */
export const claimLines = (
  certificate: ModelCertificate,
  outputs: "logits" | "outputs",
): string[] =>
  "claims" in certificate
    ? certificate.claims.map((claim) => claimLine(claim, outputs))
    : [
        `Lipschitz L  ${short(certificate.bound, 6)}  outputs per unit of raw input, l2: ${certificate.inequality}`,
      ];

/** A name and a sentence. */
function claimLine({ kind, bound, inequality }: Claim, outputs: string): string {
  const number = short(bound, 6);
  switch (kind) {
    case "unique-equilibrium":
      return `margin m     ${number}  one equilibrium for every input: ${inequality}`;
    case "resolvent":
      return `resolvent    ${number}  the iteration solves for these weights: ${inequality}`;
    case "convergence":
      return `rate         ${number}  a step shrinks the error by this factor or more: ${inequality}`;
    case "lipschitz":
      return `Lipschitz L  ${number}  ${outputs} per unit of raw input, l2: ${inequality}`;
  }
}
