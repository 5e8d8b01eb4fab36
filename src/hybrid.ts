/**
 * Layers of trained networks as linear operators: dictionary lifts, and the delay operators of Koopman
 * hybrid networks as printed and as they should be fitted.
 */
export { type GluingArtefact, gluingArtefact } from "./hybrid/artefact.ts";
export type { Dictionary } from "./hybrid/dictionary.ts";
export {
  type DelayOperator,
  delayOperator,
  operatorEigenvalues,
  stepsAhead,
  truncated,
  type Way,
} from "./hybrid/glued.ts";
export {
  fitLift,
  type Lift,
  type LiftOptions,
  lifted,
  liftValue,
  observablesOf,
} from "./hybrid/lift.ts";
export {
  accuracyOf,
  type DenseLayer,
  dense,
  denseRelu,
  entering,
  leaving,
  logitsOf,
  type Network,
  networkOf,
} from "./hybrid/network.ts";
export type { Enough } from "./hybrid/plateau.ts";
export { refineLift } from "./hybrid/refine.ts";
export {
  type Regression,
  type RegressionOptions,
  regress,
  regressed,
} from "./hybrid/regression.ts";
export {
  type BlockStart,
  type ScalingBlock,
  type ScalingStart,
  scalingModel,
  trainScaling,
  untrainedScaling,
} from "./hybrid/scaling.ts";
export { type Recipe, startedMlp, trainedNetwork } from "./hybrid/train.ts";
export {
  firstOf,
  gluedSeries,
  type Trajectories,
  trajectoriesOf,
  windowsAt,
} from "./hybrid/trajectories.ts";
export { predicted, terminalMap, type WindowMap } from "./hybrid/window-map.ts";
export {
  rolledOut,
  type WithinOperator,
  withinEigenvalues,
  withinOperator,
} from "./hybrid/within.ts";
