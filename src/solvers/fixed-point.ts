import { fixedPoint as implicit } from "../autodiff/implicit.ts";
import type { Value } from "../graph/node.ts";
import { iterate, type Method, type StateMap } from "./iterate.ts";
import { type SolveInfo, type SolveOptions, solveOptions } from "./options.ts";

/** A method with its options, for one of the two solves. */
export interface Solver {
  readonly method: Method;
  readonly options?: Partial<SolveOptions>;
}

/** Where the outcomes of solves are collected while a graph is built: forward at once, backward
 * when the gradient is taken. */
export interface SolverHealth {
  readonly forward: SolveInfo[];
  readonly backward: SolveInfo[];
  /** How far each sample [N] is from solving the model's own equation, ‖f(z) − z‖₂/‖z‖₂, at the z used. */
  readonly equation: Value[];
}
export const solverHealth = (): SolverHealth => ({ forward: [], backward: [], equation: [] });

/**
 * z* = f(z*) from z0, differentiable in all that f captures by the implicit rule. The outcome of
 * every solve goes to `health`: a solve that failed is seen, not guessed.
 */
export function fixedPoint(
  f: StateMap,
  z0: readonly Value[],
  { forward, backward }: { readonly forward: Solver; readonly backward: Solver },
  health: SolverHealth,
): readonly Value[] {
  const solve =
    ({ method, options }: Solver, log: SolveInfo[]) =>
    (map: StateMap, start: readonly Value[]) => {
      const { z, info } = iterate(method, map, start, solveOptions(options));
      log.push(info);
      return z;
    };
  return implicit(f, z0, {
    forward: solve(forward, health.forward),
    backward: solve(backward, health.backward),
  });
}
