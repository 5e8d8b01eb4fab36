/** eigenflow/solvers: z = f(z) as loops inside the graph. */

export { type AndersonOptions, anderson, andersonDefaults } from "./solvers/anderson.ts";
export { type BroydenOptions, broyden, broydenDefaults } from "./solvers/broyden.ts";
export { fixedPoint, type Solver, type SolverHealth, solverHealth } from "./solvers/fixed-point.ts";
export {
  iterate,
  type Method,
  type Solution,
  type StateMap,
  type Step,
} from "./solvers/iterate.ts";
export {
  type SolveInfo,
  type SolveOptions,
  type SolveStatus,
  solveDefaults,
  solveOptions,
  solveStatuses,
  statusCode,
} from "./solvers/options.ts";
export { picard } from "./solvers/picard.ts";
export { type Prox, type ProxKind, proxKinds, proxOf } from "./solvers/prox.ts";
export {
  forwardBackward,
  peacemanRachford,
  reflectedResolvent,
  type Splitting,
} from "./solvers/splitting.ts";
