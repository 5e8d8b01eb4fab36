import { fixedPoint as implicit } from "../autodiff/implicit.ts";
import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { iterate, type Method, type Solution, type StateMap } from "./iterate.ts";
import { type SolveInfo, type SolveOptions, solveOptions } from "./options.ts";

/** What finds z = f(z) for one of the two solves: a method with its options, or a whole solve. */
export type Solver = IteratedSolver | WholeSolver;

export interface IteratedSolver {
  readonly method: Method;
  readonly options?: Partial<SolveOptions>;
}
export interface WholeSolver {
  readonly solve: Solve;
  /** Right for affine f(z) = Az + b started at b alone, such as the backward solve's g = Jᵀg + a. */
  readonly linear?: boolean;
}
/** z = f(z) from z0. */
export type Solve = (f: StateMap, z0: readonly Value[]) => Solution;

/** The solve that a solver stands for. */
export const solveOf = (solver: Solver): Solve =>
  "solve" in solver
    ? solver.solve
    : (f, z0) => iterate(solver.method, f, z0, solveOptions(solver.options));

/** Where the outcomes of solves are collected while a graph is built: forward at once, backward
 * when the gradient is taken. */
export interface SolverHealth {
  readonly forward: SolveInfo[];
  readonly backward: SolveInfo[];
  /** How far each sample [N] is from solving the model's own equation, ‖f(z) − z‖₂/‖z‖₂, at the z used. */
  readonly equation: Value[];
}
/** A log that has nothing in it yet. */
export const solverHealth = (): SolverHealth => ({ forward: [], backward: [], equation: [] });

/**
 * z* = f(z*) from z0, differentiable in all that f captures by the implicit rule. The outcome of
 * every solve goes to `health`: a solve that failed is seen, not guessed.
 *
 * @throws UsageError for a forward solver that is right for linear equations alone
 */
export function fixedPoint(
  f: StateMap,
  z0: readonly Value[],
  { forward, backward }: { readonly forward: Solver; readonly backward: Solver },
  health: SolverHealth,
): readonly Value[] {
  if ("solve" in forward && forward.linear) {
    throw new UsageError(
      "fixedPoint: the forward solver is one for linear equations",
      "take it for the backward solve",
    );
  }
  const solve = (solver: Solver, log: SolveInfo[]) => (map: StateMap, start: readonly Value[]) => {
    const { z, info } = solveOf(solver)(map, start);
    log.push(info);
    return z;
  };
  return implicit(f, z0, {
    forward: solve(forward, health.forward),
    backward: solve(backward, health.backward),
  });
}
