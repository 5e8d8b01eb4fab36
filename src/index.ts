/**
 * Eigenflow: neural networks as dynamical systems. The names that most programs start from; each
 * room has its own sub-path for the rest (`eigenflow/graph`, `/models`, `/training`, …).
 */
export { gradient } from "./autodiff/gradient.ts";
export { type Exported, type ExportOptions, exportModel } from "./config/export.ts";
export type { Dataset, Split } from "./data/dataset.ts";
export { mnist } from "./data/mnist.ts";
export { splitBySeed } from "./data/split.ts";
export { applyStandardisation, fitStandardisation } from "./data/standardise.ts";
export { twoMoons } from "./data/two-moons.ts";
export {
  CertificateError,
  DataError,
  EigenflowError,
  type ErrorCode,
  InputError,
  MissingRuntimeError,
  NumericError,
  ShapeError,
  UsageError,
} from "./errors.ts";
export { type CnnOptions, cnn } from "./models/cnn.ts";
export { type DeqOptions, deq } from "./models/deq.ts";
export { convolutional, type ImageLayerOptions } from "./models/layers/convolutional.ts";
export {
  type DenseOptions,
  dense,
  type PerceptronOptions,
  perceptron,
  type ResidualOptions,
  residual,
} from "./models/layers/dense.ts";
export { twoScale } from "./models/layers/two-scale.ts";
export { type MlpOptions, mlp } from "./models/mlp.ts";
export { type MonotoneConvDeqOptions, monotoneConvDeq } from "./models/monotone-conv-deq.ts";
export { type MonotoneDeqOptions, monotoneDeq } from "./models/monotone-deq.ts";
export { decode } from "./onnx/decode.ts";
export { encode } from "./onnx/encode.ts";
export { type CompileOptions, compile } from "./runtime/program.ts";
export { type DeployOptions, deploy, explicitTensors } from "./training/deploy.ts";
export { fit } from "./training/fit.ts";
export type { FitOptions } from "./training/fit-options.ts";
export {
  type AdamOptions,
  type AdamWOptions,
  adam,
  adamW,
  type SgdOptions,
  sgd,
} from "./training/optimisers.ts";
export {
  constantRate,
  cosineRate,
  type StepRateOptions,
  stepRate,
  warmUp,
} from "./training/schedules.ts";
export { parametersOf } from "./training/state.ts";
export { type CertifyOptions, certify } from "./verification/certify.ts";
export { recheck } from "./verification/recheck.ts";
