import type { Value } from "../graph/node.ts";
import { cond, type Values } from "../graph/ops/control.ts";
import {
  add,
  and,
  cast,
  equal,
  greater,
  greaterOrEqual,
  less,
  lessOrEqual,
  minimum,
  mul,
  not,
  sub,
  where,
} from "../graph/ops/elementwise.ts";
import { concat, filled, reshape } from "../graph/ops/movement.ts";
import { reduceMax } from "../graph/ops/reduction.ts";
import { constant } from "../graph/value.ts";
import { broyden } from "./broyden.ts";
import { denseFor } from "./dense.ts";
import type { Solve } from "./fixed-point.ts";
import { gmresFor } from "./gmres.ts";
import { iterate, type Method, type Solution, type StateMap } from "./iterate.ts";
import {
  methodOptions,
  type Ranges,
  type SolveInfo,
  type SolveOptions,
  solveOptions,
  statusCode,
} from "./options.ts";
import { rowSquares, toRows, width } from "./rows.ts";

export interface AutoOptions {
  /** θ: the contraction per step with which plain iteration goes on. */
  readonly contraction: number;
  /** Up to this many numbers per sample, the backward matrix of each sample is formed. */
  readonly small: number;
}

export const autoDefaults: AutoOptions = { contraction: 0.85, small: 64 };
export const autoRanges: Ranges<AutoOptions> = {
  contraction: { above: 0, to: 1 },
  small: { whole: true, from: 0 },
};

/**
 * Two phases, each sample for itself. First plain iteration, whose steps are the cheapest, until the
 * sample has converged or its contraction was measured too slow: r_{k+j} > 4 θʲ r_k. Then, for samples
 * left, from the best point of each and with what is left of its `maxIterations`, a method that needs
 * no contraction: Broyden's; for the backward system a dense solve up to n = `small`, GMRES above. Where
 * no sample of the batch is left the second phase is skipped.
 *
 * Measured. Steps (tanh layers, batch × width 1×10 to 128×128, float32, one thread): one of Broyden's
 * costs 3 to 6 plain ones and saves a third of them at a spectral radius of 1.3, none at 0.6, so plain
 * iteration is the quicker wherever it converges within about 50 steps, which is θ = 0.85; where it
 * does, auto takes 5 to 20 % longer than it. Reliability (six classes of such layers, 100 draws each, to
 * 1e-3 in 200 evaluations): plain iteration solves 20 to 100 of 100, Anderson 92 to 100, Newton 94 to
 * 100, Broyden and auto all. A dense backward solve costs 8 plain steps at 1×10, 20 at 32×32, 100 at
 * 64×64 and a thousand at 128×128, whatever the spectrum; GMRES 4 to 6 times its steps.
 */
export const auto =
  (
    purpose: "fixed-point" | "linear",
    options: Partial<AutoOptions> = {},
    solve: Partial<SolveOptions> = {},
  ): Solve =>
  (f, z0) => {
    const { contraction, small } = methodOptions("auto", autoDefaults, autoRanges, options);
    const given = solveOptions(solve);
    const first = iterate(watched(contraction), f, z0, given);
    const converged = equal(first.info.status, constant(statusCode.converged, "int64"));
    const left = reshape(not(converged), [z0[0].shape[0], 1]);

    const second = (): Solution => {
      // Its own δ of 0.1 leaves slow contractions slow: where I − J is 0.03 in a direction, say.
      const method = purpose === "linear" ? linear(f, z0, small) : broyden({ smallest: 1e-3 });
      const spare = sub(given.maxIterations, cast(first.info.iterations, z0[0].dtype));
      const budget = reshape(spare, [z0[0].shape[0], 1]);
      return joined(first, iterate(limited(method, budget), f, first.z, given, left), given);
    };
    // A trace has one length in one branch and another in the other.
    return given.trace ? second() : either(left, second, first);
  };

function linear(f: StateMap, b: readonly Value[], small: number): Method {
  const n = b.map(width).reduce((sum, each) => sum + each);
  return n <= small ? denseFor(f, b) : gmresFor(b, { window: 40 });
}

/** Plain iteration that gives up a sample once r_{k+j} > 4 θʲ r_k. */
function watched(contraction: number): Method {
  return {
    // The last is the least 16 θ²ʲ r_k² so far.
    start: (z0) => [...z0, filled(Infinity, rowSquares(toRows(z0)))],
    step: (f, carry) => {
      const [z, bound] = [carry.slice(0, -1), carry[carry.length - 1]];
      const fz = f(...z);
      const found = rowSquares(toRows(fz.map((value, i) => sub(value, z[i]))));
      const next = mul(minimum(bound, mul(found, slack ** 2)), contraction ** 2);
      return { carry: [...fz, next], z, fz, stop: greater(found, bound) };
    },
  };
}
const slack = 4;

/** A method that gives up each sample after so many evaluations [N, 1]. */
function limited(method: Method, budget: Value): Method {
  const { evaluations = 1 } = method;
  return {
    evaluations,
    start: (z0) => [...method.start(z0), budget],
    step: (f, carry) => {
      const step = method.step(f, carry.slice(0, -1));
      const spare = sub(carry[carry.length - 1], evaluations);
      return { ...step, carry: [...step.carry, spare], stop: lessOrEqual(spare, 0) };
    },
  };
}

/** Of each sample the better of two answers; what both took is added up. */
function joined(first: Solution, second: Solution, { maxIterations }: SolveOptions): Solution {
  const better = less(second.info.residual, first.info.residual);
  const column = (value: Value) =>
    reshape(better, [value.shape[0], ...value.shape.slice(1).map(() => 1)]);
  const code = (status: keyof typeof statusCode) => constant(statusCode[status], "int64");
  const tried = greater(second.info.iterations, constant(0, "int64"));
  const status = where(tried, second.info.status, first.info.status);
  const iterations = add(first.info.iterations, second.info.iterations);
  // A sample that was given up for its budget looks like one that diverged.
  const spent = greaterOrEqual(iterations, constant(maxIterations, "int64"));
  const { trace } = first.info;
  return {
    z: first.z.map((value, i) => where(column(value), second.z[i], value)),
    info: {
      status: where(and(spent, equal(status, code("diverged"))), code("max-iterations"), status),
      iterations,
      residual: where(better, second.info.residual, first.info.residual),
      ...(trace && { trace: concat([trace, second.info.trace!], 0) }),
    },
  };
}

/** What `more` finds where any sample is left, else what was found already. */
function either(left: Value, more: () => Solution, found: Solution): Solution {
  const named = ({ z, info: { status, iterations, residual } }: Solution): Values => ({
    ...Object.fromEntries(z.map((value, i) => [`z${i}`, value])),
    status,
    iterations,
    residual,
  });
  const any = cast(reduceMax(cast(left, "int64")), "bool");
  const all = cond(
    any,
    () => named(more()),
    () => named(found),
  );
  const { status, iterations, residual } = all;
  const info: SolveInfo = { status, iterations, residual };
  return { z: found.z.map((_, i) => all[`z${i}`]), info };
}
