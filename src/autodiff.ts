/** eigenflow/autodiff: derivatives of graphs, as graphs. */
export { gradient, vjp } from "./autodiff/gradient.ts";
export {
  type FixedPointSolver,
  type FixedPointSolvers,
  fixedPoint,
  type StateMap,
} from "./autodiff/implicit.ts";
export { jvp, sampleJacobian } from "./autodiff/jacobian.ts";
