/** eigenflow/identification: linear systems, from data and in themselves. */

export { discreteLyapunov } from "./linalg/lyapunov.ts";
export { discreteRiccati, type Riccati } from "./linalg/riccati.ts";
export { type LureSystem, pendulumLure, simulateLure } from "./lti/lure.ts";
export { type HInfinityNorm, hInfinityNorm } from "./lti/norm.ts";
export { lqr, type Regulator } from "./lti/regulator.ts";
export { frequencyResponse, gainAt, staticGain, stepResponse } from "./lti/response.ts";
export {
  isStable,
  markovParameters,
  poles,
  type Response,
  type StateSpace,
  simulate,
  stateSpace,
  transform,
  zeroOrderHold,
} from "./lti/state-space.ts";
