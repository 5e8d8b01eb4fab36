/** eigenflow/verification: what can be proven of a model, as data that can be proven again. */
export { type AttainedGain, attainedGain } from "./verification/attained.ts";
export {
  type Certificate,
  type Claim,
  type ClaimKind,
  type Convolution,
  type Iteration,
  parseCertificate,
} from "./verification/certificate.ts";
export { type CertifyOptions, certify } from "./verification/certify.ts";
export {
  type Conclusion,
  type Explanation,
  explain,
  type LayerProperties,
  type LocalBehaviour,
  layerJacobian,
  layerProperties,
  localBehaviour,
} from "./verification/equilibria.ts";
export { examineLayer, type LayerReport } from "./verification/failure-analysis.ts";
export { farthest, localGain, type Stretched, stretch } from "./verification/gain-search.ts";
export {
  certifyGain,
  type GainCertificate,
  type GainCheck,
  parseGainCertificate,
  recheckGain,
} from "./verification/lbdn.ts";
export { attainedLbdnGain } from "./verification/lbdn-attained.ts";
export { type Check, recheck, requireHolds, type Verification } from "./verification/recheck.ts";
export {
  certifyRen,
  parseRenCertificate,
  type RenCertificate,
  type RenCheck,
  type RenClaim,
  recheckRen,
} from "./verification/ren-certificate.ts";
export {
  certifyFlow,
  type FlowCertificate,
  parseFlowCertificate,
  recheckFlow,
} from "./verification/ren-flow.ts";
export { contractionOfStep, gainOfSequences } from "./verification/ren-observed.ts";
export { equilibriumShift, type LayerWeights } from "./verification/sensitivity.ts";
