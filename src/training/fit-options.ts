import { type Dataset, requireDataset } from "../data/dataset.ts";
import { requireNumber, requireObject, requireThat } from "../errors/arguments.ts";
import { refuseUnknown } from "../errors/suggest.ts";
import { UsageError } from "../errors.ts";
import { type Model, requireModel } from "../models/model.ts";
import type { CompileOptions } from "../runtime/program.ts";
import type { TrainingState } from "./events.ts";
import { type Loss, requireLoss } from "./losses.ts";
import type { Optimiser } from "./optimisers.ts";
import type { Schedule } from "./schedules.ts";
import { taskOf } from "./targets.ts";
import type { Accelerate, Observe } from "./watch.ts";

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

/**
 * @throws UsageError  for an option that there is not, a count that is none, or data that are not the model's
 * @throws DataError  for targets that are not the model's
 */
export function requireFitting(model: Model, data: Dataset, options: FitOptions): void {
  requireModel("fit", model);
  requireDataset("fit", data);
  requireObject("fit", "options", options, "{ seed, epochs, batch, optimiser, schedule }");
  refuseUnknown("fit", options, knownOptions);
  const { seed, optimiser, schedule } = options;
  requireNumber("fit", "seed", seed);
  requireObject("fit", "optimiser", optimiser, "an optimiser, as of adam()");
  const wanted = "a schedule, as of constantRate(0.01)";
  requireThat("fit", "schedule", schedule, typeof schedule === "function", wanted);
  const { epochs, batch, logEvery = 1, restarts = 0 } = options;
  for (const [name, n] of Object.entries({ epochs, batch, logEvery })) {
    if (!(Number.isInteger(n) && n >= 1))
      throw new UsageError(`fit: ${name} = ${n} is no positive whole number`);
  }
  if (!(Number.isInteger(restarts) && restarts >= 0))
    throw new UsageError(`fit: restarts = ${restarts} is no whole number`);
  if (data.width !== model.inputs) {
    throw new UsageError(
      `fit: ${data.name} has ${data.width} features, the model ${model.inputs} inputs`,
    );
  }
  taskOf(data, model.outputs);
  requireLoss(options, data.count);
}
