import type { Dataset } from "../data/dataset.ts";
import type { Evaluator } from "./evaluate.ts";
import type { TrainEvent, TrainingState } from "./events.ts";
import type { Accelerate } from "./watch.ts";

export type Jump = Omit<Extract<TrainEvent, { type: "jump" }>, "type" | "epoch" | "step">;

/**
 * Tries weights ahead of training: the loss over `data` of each candidate, and the best of them in
 * place of the trained weights if its loss is less than theirs. The training loss never rises by it.
 *
 * @returns the state that training goes on from, and what was tried; null where nothing was proposed
 */
export async function tryJump(
  { propose, optimiser }: Accelerate,
  history: readonly Float32Array[],
  state: TrainingState,
  data: Dataset,
  { measure }: Evaluator,
): Promise<{ state: TrainingState; jump: Jump } | null> {
  const candidates = propose(history).filter(({ theta }) => theta.every(Number.isFinite));
  if (candidates.length === 0) return null;
  const { loss: before } = await measure(state.theta, data);
  const tried: { horizon: number; loss: number }[] = [];
  let [best, after] = [state.theta, before];
  for (const { horizon, theta } of candidates) {
    const { loss } = await measure(theta, data);
    tried.push({ horizon, loss });
    if (loss < after) [best, after] = [theta, loss];
  }
  const accepted = best !== state.theta;
  const jump = { accepted, before, after, tried };
  if (!accepted) return { state, jump };
  const fresh = optimiser === "reset" && {
    slots: state.slots.map((slot) => new Float32Array(slot.length)),
    slotsSince: state.step,
  };
  return { state: { ...state, theta: best, ...fresh }, jump };
}
