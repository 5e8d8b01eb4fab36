import type { Model } from "../models/model.ts";
import { stepsPerEpoch } from "./batches.ts";
import type { TrainEvent, TrainingState } from "./events.ts";
import type { FitOptions } from "./fit-options.ts";
import { restarted, since } from "./state.ts";
import { type Advice, attemptSeed } from "./watch.ts";

/**
 * Does what a watcher advises after an epoch, as long as restarts are left.
 *
 * @param state  after the epoch
 * @param rows  of the training set
 * @returns the state that follows: as it was, of the next attempt, or ended
 */
export function* heed(
  { act, reason, findings = [] }: Advice,
  state: TrainingState,
  model: Model,
  options: FitOptions,
  rows: number,
): Generator<TrainEvent, TrainingState> {
  const { seed, epochs, batch, restarts = 0 } = options;
  const at = { epoch: state.epoch - 1, step: state.step };
  if (act !== "continue" || findings.length > 0)
    yield { type: "verdict", ...at, act, reason, findings };
  if (act === "continue") return state;
  const attempt = since(state).number + 1;
  if (act === "restart" && attempt <= restarts) {
    const last = {
      epochs: state.epoch + epochs,
      steps: state.step + epochs * stepsPerEpoch(rows, batch),
    };
    const next = { attempt, seed: attemptSeed(seed, attempt) };
    yield { type: "restart", ...at, ...next, ...last, reason };
    return restarted(model, options, state, rows);
  }
  const status = act === "stop" ? "stopped-by-verdict" : "given-up";
  return { ...state, ended: { status, reason } };
}
