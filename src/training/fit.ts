import type { Split } from "../data/dataset.ts";
import { refuseUnknown } from "../errors/suggest.ts";
import { UsageError } from "../errors.ts";
import { scalarOf, tensorOf } from "../graph/tensor.ts";
import type { Model, Parameters } from "../models/model.ts";
import { contest } from "../runtime/contest.ts";
import type { CompileOptions } from "../runtime/program.ts";
import { epochOrder, nextBatches, stepsPerEpoch } from "./batches.ts";
import { evaluator } from "./evaluate.ts";
import type { Attempt, FitStatus, TrainEvent, TrainingState } from "./events.ts";
import { flatten, layoutOf, unflatten } from "./flat.ts";
import { tryJump } from "./jump.ts";
import { type Loss, requireLoss } from "./losses.ts";
import type { Optimiser } from "./optimisers.ts";
import type { Schedule } from "./schedules.ts";
import { lossFeeds, stepGraph } from "./step.ts";
import { addStep, emptySums, firstBad, metricsOf, readSteps } from "./step-report.ts";
import { firstKept, keptAfter, suppliesOf, withRemembered } from "./supplies.ts";
import { positionsOf, targetsOf, taskOf } from "./targets.ts";
import { type Accelerate, attemptSeed, type Observe, stretchOf } from "./watch.ts";

export interface FitOptions {
  readonly seed: number;
  readonly epochs: number;
  readonly batch: number;
  readonly optimiser: Optimiser;
  readonly schedule: Schedule;
  readonly clipNorm?: number;
  /** Ends the run once this share of an epoch's samples has not converged, forward or backward; 1 by default: never. */
  readonly unconvergedLimit?: number;
  /** A step's metrics are logged every so many steps. */
  readonly logEvery?: number;
  /** Wall time that one call of the runtime aims at, in seconds: how soon a signal is heard. */
  readonly callSeconds?: number;
  readonly signal?: AbortSignal;
  /** Continues from here, to the same bytes as without the interruption. */
  readonly resume?: TrainingState;
  readonly compile?: CompileOptions;
  /** Reports weight and gradient norms of every epoch. */
  readonly norms?: boolean;
  /** Asked after every epoch whether to go on. */
  readonly observe?: Observe;
  /** Restarts that a watcher may ask for, each with its own full number of epochs. */
  readonly restarts?: number;
  /** Tries weights ahead of training from time to time. */
  readonly accelerate?: Accelerate;
  /** Made small in place of cross-entropy or the mean squared error, which is measured on the test data. */
  readonly loss?: Loss;
}

