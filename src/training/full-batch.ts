import type { Dataset } from "../data/dataset.ts";
import { refuseUnknown } from "../errors/suggest.ts";
import { NumericError, UsageError } from "../errors.ts";
import { scalarOf, tensorOf } from "../graph/tensor.ts";
import type { Model, Parameters } from "../models/model.ts";
import { type CompileOptions, compile } from "../runtime/program.ts";
import { flatten, layoutOf, unflatten } from "./flat.ts";
import { type Loss, requireRows } from "./losses.ts";
import type { Optimiser } from "./optimisers.ts";
import type { Schedule } from "./schedules.ts";
import { lossFeeds, stepGraph } from "./step.ts";
import { targetsOf, taskOf } from "./targets.ts";

export interface FullBatchOptions {
  readonly seed: number;
  readonly steps: number;
  /** Steps in one call of the runtime, after each of which the parameters are handed out. */
  readonly every: number;
  readonly optimiser: Optimiser;
  readonly schedule: Schedule;
  readonly loss?: Loss;
  readonly compile?: CompileOptions;
}

const knownOptions = Object.keys({
  seed: true,
  steps: true,
  every: true,
  optimiser: true,
  schedule: true,
  loss: true,
  compile: true,
} satisfies Record<keyof FullBatchOptions, true>);

/** Parameters after so many steps, and the loss at each of the steps since the last. */
export interface Descended {
  readonly step: number;
  readonly parameters: Parameters;
  readonly losses: Float32Array;
}

/**
 * Descent on all rows at once, for small data and losses that are no mean over rows: `every` steps in a call
 * of the runtime, where `fit` makes one, since an epoch of it is one step.
 *
 * @throws UsageError  for steps that are no positive multiple of `every`, or a model that wants supplies
 * @throws NumericError  once the loss is not finite
 */
export async function* fullBatch(
  model: Model,
  data: Dataset,
  options: FullBatchOptions,
): AsyncGenerator<Descended> {
  refuseUnknown("fullBatch", options, knownOptions);
  const { seed, steps, every, optimiser, schedule, loss } = options;
  if (!(Number.isInteger(every) && every > 0 && steps > 0 && steps % every === 0))
    throw new UsageError(`fullBatch: ${steps} steps are no multiple of every = ${every}`);
  if (model.wants) throw new UsageError(`fullBatch: ${model.kind} wants supplies: take fit`);
  if (loss) requireRows(loss, data.count, data.count);
  const task = taskOf(data, model.outputs);
  const initial = model.initialise(seed);
  const layout = layoutOf(initial);
  const graph = stepGraph(model, layout, optimiser, { task, loss, whole: true, accuracy: false });
  const program = await compile(graph.inputs, graph.outputs, {
    sizes: { B: data.count },
    ...options.compile,
  });
  const rows = BigInt64Array.from({ length: every * data.count }, (_, i) => BigInt(i % data.count));
  const vector = (values: Float32Array) => tensorOf(values, [layout.size]);
  let state: { theta: Float32Array; slots: Float32Array[] } = {
    theta: flatten(layout, initial),
    slots: optimiser.slots.map(() => new Float32Array(layout.size)),
  };
  try {
    for (let step = 0; step < steps; step += every) {
      const numbers = Array.from({ length: every }, (_, i) =>
        optimiser.coefficients(step + i + 1, schedule(step + i + 1, steps)),
      );
      const found = await program.run({
        theta: vector(state.theta),
        ...Object.fromEntries(optimiser.slots.map((slot, i) => [slot, vector(state.slots[i])])),
        features: tensorOf(data.features, [data.count, data.width]),
        targets: targetsOf(data),
        order: tensorOf(rows, [every, data.count]),
        coefficients: tensorOf(Float32Array.from(numbers.flat()), [every, numbers[0].length]),
        steps: scalarOf(every, "int64"),
        ...lossFeeds(loss),
      });
      const losses = found.loss.data as Float32Array;
      if (losses.length < every || !Number.isFinite(losses.at(-1)!))
        throw new NumericError(
          `the loss is not finite after step ${step + losses.length}`,
          "try a smaller learning rate",
        );
      state = {
        theta: found["next.theta"].data as Float32Array,
        slots: optimiser.slots.map((slot) => found[`next.${slot}`].data as Float32Array),
      };
      yield { step: step + every, parameters: unflatten(layout, state.theta), losses };
    }
  } finally {
    await program.release();
  }
}
