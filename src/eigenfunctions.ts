/** eigenflow/eigenfunctions: exact Koopman eigenfunctions and reductions of recurrent networks. */

export {
  type Activation,
  type ActivationName,
  activationNames,
  activationOf,
} from "./eigenfunctions/activation.ts";
export { reachAlong, reachOf, truncationBound } from "./eigenfunctions/bounds.ts";
export {
  type CheckOptions,
  type Exactness,
  exactnessOf,
  reductionGap,
} from "./eigenfunctions/checks.ts";
export {
  type Coordinate,
  checkCoordinate,
  coordinateOf,
  coordinates,
  type Hypothesis,
} from "./eigenfunctions/coordinate.ts";
export {
  advance,
  type Field,
  rungeKutta,
  type Steps,
  simulate,
  stability,
} from "./eigenfunctions/dynamics.ts";
export {
  type Eigenfunction,
  type EigenfunctionOptions,
  type Eigenfunctions,
  eigenfunctionsOf,
  phiOf,
} from "./eigenfunctions/eigenfunctions.ts";
export { equationOf, lawOf } from "./eigenfunctions/equation.ts";
export {
  type Family,
  type FamilyFunction,
  type FamilySystem,
  familyOf,
  familyRate,
  familyValue,
} from "./eigenfunctions/families.ts";
export {
  type FixedPoint,
  type FixedPointOptions,
  type FixedPoints,
  fixedPoints,
  type Stability,
} from "./eigenfunctions/fixed-points.ts";
export { type Gate, type GatedReading, gatedOffers, readGated } from "./eigenfunctions/gated.ts";
export {
  eigenfunctionGraph,
  encodeGraph,
  type Graph,
  reducedGraph,
} from "./eigenfunctions/graphs.ts";
export { type Monomial, monomial, ratios } from "./eigenfunctions/invariants.ts";
export { fullJacobian } from "./eigenfunctions/jacobian.ts";
export {
  type Form,
  type NetworkOptions,
  type RecurrentNetwork,
  recurrentNetwork,
  type Time,
} from "./eigenfunctions/network.ts";
export {
  type Reading,
  type ReadingOptions,
  readNetwork,
  type Track,
  trackOf,
} from "./eigenfunctions/reading.ts";
export { type ReducedRun, simulateReduced } from "./eigenfunctions/reduced-run.ts";
export {
  lift,
  project,
  type Reduction,
  reduce,
  reducedField,
} from "./eigenfunctions/reduction.ts";
export { restingEquations } from "./eigenfunctions/unequal-decay.ts";
export {
  type ReadOptions,
  type RecurrentWeights,
  readWeights,
} from "./eigenfunctions/weights/read.ts";
