/** eigenflow/training: parameters in, better parameters out. */

export { type Deployed, type DeployOptions, deploy, explicitTensors } from "./training/deploy.ts";
export type {
  Attempt,
  EpochSums,
  FitStatus,
  Metrics,
  SolverSummary,
  SolverSums,
  StepMetrics,
  TrainEvent,
  TrainingState,
} from "./training/events.ts";
export { fit } from "./training/fit.ts";
export type { FitOptions } from "./training/fit-options.ts";
export {
  type Descended,
  type FullBatchOptions,
  fullBatch,
} from "./training/full-batch.ts";
export {
  correctCount,
  crossEntropy,
  type Loss,
  type LossBatch,
  meanSquaredError,
} from "./training/losses.ts";
export {
  type AdamOptions,
  type AdamWOptions,
  adam,
  adamW,
  type Optimiser,
  type SgdOptions,
  sgd,
} from "./training/optimisers.ts";
export { formatSafetensors, parseSafetensors, type SafeTensors } from "./training/safetensors.ts";
export {
  constantRate,
  cosineRate,
  type OneCycle,
  oneCycle,
  oneCycleMomentum,
  type Schedule,
  type StepRateOptions,
  stepRate,
  warmUp,
} from "./training/schedules.ts";
export {
  cutSequences,
  fitSequences,
  type SequenceFit,
  type SequenceFitOptions,
  type Sequences,
} from "./training/sequence-fit.ts";
export {
  type DenoiseNetworkOptions,
  denoiseByNetwork,
  type NetworkDenoised,
} from "./training/sobolev/denoise-network.ts";
export {
  allPairsEstimate,
  naiveEstimate,
  type Summand,
  twoBatchEstimate,
} from "./training/sobolev/estimates.ts";
export { withHeads, withoutHeads } from "./training/sobolev/heads.ts";
export {
  type SobolevKind,
  type SobolevOptions,
  sobolevKinds,
  sobolevLoss,
} from "./training/sobolev/loss.ts";
export { initialState, parametersOf } from "./training/state.ts";
export {
  type Accelerate,
  type Advice,
  attemptSeed,
  type Candidate,
  type Finding,
  type Observe,
  type Seen,
} from "./training/watch.ts";
