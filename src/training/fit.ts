import type { Split } from "../data/dataset.ts";
import { requireObject } from "../errors/arguments.ts";
import type { Model } from "../models/model.ts";
import { epochOrder, stepsPerEpoch } from "./batches.ts";
import { evaluator } from "./evaluate.ts";
import type { FitStatus, Metrics, TrainEvent, TrainingState } from "./events.ts";
import { type FitOptions, requireFitting } from "./fit-options.ts";
import { distance, layoutOf, lengthOf } from "./flat.ts";
import { heed } from "./heed.ts";
import { tryJump } from "./jump.ts";
import { initialState, since } from "./state.ts";
import { type StepCalls, stepCalls } from "./step-calls.ts";
import { emptySums, metricsOf } from "./step-report.ts";
import { withRemembered } from "./supplies.ts";
import { positionsOf, taskOf } from "./targets.ts";
import { attemptSeed, stretchOf } from "./watch.ts";

/**
 * Trains a model, as a stream of events. One call of the runtime is many steps; after each the
 * state goes out as a checkpoint. The same seed gives the same bytes on one thread, however the
 * steps fall into calls. A loss that is not finite ends the run with the last good state. A restart
 * (`observe`) trains as the run of seed `attemptSeed(seed, n)` would.
 *
 * @param data  features as the model wants them (standardised already)
 */
export async function* fit(
  model: Model,
  data: Split,
  options: FitOptions,
): AsyncGenerator<TrainEvent> {
  requireObject("fit", "data", data, "{ train, test }");
  const { train, test } = data;
  requireFitting(model, train, options);
  const { seed, epochs, batch, norms = false, observe, accelerate } = options;
  const task = taskOf(train, model.outputs);
  const layout = layoutOf(model.initialise(seed));
  const perEpoch = stepsPerEpoch(train.count, batch);
  let state = options.resume ?? initialState(model, options);
  if (model.wants) state = { ...state, kept: withRemembered(model, state.kept, train.count) };
  let history: readonly Float32Array[] = accelerate ? stretchOf(accelerate, options.resume) : [];
  history = history.length > 0 ? history : [state.theta];

  const calls = await stepCalls(model, train, layout, options);
  const measure = await evaluator(model, layout, task, options.compile ?? {}, positionsOf(train));
  try {
    yield {
      type: "start",
      parameters: layout.size,
      steps: perEpoch * epochs,
      stepsPerEpoch: perEpoch,
      epochs,
      resumedAt: state.step,
    };
    while (!state.ended && state.epoch < epochs + since(state).epoch) {
      const started = performance.now();
      if (observe) state = { ...state, began: state.began ?? state.theta };
      const trained = yield* trainEpoch(calls, state, train.count, options);
      state = trained.state;
      if (trained.cut) {
        yield end(trained.cut, state);
        return;
      }
      const { began, ...now } = state;
      const { epoch, step, theta } = now;
      const metrics = metricsOf(state.sums, task === "classes");
      const tested = await measure.measure(theta, test);
      const seconds = (performance.now() - started) / 1000;
      const weights = {
        ...(norms && { weightNorm: lengthOf(theta) }),
        ...(observe && began && { moved: distance(began, theta) }),
      };
      yield { type: "epoch", epoch, step, train: metrics, test: tested, ...weights, seconds };
      state = { ...now, epoch: epoch + 1, sums: emptySums };
      // Before the checkpoint, from which a run killed here would go on.
      const failure = failureOf(metrics, epoch + 1, options.unconvergedLimit);
      if (failure !== null) {
        yield end({ status: "solver-failed", reason: failure }, state);
        return;
      }
      if (observe) {
        const { number: attempt, epoch: firstEpoch } = since(state);
        const counted = { epoch: epoch + 1 - firstEpoch, total: epoch + 1, attempt };
        const advice = observe({ ...counted, train: metrics, test: tested, theta, ...weights });
        state = yield* heed(advice, state, model, options, train.count);
        if (state.ended) break;
      }
      if (accelerate) {
        const begunAnew = state.theta !== theta;
        history = begunAnew ? [state.theta] : [...history, theta];
        if (history.length > accelerate.window) {
          const found = await tryJump(accelerate, history, state, train, measure);
          state = { ...(found?.state ?? state), stretch: state.epoch };
          history = [state.theta];
          if (found) yield { type: "jump", epoch, step, ...found.jump };
        }
      }
      yield { type: "checkpoint", state };
    }
    yield end(state.ended ?? { status: "completed", reason: `${epochs} epochs` }, state);
  } finally {
    await calls.release();
    await measure.release();
  }
}

/** How a run ends, and why. */
interface Ending {
  readonly status: FitStatus;
  readonly reason: string;
}

/**
 * The rest of the epoch under way, with a checkpoint after each call but the last.
 *
 * @returns the last good state, and what cut the epoch short
 */
async function* trainEpoch(
  calls: StepCalls,
  start: TrainingState,
  rows: number,
  { seed, batch, signal }: FitOptions,
): AsyncGenerator<TrainEvent, { state: TrainingState; cut?: Ending }> {
  const { number: attempt, epoch: firstEpoch } = since(start);
  const order = epochOrder(rows, attemptSeed(seed, attempt), start.epoch - firstEpoch);
  const last = (start.epoch + 1) * stepsPerEpoch(rows, batch);
  let state = start;
  while (state.step < last) {
    if (signal?.aborted) return { state, cut: { status: "stopped", reason: "stopped on request" } };
    const call = await calls.run(state, order);
    if (call.bad !== null) return { state, cut: { status: "non-finite", reason: call.bad } };
    state = call.state;
    yield call.event;
    if (state.step < last) yield { type: "checkpoint", state };
  }
  return { state };
}

/** What to say where too large a share of an epoch's solves failed; null where it is not. */
function failureOf({ forward, backward }: Metrics, epoch: number, limit = 1): string | null {
  const failed = Math.max(forward?.unconverged ?? 0, backward?.unconverged ?? 0);
  if (!(failed > limit)) return null;
  const share = `${(100 * failed).toFixed(1)} % of the solves of epoch ${epoch} did not converge`;
  return `${share}, more than ${100 * limit} %`;
}

const end = ({ status, reason }: Ending, state: TrainingState): TrainEvent => ({
  type: "end",
  status,
  reason,
  state,
});
