/** eigenflow/models: graphs over named parameters. */

export { type CnnOptions, cnn } from "./models/cnn.ts";
export { type DeqOptions, deq } from "./models/deq.ts";
export type { Correction, DeqTraining, JacobianPenalty } from "./models/deq-training.ts";
export { heNormal, type Initial, uniformFanIn } from "./models/initialise.ts";
export {
  convolutional,
  type ImageLayerOptions,
  type ImageShape,
} from "./models/layers/convolutional.ts";
export {
  type DenseOptions,
  dense,
  type PerceptronOptions,
  perceptron,
  type ResidualOptions,
  residual,
} from "./models/layers/dense.ts";
export type {
  EquilibriumLayer,
  Layer,
  ParameterSpec,
} from "./models/layers/layer.ts";
export { groupNorm } from "./models/layers/norm.ts";
export { twoScale } from "./models/layers/two-scale.ts";
export {
  type LbdnOptions,
  lbdn,
  type MonotoneActivation,
  monotoneActivations,
} from "./models/lbdn.ts";
export { type Activation, activations, type MlpOptions, mlp } from "./models/mlp.ts";
export type {
  Model,
  ModelSettings,
  Noise,
  Parameters,
  Pass,
  Supplies,
  Wants,
} from "./models/model.ts";
export { trainedCount } from "./models/model.ts";
export { type MonotoneConvDeqOptions, monotoneConvDeq } from "./models/monotone-conv-deq.ts";
export {
  type MonotoneDeqOptions,
  type MonotoneSplitting,
  monotoneDeq,
  monotoneWeight,
  type SplittingKind,
} from "./models/monotone-deq.ts";
export { type Parametrisation, parametrisations } from "./models/monotone-parameters.ts";
export { type NeuralOde, type NeuralOdeOptions, neuralOde } from "./models/neural-ode.ts";
export { type NormalisedCnnOptions, normalisedCnn } from "./models/normalised-cnn.ts";
export type { CellKind } from "./models/recurrent/cells.ts";
export { type RecurrentOptions, recurrent } from "./models/recurrent/recurrent.ts";
export {
  type ContinuousForm,
  continuousDirect,
  continuousShapes,
} from "./models/ren/continuous.ts";
export {
  type ContinuousRen,
  type ContinuousRenOptions,
  continuousRen,
} from "./models/ren/flow.ts";
export { type Guarantee, type Supply, supplyOf } from "./models/ren/guarantee.ts";
export {
  type LinearSystem,
  linearStart,
  longMemoryStart,
  type Start,
} from "./models/ren/initialise.ts";
export type { Metric, RenForm } from "./models/ren/parametrisation.ts";
export { type Ren, type RenOptions, ren } from "./models/ren/ren.ts";
export type { SequenceModel, Simulation } from "./models/sequence.ts";
export { atTime } from "./models/sim/at-time.ts";
export { coordinates } from "./models/sim/coordinates.ts";
export type { FourierFeatures } from "./models/sim/fourier.ts";
export {
  type InvariantSim,
  type InvariantSimOptions,
  invariantSim,
} from "./models/sim/invariant.ts";
export { type LimitMap, limitMap, type ObservedSteps } from "./models/sim/limit-map.ts";
export type { Modes } from "./models/sim/modes.ts";
export { readSim, type SimReading } from "./models/sim/reading.ts";
export { type Sim, type SimOptions, sim } from "./models/sim/sim.ts";
export {
  type CoreSpectrum,
  coreSpectrum,
  type SimMode,
  type SimSpectrum,
  type SpectrumOptions,
  simSpectrum,
} from "./models/sim/spectrum.ts";
export {
  type TemporalConvolutionOptions,
  temporalConvolution,
} from "./models/temporal-convolution.ts";
export type { WeightNormalisation } from "./models/weight-normalisation.ts";
