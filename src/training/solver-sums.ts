import type { Values } from "../graph/ops/control.ts";
import { add, cast, equal, maximum, not } from "../graph/ops/elementwise.ts";
import { reduceMax, reduceSum } from "../graph/ops/reduction.ts";
import { constant } from "../graph/value.ts";
import { type SolveInfo, statusCode } from "../solvers/options.ts";
import type { SolverSummary, SolverSums } from "./events.ts";

/**
 * What a step reports of its solves in one direction, as int64 scalars: iterations added up over the
 * samples, the most of any, how many failed.
 */
export function solverOutputs(direction: string, infos: readonly SolveInfo[]): Values {
  if (infos.length === 0) return {};
  const failed = infos.map(({ status }) =>
    reduceSum(cast(not(equal(status, constant(statusCode.converged, "int64"))), "int64")),
  );
  const iterations = infos.map((info) => info.iterations);
  return {
    [`${direction}Iterations`]: iterations.map((n) => reduceSum(n)).reduce(add),
    [`${direction}Most`]: iterations.map((n) => reduceMax(n)).reduce(maximum),
    [`${direction}Failed`]: failed.reduce(add),
  };
}

export const noSums: SolverSums = { iterations: 0, most: 0, failed: 0 };

export const addSums = (a: SolverSums, b: SolverSums): SolverSums => ({
  iterations: a.iterations + b.iterations,
  most: Math.max(a.most, b.most),
  failed: a.failed + b.failed,
});

export const summarise = (
  { iterations, most, failed }: SolverSums,
  samples: number,
): SolverSummary => ({
  meanIterations: iterations / samples,
  mostIterations: most,
  unconverged: failed / samples,
});
