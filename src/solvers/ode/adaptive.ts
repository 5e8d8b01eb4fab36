import type { Value } from "../../graph/node.ts";
import { loop } from "../../graph/ops/control.ts";
import {
  abs,
  add,
  and,
  cast,
  div,
  equal,
  greaterOrEqual,
  isfinite,
  less,
  lessOrEqual,
  maximum,
  minimum,
  mul,
  not,
  pow,
  sign,
  sqrt,
  square,
  sub,
  where,
} from "../../graph/ops/elementwise.ts";
import { gather } from "../../graph/ops/indexing.ts";
import { filled, full, reshape, slice } from "../../graph/ops/movement.ts";
import { reduceMax, reduceMean } from "../../graph/ops/reduction.ts";
import { constant } from "../../graph/value.ts";
import type { OdeInfo, OdeStatus, StepControl } from "./options.ts";
import { odeStatuses } from "./options.ts";
import { dormandPrince, errorWeights, stages, type VectorField, weighted } from "./runge-kutta.ts";

/** The steps that were tried, [S, N, ...]: of a rejected one, or after the end, h is 0. */
export interface Steps {
  readonly t: Value; // [S, N, 1], before the step
  readonly h: Value; // [S, N, 1], signed
  readonly after: Value; // [S, N, n], y after it
  /** The step after which a sample is at each time but the first, [N, T − 1]; −1 where it never was. */
  readonly landing: Value;
  readonly info: OdeInfo;
}

/**
 * Dormand–Prince 5(4) with step control as a loop in the graph, landing on each of the times [T].
 *
 * Every sample has its own steps: its own error norm, time, length and status, so that its answer
 * does not depend on the rest of the batch (but for how operators round by place). The batch takes as many rounds as its slowest sample,
 * and a sample that has ended stays as it is. A step with an error that is NaN is rejected. A step
 * cut short to land on a time does not shorten the next.
 *
 * Hairer, Nørsett & Wanner (1993), "Solving ordinary differential equations I", II.4: error norm and
 * first step; PI control of Gustafsson with the constants of their DOPRI5 (IV.2 of volume II).
 */
export function adaptiveSteps(
  f: VectorField,
  y0: Value,
  times: Value,
  { rtol, atol, maxSteps, beta }: StepControl,
): Steps {
  const { dtype } = y0;
  const count = Number(times.shape[0]);
  const [t0, tEnd] = [slice(times, 0, { end: 1 }), slice(times, 0, { start: -1 })]; // [1]
  const span = abs(sub(tEnd, t0));
  const direction = sign(sub(tEnd, t0));
  const column = full(0, [y0.shape[0], 1], y0);
  const epsilon = dtype === "float32" ? 2 ** -23 : 2 ** -52;
  const scaleOf = (size: Value) => add(mul(size, rtol), atol);
  const start = add(column, t0);
  const k0 = f(start, y0);
  const { length: h0, sound } = firstStep(f, start, y0, k0, direction, scaleOf(abs(y0)));

  const code = (status: OdeStatus) => constant(odeStatuses.indexOf(status), "int64");
  const integers = cast(column, "int64");
  const places = constant(
    Array.from({ length: count - 1 }, (_, i) => i),
    "int64",
    [1, count - 1],
  );
  const initial = {
    t: start,
    y: y0,
    k: k0,
    h: h0,
    before: filled(1e-4, column), // the error of the step before
    held: less(column, 0), // whether the last step was rejected
    next: add(integers, 1), // which of the times comes next
    active: sound,
    status: where(sound, code("max-steps"), code("non-finite")),
    accepted: integers,
    rejected: integers,
    landing: sub(mul(places, integers), 1),
  };
  const going = (active: Value) => cast(reduceMax(cast(active, dtype)), "bool");

  const { state, outputs } = loop(
    { times: maxSteps, proceed: going(sound) },
    initial,
    (now, iteration) => {
      const target = gather(times, now.next);
      const rest = abs(sub(target, now.t));
      // A step that leaves next to nothing before the time goes there.
      const lands = greaterOrEqual(now.h, mul(rest, 1 - 1e-6));
      const length = where(lands, rest, now.h);
      const h = mul(length, direction);
      const { k, at } = stages(dormandPrince, f, now.t, now.y, h, now.k);
      const after = at[6];
      const scale = scaleOf(maximum(abs(now.y), abs(after)));
      const error = rms(div(mul(weighted(errorWeights(dormandPrince), k), h), scale));
      const fine = isfinite(error);
      const accept = and(fine, lessOrEqual(error, 1));
      const took = and(now.active, accept);

      const regular = mul(length, stepFactor(error, fine, accept, now, beta));
      const h1 = where(and(accept, lands), maximum(now.h, regular), regular);
      const least = mul(maximum(abs(now.t), span), 10 * epsilon);
      const lost = and(and(now.active, not(accept)), less(h1, least));

      const landed = and(took, lands);
      const next = add(now.next, cast(landed, "int64"));
      const done = equal(next, count);
      const active = and(and(now.active, not(lost)), not(done));
      const ended = where(fine, code("step-underflow"), code("non-finite"));
      const status = where(lost, ended, where(done, code("converged"), now.status));
      return {
        state: {
          t: where(took, where(lands, target, add(now.t, h)), now.t),
          y: where(took, after, now.y),
          k: where(took, k[6], now.k),
          h: where(now.active, h1, now.h),
          before: where(took, maximum(error, 1e-4), now.before),
          held: not(accept),
          next: where(done, constant(count - 1, "int64"), next),
          active,
          status,
          accepted: add(now.accepted, cast(took, "int64")),
          rejected: add(now.rejected, cast(and(now.active, not(accept)), "int64")),
          landing: where(and(landed, equal(places, sub(now.next, 1))), iteration, now.landing),
        },
        proceed: going(active),
        outputs: { t: now.t, h: where(took, h, 0), after: where(took, after, now.y) },
      };
    },
  );
  const perSample = (x: Value) => reshape(x, [y0.shape[0]]);
  const rounds = add(state.accepted, state.rejected);
  return {
    ...outputs,
    landing: state.landing,
    info: {
      status: perSample(state.status),
      evaluations: perSample(add(mul(rounds, 6), 2)),
      accepted: perSample(state.accepted),
      rejected: perSample(state.rejected),
    },
  };
}

