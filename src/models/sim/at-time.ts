import { UsageError } from "../../errors.ts";
import { concat, full } from "../../graph/ops/movement.ts";
import type { Model } from "../model.ts";
import type { InvariantSim } from "./invariant.ts";

/**
 * A model with an explicit spectrum at one time: features are z₀ [N, n] alone, the output is the state at t.
 * An exported file has the limit as its second output. One time does not tell angles apart that differ by
 * 2π/t, and where U is free it tells nothing of them: they are learned from data at many times.
 *
 * @throws UsageError  for a time that is not finite, or negative
 */
export function atTime(model: InvariantSim, t: number): Model {
  if (!(t >= 0 && Number.isFinite(t)))
    throw new UsageError(`atTime: t = ${t}`, "a finite time from 0 on is wanted");
  const { ports: _, ...rest } = model;
  return {
    ...rest,
    inputs: model.inputs - 1,
    apply: (p, x, pass) => model.apply(p, concat([x, full(t, [x.shape[0], 1], x)], 1), pass),
  };
}
