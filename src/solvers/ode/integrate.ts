import { vjp } from "../../autodiff/gradient.ts";
import { refuseUnknown } from "../../errors/suggest.ts";
import { ShapeError, UsageError } from "../../errors.ts";
import type { Body, Value } from "../../graph/node.ts";
import { scan } from "../../graph/ops/control.ts";
import { add, cast, isfinite, mul, where } from "../../graph/ops/elementwise.ts";
import { concat, full, reshape, slice, unsqueeze } from "../../graph/ops/movement.ts";
import { reduceSum } from "../../graph/ops/reduction.ts";
import { formatType, isFloat } from "../../graph/shape.ts";
import { captured, constant, customVjp, makeBody } from "../../graph/value.ts";
import { adaptiveSteps, type Steps } from "./adaptive.ts";
import { adjointOf } from "./adjoint.ts";
import { atTimes, fieldOf } from "./landings.ts";
import {
  checkTimes,
  type OdeInfo,
  type OdeStatus,
  odeStatuses,
  type StepControl,
  stepControl,
} from "./options.ts";
import { advance, classical, dormandPrince, type VectorField } from "./runge-kutta.ts";

/**
 * How to integrate, and how to differentiate it.
 *
 * dopri5: order 5(4), steps by each sample's own error. Its gradient is "discrete" unless given:
 * exactly that of the steps that were accepted, their lengths held; all their states are stored.
 * "adjoint" integrates ȧ = −(∂f/∂y)ᵀa back in time with the same step control and stores y at the
 * asked times alone; it is the derivative of the exact flow, off that of what was computed by about
 * the tolerance. Where the flow contracts it is worthless, and its status does not say so: y is found
 * again backwards, where its error grows. For Van der Pol's equation at μ = 10 over 4 units of time it
 * gives 7e9 for 1.5 at a tolerance of 1e-4; asking for 100 times, at which y starts anew, mends it.
 * Only the gradient of steps can be differentiated again.
 *
 * rk4: the classical method with `steps` equal steps between two times; gradient of those steps.
 */
export type OdeOptions =
  | ({
      readonly method?: "dopri5";
      readonly gradient?: "discrete" | "adjoint";
    } & Partial<StepControl>)
  | { readonly method: "rk4"; readonly steps?: number };

export interface OdeSolution {
  /** y at each of the times, the first included [T, N, n]; NaN where a sample did not come that far. */
  readonly y: Value;
  readonly info: OdeInfo;
  /** Of the adjoint, one for each gradient taken: all intervals of a sample together. */
  readonly backward: OdeInfo[];
}

/**
 * The solution of ẏ = f(t, y) from y(times[0]) = y0 [N, n], differentiable in y0 and in all that f
 * uses. Times may go down. Every sample has its own steps, and its own status.
 *
 * Chen, Rubanova, Bettencourt & Duvenaud (2018), "Neural ordinary differential equations",
 * arXiv:1806.07366.
 *
 * @throws UsageError  for unknown options, or times that do not go one way
 * @throws ShapeError  unless y0 is float [N, n] and f gives that type back
 */
export function integrate(
  f: VectorField,
  y0: Value,
  times: readonly number[],
  options: OdeOptions = {},
): OdeSolution {
  checkTimes(times);
  if (y0.shape.length !== 2 || typeof y0.shape[1] !== "number" || !isFloat(y0.dtype))
    throw new ShapeError(`integrate: y0 is ${formatType(y0)}, wanted float [N, n] with n known`);
  const checked: VectorField = (t, y) => {
    const rate = f(t, y);
    // A column would be broadcast over all n without a word.
    if (rate.dtype === y.dtype && rate.shape.length === 2 && rate.shape[1] === y.shape[1])
      return rate;
    throw new ShapeError(`integrate: f gives ${formatType(rate)} for y ${formatType(y)}`);
  };
  if (options.method === "rk4") return fixedSteps(checked, y0, times, options);
  const { method = "dopri5", gradient = "discrete", ...given } = options;
  if (method !== "dopri5")
    throw new UsageError(`unknown method "${String(method)}"`, "known: dopri5, rk4");
  if (gradient !== "discrete" && gradient !== "adjoint")
    throw new UsageError(`unknown gradient "${String(gradient)}"`, "known: discrete, adjoint");
  const control = stepControl(given);

  const column = { dtype: y0.dtype, shape: [y0.shape[0], 1] };
  const body = makeBody([column, y0], (t, y) => [checked(t, y)]);
  const field = fieldOf(body);
  const steps = adaptiveSteps(field, y0, constant(times, y0.dtype), control);
  const backward: OdeInfo[] = [];
  const y =
    gradient === "discrete"
      ? atTimes(throughSteps(body, steps, y0), steps.landing, y0)
      : adjointOf(body, atTimes(steps.after, steps.landing, y0), y0, times, control, backward);
  return { y, info: steps.info, backward };
}

