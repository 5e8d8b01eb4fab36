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
export { cnn } from "./models/cnn.ts";
export { deq } from "./models/deq.ts";
export { convolutional } from "./models/layers/convolutional.ts";
export { dense, perceptron, residual } from "./models/layers/dense.ts";
export { twoScale } from "./models/layers/two-scale.ts";
export { mlp } from "./models/mlp.ts";
export { monotoneConvDeq } from "./models/monotone-conv-deq.ts";
export { monotoneDeq } from "./models/monotone-deq.ts";
export { decode } from "./onnx/decode.ts";
export { encode } from "./onnx/encode.ts";
export { compile } from "./runtime/program.ts";
export { deploy, explicitTensors } from "./training/deploy.ts";
export { fit } from "./training/fit.ts";
export { adam, adamW, sgd } from "./training/optimisers.ts";
export { constantRate, cosineRate, stepRate, warmUp } from "./training/schedules.ts";
export { parametersOf } from "./training/state.ts";
export { certify } from "./verification/certify.ts";
export { recheck } from "./verification/recheck.ts";
