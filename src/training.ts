/** eigenflow/training: parameters in, better parameters out. */

export { type Deployed, deploy, explicitTensors } from "./training/deploy.ts";
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
export { type FitOptions, fit, initialState, parametersOf } from "./training/fit.ts";
export { correctCount, crossEntropy, meanSquaredError } from "./training/losses.ts";
export { type AdamOptions, adam, adamW, type Optimiser, sgd } from "./training/optimisers.ts";
export { formatSafetensors, parseSafetensors } from "./training/safetensors.ts";
export {
  constantRate,
  cosineRate,
  type OneCycle,
  oneCycle,
  oneCycleMomentum,
  type Schedule,
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
  type Accelerate,
  type Advice,
  attemptSeed,
  type Candidate,
  type Finding,
  type Observe,
  type Seen,
} from "./training/watch.ts";
