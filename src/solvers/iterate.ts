import { ShapeError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { cond, loop, type Values } from "../graph/ops/control.ts";
import {
  abs,
  add,
  and,
  cast,
  div,
  greater,
  less,
  lessOrEqual,
  minimum,
  mul,
  not,
  sqrt,
  square,
  sub,
  where,
} from "../graph/ops/elementwise.ts";
import { filled, reshape, squeeze } from "../graph/ops/movement.ts";
import { reduceMax, reduceMin, reduceSum } from "../graph/ops/reduction.ts";
import { elementCount, formatType, isFloat } from "../graph/shape.ts";
import { constant } from "../graph/value.ts";
import { type SolveInfo, type SolveOptions, statusCode } from "./options.ts";
import { sums } from "./rows.ts";

/** f of the state, which may be several tensors [N, ...]. */
export type StateMap = (...z: Value[]) => readonly Value[];

/** One method: what it carries from step to step, and one step. */
export interface Method {
  /** Evaluations of f in a step; one, when left out. */
  readonly evaluations?: number;
  /** What is carried at first. */
  readonly start: (z0: readonly Value[]) => readonly Value[];
  /** One step. */
  readonly step: (f: StateMap, carry: readonly Value[]) => Step;
}
export interface Step {
  readonly carry: readonly Value[];
  readonly z: readonly Value[]; // where f was evaluated last
  readonly fz: readonly Value[];
  /** Samples [N, 1] that the method gives up. */
  readonly stop?: Value;
}

/** Which axis of the state counts the samples. */
export type SampleAxis = "first" | "last";

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
 * @param started  which samples [N, 1] to solve, all unless given; the others keep their z0, at no steps
 * @param samples  "last" for a state [..., N], for which N columns are what f wants side by side
 * @throws ShapeError for a state without a sample axis
 */
export function iterate(
  method: Method,
  f: StateMap,
  z0: readonly Value[],
  { rtol, atol, maxIterations, testEvery, divergence, trace }: SolveOptions,
  started?: Value,
  samples: SampleAxis = "first",
): Solution {
  for (const z of z0) {
    if (z.shape.length < 2 || !isFloat(z.dtype)) {
      throw new ShapeError(`a solve over ${formatType(z)}: float [samples, ...] is wanted`);
    }
  }
  const norm = samples === "first" ? squaredNorm : squaredColumnNorm;
  const column = norm(z0);
  const chosen = started ? cast(started, column.dtype) : filled(1, column);
  const proceed = started && cast(reduceMax(chosen), "bool");
  const initial = {
    ...numbered("carry", method.start(z0)),
    ...numbered("best", z0),
    smallest: filled(Infinity, column),
    active: started ?? less(filled(0, column), 1),
    going: chosen, // active, as a number
    excess: filled(0, column),
    passed: filled(0, column),
  };
  const carried = Object.keys(initial).filter((key) => key.startsWith("carry"));
  const perTest = testEvery * (method.evaluations ?? 1);
  const rounds = Math.ceil(maxIterations / perTest);

  // A test is twenty operators: at small sizes ten steps' worth. What can wait comes after the loop.
  const repeat = { times: rounds, ...(proceed && { proceed }) };
  const { state: end, outputs } = loop(repeat, initial as Values, (now) => {
    let step = method.step(
      f,
      carried.map((key) => now[key]),
    );
    for (let k = 1; k < testEvery; k++) step = method.step(f, step.carry);
    const { z, fz } = step;

    const found = norm(fz.map((value, i) => sub(value, z[i])));
    // Infinite, or 0/0, for a sample that has ended: it fails all comparisons below. Quicker than Where.
    const residual = div(found, now.going);
    const size = mul(norm(fz), rtol ** 2);
    const excess = sub(found, atol === 0 ? size : add(size, atol ** 2));
    // NaN fails both comparisons and an infinite residual the second, so that either ends the sample.
    const ongoing = and(greater(excess, 0), less(mul(residual, divergence ** -2), now.smallest));
    const active = step.stop ? and(ongoing, not(step.stop)) : ongoing;
    const improved = less(residual, now.smallest);
    const taken = (value: Value) => (samples === "first" ? alike(improved, value) : improved);
    const going = cast(active, column.dtype);
    // While all samples improve there is nothing to pick: Where takes five times as long as If.
    const all = cast(reduceMin(cast(improved, column.dtype)), "bool");
    const best = cond(
      all,
      () => numbered("best", z),
      () =>
        numbered(
          "best",
          z.map((value, i) => where(taken(value), value, now[`best${i}`])),
        ),
    );
    return {
      state: {
        ...numbered("carry", step.carry),
        ...best,
        smallest: where(improved, residual, now.smallest),
        active,
        going,
        excess: where(now.active, excess, now.excess),
        passed: add(now.passed, going),
      },
      proceed: cast(reduceMax(going), "bool"),
      outputs: (trace ? { residual: sqrt(where(now.active, found, NaN)) } : {}) as Values,
    };
  });

  const { active, excess } = end;
  const met = where(lessOrEqual(excess, 0), code("converged"), code("diverged"));
  const ended = where(less(abs(excess), Infinity), met, code("non-finite"));
  // A sample that ended passed all tests but its last.
  const tests = minimum(add(end.passed, started ? chosen : 1), rounds);
  const perSample = (value: Value) => reshape(value, [value.shape[samples === "first" ? 0 : 1]]);
  return {
    z: z0.map((_, i) => end[`best${i}`]),
    info: {
      status: perSample(where(active, code("max-iterations"), ended)),
      iterations: perSample(cast(mul(tests, perTest), "int64")),
      residual: sqrt(perSample(end.smallest)),
      ...(trace && { trace: squeeze(outputs.residual, [samples === "first" ? 2 : 1]) }),
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
      const count = elementCount(value.shape.slice(1));
      if (count !== null) return sums(square(reshape(value, [value.shape[0], count])));
      // Quicker than ReduceSumSquare, which runs over rows one by one.
      const axes = value.shape.map((_, i) => i).slice(1);
      const sum = reduceSum(square(value), axes, { keepdims: true });
      return reshape(sum, [value.shape[0], 1]);
    })
    .reduce(add);

/** The same for samples in the last axis, [1, N]: it broadcasts as it is. */
const squaredColumnNorm = (state: readonly Value[]): Value =>
  state
    .map((value) => {
      const axes = value.shape.map((_, i) => i).slice(0, -1);
      const sum = reduceSum(square(value), axes, { keepdims: true });
      return reshape(sum, [1, value.shape.at(-1)!]);
    })
    .reduce(add);

/** A column [N, 1] with as many axes as the value beside it. */
const alike = (column: Value, value: Value) =>
  reshape(column, [value.shape[0], ...value.shape.slice(1).map(() => 1)]);