const knownOptions = Object.keys({
  seed: true,
  epochs: true,
  batch: true,
  optimiser: true,
  schedule: true,
  clipNorm: true,
  unconvergedLimit: true,
  logEvery: true,
  callSeconds: true,
  signal: true,
  resume: true,
  compile: true,
  norms: true,
  observe: true,
  restarts: true,
  accelerate: true,
  loss: true,
} satisfies Record<keyof FitOptions, true>);

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
export const parametersOf = (model: Model, state: TrainingState): Parameters =>
  unflatten(layoutOf(model.initialise(0)), state.theta);

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
  refuseUnknown("fit", options, knownOptions);
  const { seed, epochs, batch, optimiser, schedule, signal, unconvergedLimit = 1 } = options;
  const { logEvery = 50, callSeconds = 0.25, norms = false } = options;
  const { observe, restarts = 0, accelerate } = options;
  for (const [name, n] of Object.entries({ epochs, batch, logEvery })) {
    if (!(Number.isInteger(n) && n >= 1))
      throw new UsageError(`fit: ${name} = ${n} is no positive whole number`);
  }
  if (!(Number.isInteger(restarts) && restarts >= 0))
    throw new UsageError(`fit: restarts = ${restarts} is no whole number`);
  const { train, test } = data;
  if (train.width !== model.inputs) {
    throw new UsageError(
      `fit: ${train.name} has ${train.width} features, the model ${model.inputs} inputs`,
    );
  }
  const task = taskOf(train, model.outputs);
  const positions = positionsOf(train);
  requireLoss(options, train.count);
  const layout = layoutOf(model.initialise(seed));
  const perEpoch = stepsPerEpoch(train.count, batch);
  const total = perEpoch * epochs;
  let state = options.resume ?? initialState(model, options);
  if (model.wants) state = { ...state, kept: withRemembered(model, state.kept, train.count) };
  let history: readonly Float32Array[] = accelerate ? stretchOf(accelerate, options.resume) : [];
  history = history.length > 0 ? history : [state.theta];

  const whole = batch >= train.count;
  const graph = stepGraph(model, layout, optimiser, { ...options, task, positions, whole });
  const program = await contest(graph.inputs, graph.outputs, {
    sizes: { B: batch },
    ...options.compile,
  });
  const measure = await evaluator(model, layout, task, options.compile ?? {}, positions);
  const features = tensorOf(train.features, [train.count, train.width]);
  const targets = targetsOf(train);

  try {
    yield {
      type: "start",
      parameters: layout.size,
      steps: total,
      stepsPerEpoch: perEpoch,
      epochs,
      resumedAt: state.step,
    };
    let limit = 4;
    while (!state.ended && state.epoch < epochs + since(state).epoch) {
      const { epoch } = state;
      const { number: attempt, epoch: firstEpoch, step: firstStep } = since(state);
      const drawn = attemptSeed(seed, attempt);
      const order = epochOrder(train.count, drawn, epoch - firstEpoch);
      const began = performance.now();
      for (
        let at = state.step - epoch * perEpoch;
        at < perEpoch;
        at = state.step - epoch * perEpoch
      ) {
        if (signal?.aborted) {
          yield end("stopped", "stopped on request", state);
          return;
        }
        const { steps, size, rows } = nextBatches(order, batch, at, limit);
        const first = state.step - firstStep; // of this attempt
        const rates = Array.from({ length: steps }, (_, i) => schedule(first + i + 1, total));
        const updates = state.step - (state.slotsSince ?? 0);
        const numbers = rates.flatMap((rate, i) => optimiser.coefficients(updates + i + 1, rate));
        const start = performance.now();
        const feeds = {
          theta: tensorOf(state.theta, [layout.size]),
          ...Object.fromEntries(
            optimiser.slots.map((slot, i) => [slot, tensorOf(state.slots[i], [layout.size])]),
          ),
          features,
          targets,
          order: tensorOf(rows, [steps, size]),
          coefficients: tensorOf(Float32Array.from(numbers), [steps, numbers.length / steps]),
          steps: scalarOf(steps, "int64"),
          ...lossFeeds(options.loss),
          ...suppliesOf(model, state.kept, { seed: drawn, first, steps, size, rows }),
        };
        const found = await program.run(feeds, steps);
        const seconds = (performance.now() - start) / 1000;
        const perStep = seconds / steps;
        // Only how soon a signal is heard depends on the clock, never a number of the run.
        limit = Math.max(1, Math.min(4 * limit, Math.round(callSeconds / perStep)));

        const report = readSteps(found, { epoch, first: state.step, size, rates });
        const next = found["next.theta"].data as Float32Array;
        const bad = firstBad(report, next);
        if (bad !== null) {
          yield end("non-finite", bad, state);
          return;
        }
        const sums = report.reduce((all, step) => addStep(all, step, size), state.sums);
        state = {
          ...state,
          ...(state.kept && { kept: keptAfter(state.kept, found, rows) }),
          step: state.step + steps,
          theta: next,
          slots: optimiser.slots.map((slot) => found[`next.${slot}`].data as Float32Array),
          sums,
        };
        const logged = report
          .map(({ metrics }) => metrics)
          .filter(({ step }) => step % logEvery === 0);
        const metrics = metricsOf(sums, task === "classes");
        yield { type: "step", epoch, step: state.step, metrics, logged, secondsPerStep: perStep };
        if (state.step % perEpoch !== 0) yield { type: "checkpoint", state };
      }
      const metrics = metricsOf(state.sums, task === "classes");
      const tested = await measure.measure(state.theta, test);
      const seconds = (performance.now() - began) / 1000;
      const weights = norms ? { weightNorm: lengthOf(state.theta) } : {};
      const { step, theta } = state;
      yield { type: "epoch", epoch, step, train: metrics, test: tested, ...weights, seconds };
      state = { ...state, epoch: epoch + 1, sums: emptySums };
      const failed = Math.max(
        metrics.forward?.unconverged ?? 0,
        metrics.backward?.unconverged ?? 0,
      );
      // Before the checkpoint, from which a run killed here would go on.
      if (failed > unconvergedLimit) {
        const share = `${(100 * failed).toFixed(1)} % of the solves of epoch ${epoch + 1} did not converge`;
        yield end("solver-failed", `${share}, more than ${100 * unconvergedLimit} %`, state);
        return;
      }
      if (observe) {
        const counted = { epoch: epoch + 1 - firstEpoch, total: epoch + 1, attempt };
        const seen = { ...counted, train: metrics, test: tested, theta, ...weights };
        const { act, reason, findings = [] } = observe(seen);
        if (act !== "continue" || findings.length > 0)
          yield { type: "verdict", epoch, step, act, reason, findings };
        if (act === "restart" && attempt < restarts) {
          state = restarted(model, options, state, train.count);
          history = [state.theta];
          const last = { epochs: state.epoch + epochs, steps: step + total };
          const next = { attempt: attempt + 1, seed: attemptSeed(seed, attempt + 1) };
          yield { type: "restart", epoch, step, ...next, ...last, reason };
        } else if (act !== "continue") {
          const status = act === "stop" ? "stopped-by-verdict" : "given-up";
          state = { ...state, ended: { status, reason } };
          yield end(status, reason, state);
          return;
        }
      }
      if (accelerate && state.theta === theta) {
        history = [...history, theta];
        if (history.length > accelerate.window) {
          const found = await tryJump(accelerate, history, state, train, measure);
          state = { ...(found?.state ?? state), stretch: state.epoch };
          history = [state.theta];
          if (found) yield { type: "jump", epoch, step, ...found.jump };
        }
      }
      yield { type: "checkpoint", state };
    }
    const { status, reason } = state.ended ?? { status: "completed", reason: `${epochs} epochs` };
    yield end(status, reason, state);
  } finally {
    await program.release();
    await measure.release();
  }
}

/** The attempt under way; the first one began with the run. */
const since = ({ attempt }: TrainingState): Attempt => attempt ?? { number: 0, epoch: 0, step: 0 };

/** The state that the next attempt starts from. */
function restarted(
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

/** ‖θ‖ in float64. */
const lengthOf = (theta: Float32Array) => Math.sqrt(theta.reduce((sum, x) => sum + x * x, 0));

const end = (status: FitStatus, reason: string, state: TrainingState): TrainEvent => ({
  type: "end",
  status,
  reason,
  state,
});
