import type { Value } from "../graph/node.ts";
import type { Values } from "../graph/ops/control.ts";
import { add, cast, equal, maximum, not } from "../graph/ops/elementwise.ts";
import { reduceMax, reduceSum } from "../graph/ops/reduction.ts";
import { constant } from "../graph/value.ts";
import { type SolveInfo, type SolveStatus, statusCode } from "../solvers/options.ts";
import type { SolverSummary, SolverSums } from "./events.ts";

/**
 * What a step reports of its solves in one direction, as int64 scalars: iterations added up over the
 * samples, the most of any, how many failed, and how many were
 * truncated, where a solve may be.
 */
export function solverOutputs(direction: string, infos: readonly SolveInfo[]): Values {
  if (infos.length === 0) return {};
  const count = (found: Value) => reduceSum(cast(found, "int64"));
  const ended = ({ status }: SolveInfo, as: SolveStatus) =>
    equal(status, constant(statusCode[as], "int64"));
  // A solve of a fixed number of steps has failed only where it left the finite numbers.
  const failed = infos.map((info) =>
    count(info.truncated ? ended(info, "non-finite") : not(ended(info, "converged"))),
  );
  const truncated = infos.flatMap((info) => (info.truncated ? [count(info.truncated)] : []));
  const iterations = infos.map((info) => info.iterations);
  return {
    [`${direction}Iterations`]: iterations.map((n) => reduceSum(n)).reduce(add),
    [`${direction}Most`]: iterations.map((n) => reduceMax(n)).reduce(maximum),
    [`${direction}Failed`]: failed.reduce(add),
    ...(truncated.length > 0 && { [`${direction}Truncated`]: truncated.reduce(add) }),
  };
}

export const noSums: SolverSums = { iterations: 0, most: 0, failed: 0 };

export const addSums = (a: SolverSums, b: SolverSums): SolverSums => ({
  iterations: a.iterations + b.iterations,
  most: Math.max(a.most, b.most),
  failed: a.failed + b.failed,
  ...((a.truncated ?? b.truncated) !== undefined && {
    truncated: (a.truncated ?? 0) + (b.truncated ?? 0),
  }),
});

export const summarise = (
  { iterations, most, failed, truncated }: SolverSums,
  samples: number,
): SolverSummary => ({
  meanIterations: iterations / samples,
  mostIterations: most,
  unconverged: failed / samples,
  ...(truncated !== undefined && { truncated: truncated / samples }),
});
