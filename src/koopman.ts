/** eigenflow/koopman: snapshots in, spectrum out. */

export type { Route } from "./koopman/amplitudes.ts";
export {
  type Analysis,
  type AnalysisOptions,
  analyseSeries,
  analysisDefaults,
  analysisOfWeights,
  type SeriesInput,
  type SlidingWindow,
  type WindowAnalysis,
} from "./koopman/analysis.ts";
export {
  type CompareOptions,
  type Comparison,
  compareDefaults,
  compareDynamics,
} from "./koopman/compare.ts";
export {
  type CompareRunsOptions,
  compareRunsDefaults,
  compareSeries,
  compareWeights,
  type RunsComparison,
} from "./koopman/compare-runs.ts";
export {
  type ControlledSpectrum,
  type ControlOptions,
  controlDefaults,
  dmdWithControl,
  simulate,
} from "./koopman/control.ts";
export type { Prospect } from "./koopman/diagnosis.ts";
export {
  hausdorff,
  type PermutationOptions,
  type PermutationTest,
  permutationTest,
  type SpectralDistance,
  spectralDistance,
} from "./koopman/distance.ts";
export {
  type DmdOptions,
  dmd,
  dmdDefaults,
  dmdOfPairs,
  type PairSpectrum,
} from "./koopman/dmd.ts";
export { dmdTall, type TallSpectrum, tallModes } from "./koopman/dmd-tall.ts";
export {
  type Dictionary,
  type Eigenfunctions,
  edmd,
  evaluate,
  heldOutResiduals,
  monomials,
  pseudospectrum,
} from "./koopman/edmd.ts";
export {
  continuous,
  forecast,
  frequencies,
  growthRates,
  halfLives,
  reconstruct,
} from "./koopman/expand.ts";
export { displacements, increments } from "./koopman/extrapolate.ts";
export type { ForecastMargin } from "./koopman/forecast-margin.ts";
export { forwardBackwardDmd } from "./koopman/forward-backward.ts";
export { delayEmbed, type HankelOptions, hankelDmd } from "./koopman/hankel.ts";
export {
  type ForecastInterval,
  forecastInterval,
  type IntervalOptions,
  intervalDefaults,
} from "./koopman/interval.ts";
export { type JumpOptions, jumpDefaults, type Proposal, proposeJumps } from "./koopman/jump.ts";
export { type KernelEigenfunctions, kernelEdmd } from "./koopman/kernel-edmd.ts";
export {
  gaussianKernel,
  type Kernel,
  linearKernel,
  medianDistance,
  polynomialKernel,
} from "./koopman/kernels.ts";
export {
  type Change,
  type Monitor,
  type MonitorOptions,
  type MonitorVerdict,
  monitor,
  monitorDefaults,
  type Observation,
} from "./koopman/monitor.ts";
export type { WeightMode, WeightsMotion } from "./koopman/motion.ts";
export {
  type MultiResolution,
  type MultiResolutionOptions,
  multiResolutionDefaults,
  multiResolutionDmd,
  type Resolution,
  reconstructLevels,
  windowsOf,
} from "./koopman/multi-resolution.ts";
export { type OnlineMap, startOnline, withPair } from "./koopman/online.ts";
export {
  type Bagging,
  type OptimisedOptions,
  type OptimisedSpectrum,
  optimisedDefaults,
  optimisedDmd,
} from "./koopman/optimised.ts";
export {
  type Projection,
  type ProjectionOptions,
  projectionDefaults,
  randomProjection,
} from "./koopman/projection.ts";
export { type RandomisedOptions, randomisedDefaults, randomisedDmd } from "./koopman/randomised.ts";
export { type Ritz, ritz, type Scaling } from "./koopman/ritz.ts";
export {
  best,
  bestShare,
  both,
  important,
  ranked,
  residualBelow,
  type Selection,
  select,
} from "./koopman/select.ts";
export { type Settling, settling } from "./koopman/settling.ts";
export { snapshotFiles } from "./koopman/snapshot-files.ts";
export {
  type SnapshotOptions,
  type SnapshotSource,
  snapshotSource,
} from "./koopman/snapshot-source.ts";
export {
  type SparseChoice,
  type SparseOptions,
  sparseDefaults,
  sparsityPath,
} from "./koopman/sparse.ts";
export type { Importance, Reduced, Refined, Spectrum } from "./koopman/spectrum.ts";
export {
  type StreamingDmd,
  startStreaming,
  streamingSpectrum,
  streamPair,
} from "./koopman/streaming.ts";
export { tallBetween, tallIncrements, tallRows } from "./koopman/tall-increments.ts";
export { totalLeastSquaresDmd } from "./koopman/total-least-squares.ts";
export {
  capped,
  energy,
  hardThreshold,
  noiseFloor,
  numericalRank,
  rank,
  relativeGap,
  type Truncation,
} from "./koopman/truncation.ts";
export {
  type Decision,
  type Diagnosis,
  isConfirmed,
  type Verdict,
  type VerdictOptions,
  verdict,
  verdictDefaults,
  windowsToEnd,
} from "./koopman/verdict.ts";
export { equal, forgetting, relative, type Weighting } from "./koopman/weighting.ts";
export {
  analyseWeights,
  type WeightsAnalysis,
  type WeightsOptions,
  type WeightsTensor,
  weightsDefaults,
} from "./koopman/weights.ts";
export {
  forecastLoss,
  type LossMode,
  noiseOf,
  steadySpectrum,
  type WindowSpectrum,
  windowSpectrum,
} from "./koopman/window.ts";
