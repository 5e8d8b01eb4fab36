import { rungeKutta, type Steps } from "./dynamics.ts";
import { lift, project, type Reduction, reducedField, reducedNext } from "./reduction.ts";

/** A run of the reduced network without input. */
export interface ReducedRun {
  readonly y: readonly Float64Array[]; // [steps + 1] of [r]
  /** v at each step: the states x of a pre-activation form, W h + b of a cell. */
  readonly v: (k: number) => Float64Array;
}

/** The reduced network from a state x (or h) of the whole one: as `simulate`, in r coordinates. */
export function simulateReduced(
  reduction: Reduction,
  x0: Float64Array,
  { dt, steps }: Steps,
): ReducedRun {
  const { network, rate } = reduction;
  const { time } = network;
  const { y: y0, w } = project(reduction, x0);
  const share = (k: number) =>
    time.kind === "discrete" ? (1 - time.leak) ** k : Math.exp(-rate * k * dt);
  const field = reducedField(reduction, w);
  const y = [y0];
  for (let k = 0; k < steps; k++)
    y.push(
      time.kind === "discrete"
        ? reducedNext(reduction, w, y[k], share(k))
        : rungeKutta(field, k * dt, y[k], dt),
    );
  return { y, v: (k) => lift(reduction, y[k], w, share(k)) };
}
