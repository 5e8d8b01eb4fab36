/** eigenflow/koopman: snapshots in, spectrum out. */

export {
  type CompareOptions,
  type Comparison,
  compareDefaults,
  compareDynamics,
} from "./koopman/compare/compare.ts";
export {
  type CompareRunsOptions,
  compareRunsDefaults,
  compareSeries,
  compareWeights,
  type RunsComparison,
} from "./koopman/compare/compare-runs.ts";
export {
  hausdorff,
  type PermutationOptions,
  type PermutationTest,
  permutationTest,
  type SpectralDistance,
  spectralDistance,
} from "./koopman/compare/distance.ts";
export type { Route } from "./koopman/dmd/amplitudes.ts";
export {
  type DmdOptions,
  dmd,
  dmdDefaults,
  dmdOfPairs,
  type PairSpectrum,
} from "./koopman/dmd/dmd.ts";
export { dmdTall, type TallSpectrum, tallModes } from "./koopman/dmd/dmd-tall.ts";
export {
  continuous,
  forecast,
  frequencies,
  growthRates,
  halfLives,
  reconstruct,
} from "./koopman/dmd/expand.ts";
export { delayEmbed, type HankelOptions, hankelDmd } from "./koopman/dmd/hankel.ts";
export { type Ritz, ritz, type Scaling } from "./koopman/dmd/ritz.ts";
export {
  best,
  bestShare,
  both,
  important,
  ranked,
  residualBelow,
  type Selection,
  select,
} from "./koopman/dmd/select.ts";
export type { Importance, Reduced, Refined, Spectrum } from "./koopman/dmd/spectrum.ts";
export {
  capped,
  energy,
  hardThreshold,
  noiseFloor,
  numericalRank,
  rank,
  relativeGap,
  type Truncation,
} from "./koopman/dmd/truncation.ts";
export { equal, forgetting, relative, type Weighting } from "./koopman/dmd/weighting.ts";
export { displacements, increments } from "./koopman/forecast/extrapolate.ts";
export {
  type ForecastInterval,
  forecastInterval,
  type IntervalOptions,
  intervalDefaults,
} from "./koopman/forecast/interval.ts";
export {
  type JumpOptions,
  jumpDefaults,
  type Proposal,
  proposeJumps,
} from "./koopman/forecast/jump.ts";
export { type Settling, settling } from "./koopman/forecast/settling.ts";
export {
  type Projection,
  type ProjectionOptions,
  projectionDefaults,
  randomProjection,
} from "./koopman/snapshots/projection.ts";
export { snapshotFiles } from "./koopman/snapshots/snapshot-files.ts";
export {
  type SnapshotOptions,
  type SnapshotSource,
  snapshotSource,
} from "./koopman/snapshots/snapshot-source.ts";
export { tallBetween, tallIncrements, tallRows } from "./koopman/snapshots/tall-increments.ts";
export {
  type ControlledSpectrum,
  type ControlOptions,
  controlDefaults,
  dmdWithControl,
  simulate,
} from "./koopman/variants/control.ts";
export {
  type Dictionary,
  type Eigenfunctions,
  edmd,
  evaluate,
  heldOutResiduals,
  monomials,
  pseudospectrum,
} from "./koopman/variants/edmd.ts";
export { forwardBackwardDmd } from "./koopman/variants/forward-backward.ts";
export { type KernelEigenfunctions, kernelEdmd } from "./koopman/variants/kernel-edmd.ts";
export {
  gaussianKernel,
  type Kernel,
  linearKernel,
  medianDistance,
  polynomialKernel,
} from "./koopman/variants/kernels.ts";
export {
  type MultiResolution,
  type MultiResolutionOptions,
  multiResolutionDefaults,
  multiResolutionDmd,
  type Resolution,
  reconstructLevels,
  windowsOf,
} from "./koopman/variants/multi-resolution.ts";
export { type OnlineMap, startOnline, withPair } from "./koopman/variants/online.ts";
export {
  type Bagging,
  type OptimisedOptions,
  type OptimisedSpectrum,
  optimisedDefaults,
  optimisedDmd,
} from "./koopman/variants/optimised.ts";
export {
  type RandomisedOptions,
  randomisedDefaults,
  randomisedDmd,
} from "./koopman/variants/randomised.ts";
export {
  type SparseChoice,
  type SparseOptions,
  sparseDefaults,
  sparsityPath,
} from "./koopman/variants/sparse.ts";
export {
  type StreamingDmd,
  startStreaming,
  streamingSpectrum,
  streamPair,
} from "./koopman/variants/streaming.ts";
export { totalLeastSquaresDmd } from "./koopman/variants/total-least-squares.ts";
export {
  type Analysis,
  type AnalysisOptions,
  analyseSeries,
  analysisDefaults,
  analysisOfWeights,
  type SeriesInput,
  type SlidingWindow,
  type WindowAnalysis,
} from "./koopman/verdict/analysis.ts";
export { isConfirmed, windowsToEnd } from "./koopman/verdict/confirmed.ts";
export type { Prospect } from "./koopman/verdict/diagnosis.ts";
export type { ForecastMargin } from "./koopman/verdict/forecast-margin.ts";
export {
  type Change,
  type Monitor,
  type MonitorOptions,
  type MonitorVerdict,
  monitor,
  monitorDefaults,
  type Observation,
} from "./koopman/verdict/monitor.ts";
export type { WeightMode, WeightsMotion } from "./koopman/verdict/motion.ts";
export { comesToRest } from "./koopman/verdict/resting.ts";
export { type Stretch, stretchOf } from "./koopman/verdict/stretch.ts";
export {
  type Decision,
  type Diagnosis,
  type Verdict,
  type VerdictOptions,
  verdict,
  verdictDefaults,
} from "./koopman/verdict/verdict.ts";
export {
  analyseWeights,
  type WeightsAnalysis,
  type WeightsOptions,
  type WeightsTensor,
  weightsDefaults,
} from "./koopman/verdict/weights.ts";
export {
  forecastLoss,
  type LossMode,
  noiseOf,
  steadySpectrum,
  type WindowSpectrum,
  windowSpectrum,
} from "./koopman/verdict/window.ts";
