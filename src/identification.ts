/** eigenflow/identification: models of measured systems, and linear systems in themselves. */

export { type ArxFit, type ArxOptions, arx } from "./identification/arx.ts";
export {
  type Identified,
  type IdentifyOptions,
  identifiedPredictor,
  identifyLinear,
} from "./identification/identify.ts";
export { linearStep } from "./identification/linear-step.ts";
export { type Linearised, linearised } from "./identification/linearise.ts";
export type { LinearModel } from "./identification/model.ts";
export {
  type PredictionErrorFit,
  type PredictionErrorOptions,
  predictionError,
} from "./identification/prediction-error.ts";
export { linearPredictor, type Predictor, predictOutputs } from "./identification/predictor.ts";
export {
  identifyRen,
  type RenFit,
  type RenFitOptions,
  type RenFitState,
} from "./identification/ren-fit.ts";
export {
  type Correlation,
  type Residuals,
  type ResidualTests,
  residualTests,
} from "./identification/residuals.ts";
export { stabilise } from "./identification/stabilise.ts";
export { decodeStep, encodeSequence, encodeStep } from "./identification/step-file.ts";
export {
  recheckStep,
  type StepCheck,
  type StepModel,
  stepPredictor,
  unitsOfGain,
} from "./identification/step-model.ts";
export { type ObservedGain, observedGain } from "./identification/step-observed.ts";
export type { GainSearch } from "./identification/step-search.ts";
export {
  excites,
  type OrderTried,
  type SubspaceFit,
  type SubspaceOptions,
  subspace,
} from "./identification/subspace.ts";
export {
  formatValidation,
  type HorizonFit,
  type OutputFit,
  type Validation,
  type ValidationOptions,
  validate,
} from "./identification/validate.ts";
export { discreteLyapunov } from "./linalg/lyapunov.ts";
export { discreteRiccati, type Riccati } from "./linalg/riccati.ts";
export { type Balanced, balance, truncate } from "./lti/balance.ts";
export { type LureSystem, pendulumLure, simulateLure } from "./lti/lure.ts";
export { type HInfinityNorm, hInfinityNorm, realLemmaHolds } from "./lti/norm.ts";
export { lqr, type Regulator } from "./lti/regulator.ts";
export { frequencyResponse, gainAt, staticGain, stepResponse } from "./lti/response.ts";
export {
  isStable,
  markovParameters,
  poles,
  type Response,
  type Rows,
  type StateSpace,
  simulate,
  stateSpace,
  transform,
  zeroOrderHold,
} from "./lti/state-space.ts";
