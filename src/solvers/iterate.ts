import { ShapeError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { loop, type Values } from "../graph/ops/control.ts";
import {
  add,
  and,
  cast,
  greater,
  less,
  lessOrEqual,
  mul,
  not,
  or,
  sqrt,
  square,
  sub,
  where,
} from "../graph/ops/elementwise.ts";
import { filled, reshape } from "../graph/ops/movement.ts";
import { reduceMax, reduceSum } from "../graph/ops/reduction.ts";
import { formatType, isFloat } from "../graph/shape.ts";
import { constant } from "../graph/value.ts";
import { type SolveInfo, type SolveOptions, statusCode } from "./options.ts";

/** f of the state, which may be several tensors [N, ...]. */
export type StateMap = (...z: Value[]) => readonly Value[];

/** One method: what it carries from step to step, and one step with one evaluation of f. */
export interface Method {
  readonly start: (z0: readonly Value[]) => readonly Value[];
  readonly step: (f: StateMap, carry: readonly Value[]) => Step;
}
export interface Step {
  readonly carry: readonly Value[];
  readonly z: readonly Value[]; // where f was evaluated
  readonly fz: readonly Value[];
}

export interface Solution {
  /** Of each sample, the tested iterate with the smallest residual. */
  readonly z: readonly Value[];
  readonly info: SolveInfo;
}

/**
 * The loop that all methods share: stopping rule, statuses, counts, residuals and best iterates.
 * A sample's answer is picked by its own residuals alone and does not change once it has ended, so
 * it does not depend on the rest of the batch; the loop ends when no sample is left.
 *
 * @param z0  the state, each [N, ...] with the same N
 * @throws ShapeError for a state without a sample axis
 */
export function iterate(
  method: Method,
  f: StateMap,
  z0: readonly Value[],
  { rtol, atol, maxIterations, testEvery, divergence }: SolveOptions,
): Solution {
  for (const z of z0) {
    if (z.shape.length < 2 || !isFloat(z.dtype)) {
      throw new ShapeError(`a solve over ${formatType(z)}: float [samples, ...] is wanted`);
    }
  }
  const column = squaredNorm(z0);
  const codes = cast(filled(0, column), "int64");
  const initial = {
    ...numbered("carry", method.start(z0)),
    ...numbered("best", z0),
    smallest: filled(Infinity, column),
    active: less(filled(0, column), 1),
    status: codes,
    iterations: codes,
  };
  const carried = Object.keys(initial).filter((key) => key.startsWith("carry"));

  const { state: end } = loop(
    { times: Math.ceil(maxIterations / testEvery) },
    initial as Values,
    (now, round) => {
      let step = method.step(
        f,
        carried.map((key) => now[key]),
      );
      for (let k = 1; k < testEvery; k++) step = method.step(f, step.carry);
      const { z, fz } = step;

      const residual = squaredNorm(fz.map((value, i) => sub(value, z[i])));
      const size = squaredNorm(fz);
      // The size too: it can overflow first, and an infinite tolerance is always met. NaN fails this.
      const finite = less(add(residual, size), Infinity);
      const converged = lessOrEqual(residual, add(mul(size, rtol ** 2), atol ** 2));
      const diverged = greater(residual, mul(now.smallest, divergence ** 2));
      const improved = and(now.active, less(residual, now.smallest));
      const going = where(diverged, code("diverged"), code("max-iterations"));
      const status = where(finite, where(converged, code("converged"), going), code("non-finite"));
      const active = and(now.active, and(finite, not(or(converged, diverged))));
      const best = z.map((value, i) => where(alike(improved, value), value, now[`best${i}`]));
      return {
        state: {
          ...numbered("carry", step.carry),
          ...numbered("best", best),
          smallest: where(improved, residual, now.smallest),
          active,
          status: where(now.active, status, now.status),
          iterations: where(now.active, mul(add(round, 1), testEvery), now.iterations),
        },
        proceed: greater(reduceMax(cast(active, "int64")), 0),
      };
    },
  );

  const perSample = (value: Value) => reshape(value, [value.shape[0]]);
  return {
    z: z0.map((_, i) => end[`best${i}`]),
    info: {
      status: perSample(end.status),
      iterations: perSample(end.iterations),
      residual: sqrt(perSample(end.smallest)),
    },
  };
}

const numbered = (prefix: string, values: readonly Value[]): Values =>
  Object.fromEntries(values.map((value, i) => [prefix + i, value]));

const code = (status: keyof typeof statusCode) => constant(statusCode[status], "int64");

/** ‖·‖² of each sample over all tensors of the state, [N, 1]. */
const squaredNorm = (state: readonly Value[]): Value =>
  state
    .map((value) => {
      const axes = value.shape.map((_, i) => i).slice(1);
      // Quicker than ReduceSumSquare, which runs over rows one by one.
      const sum = reduceSum(square(value), axes, { keepdims: true });
      return value.shape.length === 2 ? sum : reshape(sum, [value.shape[0], 1]);
    })
    .reduce(add);

/** A column [N, 1] with as many axes as the value beside it. */
const alike = (column: Value, value: Value) =>
  reshape(column, [value.shape[0], ...value.shape.slice(1).map(() => 1)]);