/** ‖x‖ of each sample, [N, 1]: the root of the mean of squares. */
const rms = (x: Value) => sqrt(reduceMean(square(x), [1], { keepdims: true }));

/**
 * The length h of the first step [N, 1], where h⁵ max(‖y′‖, ‖y″‖) = 0.01, at most 100 times that of an
 * Euler step which changes y by 1 %; and whether the start is finite.
 *
 * Hairer, Nørsett & Wanner, II.4, "Starting step size".
 */
function firstStep(
  f: VectorField,
  t0: Value,
  y0: Value,
  k0: Value,
  direction: Value,
  scale: Value,
): { readonly length: Value; readonly sound: Value } {
  const [d0, d1] = [rms(div(y0, scale)), rms(div(k0, scale))];
  const tiny = less(minimum(d0, d1), 1e-5);
  const guess = where(tiny, 1e-6, mul(div(d0, where(tiny, 1, d1)), 0.01));
  const tried = f(add(t0, mul(guess, direction)), add(y0, mul(k0, mul(guess, direction))));
  const d2 = div(rms(div(sub(tried, k0), scale)), guess);
  const steepest = maximum(d1, d2);
  const flat = lessOrEqual(steepest, 1e-15);
  const hairer = pow(div(0.01, where(flat, 1, steepest)), 0.2);
  const second = where(flat, maximum(mul(guess, 1e-3), 1e-6), hairer);
  return {
    length: minimum(mul(guess, 100), where(isfinite(second), second, guess)),
    sound: isfinite(add(d0, d1)),
  };
}

/**
 * By what the length of a step changes after one of this error: PI control after a step that is accepted,
 * without growth after one that was not.
 *
 * @param fine  whether the error is finite
 * @param before  the error of the step before
 * @param held  whether the last step was rejected
 */
function stepFactor(
  error: Value,
  fine: Value,
  accept: Value,
  { before, held }: { readonly before: Value; readonly held: Value },
  beta: number,
): Value {
  const e = where(fine, error, 1);
  const growth = mul(mul(pow(maximum(e, 1e-10), 0.75 * beta - 0.2), pow(before, beta)), 0.9);
  const grown = minimum(maximum(growth, 0.2), where(held, constant(1, error.dtype), 10));
  const shrunk = where(fine, maximum(mul(pow(maximum(e, 1), -0.2), 0.9), 0.2), 0.2);
  return where(accept, grown, shrunk);
}
