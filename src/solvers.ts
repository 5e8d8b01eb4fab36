/** eigenflow/solvers: z = f(z) as loops inside the graph. */

export { adaptiveForwardBackward } from "./solvers/adaptive-forward-backward.ts";
export { type AndersonOptions, anderson, andersonDefaults } from "./solvers/anderson.ts";
export { type AutoOptions, auto, autoDefaults } from "./solvers/auto.ts";
export {
  applyBlocks,
  type Basis,
  type Bidiagonal,
  blockPeacemanRachford,
  joinTiers,
  reflectedTiers,
} from "./solvers/block-splitting.ts";
export { type BroydenOptions, broyden, broydenDefaults } from "./solvers/broyden.ts";
export { dense } from "./solvers/dense.ts";
export {
  fixedPoint,
  type IteratedSolver,
  type Solve,
  type Solver,
  type SolverHealth,
  solveOf,
  solverHealth,
  type WholeSolver,
} from "./solvers/fixed-point.ts";
export { type GmresOptions, gmres, gmresDefaults } from "./solvers/gmres.ts";
export {
  iterate,
  type Method,
  type SampleAxis,
  type Solution,
  type StateMap,
  type Step,
} from "./solvers/iterate.ts";
export { type NewtonOptions, newton, newtonDefaults } from "./solvers/newton.ts";
export {
  type NewtonGmresOptions,
  newtonGmres,
  newtonGmresDefaults,
} from "./solvers/newton-gmres.ts";
export { integrate, type OdeOptions, type OdeSolution } from "./solvers/ode/integrate.ts";
export {
  type OdeInfo,
  type OdeStatus,
  odeStatuses,
  type StepControl,
  stepControlDefaults,
} from "./solvers/ode/options.ts";
export type { VectorField } from "./solvers/ode/runge-kutta.ts";
export {
  type SolveInfo,
  type SolveOptions,
  type SolveStatus,
  solveDefaults,
  solveOptions,
  solveStatuses,
  statusCode,
} from "./solvers/options.ts";
export { jfb, type PhantomOptions, phantom, phantomDefaults } from "./solvers/phantom.ts";
export { picard } from "./solvers/picard.ts";
export { type Prox, type ProxKind, proxKinds, proxOf } from "./solvers/prox.ts";
export {
  type Purpose,
  type SolverChoice,
  type SolverEntry,
  type SolverOption,
  solver,
  solverNames,
  solverTable,
} from "./solvers/registry.ts";
export {
  douglasRachford,
  forwardBackward,
  peacemanRachford,
  reflectedResolvent,
  type Splitting,
} from "./solvers/splitting.ts";
export { lipschitz, stepSize, tuneAlpha } from "./solvers/step-size.ts";
