import { requireObject, requireThat } from "../errors/arguments.ts";
import { type Model, type Parameters, requireModel } from "../models/model.ts";
import type { Attempt, TrainingState } from "./events.ts";
import type { FitOptions } from "./fit-options.ts";
import { flatten, layoutOf, unflatten } from "./flat.ts";
import { emptySums } from "./step-report.ts";
import { firstKept, withRemembered } from "./supplies.ts";
import { attemptSeed } from "./watch.ts";

/** The state that a run starts from. */
export const initialState = (
  model: Model,
  { seed, optimiser }: Pick<FitOptions, "seed" | "optimiser">,
): TrainingState => {
  const parameters = model.initialise(seed);
  const layout = layoutOf(parameters);
  const kept = firstKept(model, seed);
  return {
    ...(kept && { kept }),
    epoch: 0,
    step: 0,
    theta: flatten(layout, parameters),
    slots: optimiser.slots.map(() => new Float32Array(layout.size)),
    sums: emptySums,
  };
};

/** The parameters of a state, by name. */
export function parametersOf(model: Model, state: TrainingState): Parameters {
  requireModel("parametersOf", model);
  requireObject("parametersOf", "state", state, "the state of an event of fit");
  const { theta } = state;
  const wanted = "all parameters, as in the state of an event of fit";
  requireThat("parametersOf", "state.theta", theta, theta instanceof Float32Array, wanted);
  return unflatten(layoutOf(model.initialise(0)), theta);
}

/** The attempt under way; the first one began with the run. */
export const since = ({ attempt }: TrainingState): Attempt =>
  attempt ?? { number: 0, epoch: 0, step: 0 };

/** The state that the next attempt starts from. */
export function restarted(
  model: Model,
  options: FitOptions,
  { epoch, step, attempt }: TrainingState,
  rows: number,
): TrainingState {
  const number = (attempt?.number ?? 0) + 1;
  const start = initialState(model, { ...options, seed: attemptSeed(options.seed, number) });
  return {
    ...start,
    ...(model.wants && { kept: withRemembered(model, start.kept, rows) }),
    ...{ epoch, step, slotsSince: step, stretch: epoch },
    attempt: { number, epoch, step },
  };
}