/** The states after each step with the derivative of those steps. */
function throughSteps(body: Body, { t, h, after }: Steps, y0: Value): Value {
  const captures = captured([body]);
  const rule: Parameters<typeof customVjp>[2] = (inputs, _, [bar]) => {
    const [times, lengths] = customVjp([inputs[1], inputs[2]], [], (given) =>
      given.map(() => null),
    );
    const [start, ...now] = inputs.slice(3);
    const field = fieldOf(body, new Map(captures.map((old, i) => [old, now[i]])));
    // A step of length 0 leaves y as it is, so what was rejected needs no case of its own.
    const { outputs } = scan({ y: start }, { t: times, h: lengths }, ({ y }, row) => {
      const next = advance(dormandPrince, field, row.t, y, row.h);
      return { state: { y: next }, outputs: { next } };
    });
    const wrt = [start, ...now.filter(({ dtype }) => isFloat(dtype))];
    const bars = vjp([outputs.next], wrt, [bar]);
    const barOf = (value: Value) => (isFloat(value.dtype) ? bars[wrt.indexOf(value)] : null);
    return [null, null, null, bars[0], ...now.map(barOf)];
  };
  return customVjp([after, t, h], [y0, ...captures], rule)[0];
}

/** The classical method with equal steps between two times, as one scan. */
function fixedSteps(
  f: VectorField,
  y0: Value,
  times: readonly number[],
  options: OdeOptions & { method: "rk4" },
): OdeSolution {
  refuseUnknown("rk4", options, ["method", "steps"]);
  const { steps = 1 } = options;
  if (!(Number.isInteger(steps) && steps >= 1))
    throw new UsageError(`rk4: steps = ${steps}`, "wanted: a positive whole number");
  const { dtype } = y0;
  const intervals = times.length - 1;
  const lengths = times.slice(1).map((t, i) => (t - times[i]) / steps);
  const starts = lengths.map((h, i) => Array.from({ length: steps }, (_, k) => times[i] + k * h));
  const zero = full(0, [y0.shape[0], 1], y0);
  const { outputs } = scan(
    { y: y0 },
    {
      t: constant(starts.flat(), dtype, [intervals, steps]),
      h: constant(lengths, dtype),
    },
    ({ y }, { t, h }) => {
      const { state } = scan({ y }, { t }, (now, row) => ({
        state: { y: advance(classical, f, add(zero, row.t), now.y, add(zero, h)) },
        outputs: {},
      }));
      return { state, outputs: { y: state.y } };
    },
  );
  const y = concat([unsqueeze(y0, [0]), outputs.y], 0);
  const none = cast(full(0, [y0.shape[0]], y0), "int64");
  const last = reshape(slice(y, 0, { start: -1 }), y0.shape);
  const finite = isfinite(reduceSum(mul(last, 0), [1]));
  const code = (status: OdeStatus) => constant(odeStatuses.indexOf(status), "int64");
  return {
    y,
    info: {
      status: where(finite, code("converged"), code("non-finite")),
      evaluations: add(none, 4 * intervals * steps),
      accepted: add(none, intervals * steps),
      rejected: none,
    },
    backward: [],
  };
}
