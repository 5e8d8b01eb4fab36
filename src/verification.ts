/** eigenflow/verification: what can be proven of a model, as data that can be proven again. */
export {
  type Certificate,
  type Claim,
  type ClaimKind,
  type Iteration,
  parseCertificate,
} from "./verification/certificate.ts";
export { certify } from "./verification/certify.ts";
export { type Check, recheck, requireHolds, type Verification } from "./verification/recheck.ts";
