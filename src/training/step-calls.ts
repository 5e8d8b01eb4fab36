import type { Dataset } from "../data/dataset.ts";
import { scalarOf, tensorOf } from "../graph/tensor.ts";
import type { Model } from "../models/model.ts";
import { contest } from "../runtime/contest.ts";
import { type Batches, nextBatches, stepsPerEpoch } from "./batches.ts";
import type { TrainEvent, TrainingState } from "./events.ts";
import type { FitOptions } from "./fit-options.ts";
import type { Layout } from "./flat.ts";
import { since } from "./state.ts";
import { lossFeeds, stepGraph } from "./step.ts";
import { addStep, firstBad, metricsOf, readSteps } from "./step-report.ts";
import { keptAfter, suppliesOf } from "./supplies.ts";
import { positionsOf, targetsOf, taskOf } from "./targets.ts";
import { attemptSeed } from "./watch.ts";

/** What a call of the runtime has come to. */
export interface StepCall {
  readonly bad: string | null; // what made its numbers useless
  readonly state: TrainingState; // after its steps
  readonly event: Extract<TrainEvent, { type: "step" }>;
}

/** The steps of training, many in one call of the runtime. */
export interface StepCalls {
  /** The next steps of the epoch under way, whose rows come in this order. */
  readonly run: (state: TrainingState, order: Uint32Array) => Promise<StepCall>;
  readonly release: () => Promise<void>;
}

/** Compiles the step of a model on these rows (features as the model wants them). */
export async function stepCalls(
  model: Model,
  train: Dataset,
  layout: Layout,
  options: FitOptions,
): Promise<StepCalls> {
  const { seed, epochs, batch, optimiser, schedule, logEvery = 50, callSeconds = 0.25 } = options;
  const task = taskOf(train, model.outputs);
  const perEpoch = stepsPerEpoch(train.count, batch);
  const whole = batch >= train.count;
  const positions = positionsOf(train);
  const graph = stepGraph(model, layout, optimiser, { ...options, task, positions, whole });
  const program = await contest(graph.inputs, graph.outputs, {
    sizes: { B: batch },
    ...options.compile,
  });
  const features = tensorOf(train.features, [train.count, train.width]);
  const targets = targetsOf(train);

  /** What each step of a call is given besides the weights: its rate, rows and supplies. */
  const feedsOf = (state: TrainingState, { steps, size, rows }: Batches) => {
    const attempt = since(state);
    const first = state.step - attempt.step; // of this attempt
    const rates = Array.from({ length: steps }, (_, i) =>
      schedule(first + i + 1, perEpoch * epochs),
    );
    const updates = state.step - (state.slotsSince ?? 0);
    const numbers = rates.flatMap((rate, i) => optimiser.coefficients(updates + i + 1, rate));
    const drawn = attemptSeed(seed, attempt.number);
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
    return { feeds, rates };
  };

  let limit = 4; // steps of the next call
  return {
    run: async (state, order) => {
      const { epoch } = state;
      const batches = nextBatches(order, batch, state.step - epoch * perEpoch, limit);
      const { steps, size, rows } = batches;
      const start = performance.now();
      const { feeds, rates } = feedsOf(state, batches);
      const found = await program.run(feeds, steps);
      const secondsPerStep = (performance.now() - start) / 1000 / steps;
      // Only how soon a signal is heard depends on the clock, never a number of the run.
      limit = Math.max(1, Math.min(4 * limit, Math.round(callSeconds / secondsPerStep)));

      const report = readSteps(found, { epoch, first: state.step, size, rates });
      const theta = found["next.theta"].data as Float32Array;
      const sums = report.reduce((all, step) => addStep(all, step, size), state.sums);
      const next = {
        ...state,
        ...(state.kept && { kept: keptAfter(state.kept, found, rows) }),
        step: state.step + steps,
        theta,
        slots: optimiser.slots.map((slot) => found[`next.${slot}`].data as Float32Array),
        sums,
      };
      const logged = report
        .map(({ metrics }) => metrics)
        .filter(({ step }) => step % logEvery === 0);
      const metrics = metricsOf(sums, task === "classes");
      const event = {
        type: "step",
        epoch,
        step: next.step,
        metrics,
        logged,
        secondsPerStep,
      } as const;
      return { bad: firstBad(report, theta), state: next, event };
    },
    release: () => program.release(),
  };
}
