import { refuseUnknown } from "../errors/suggest.ts";
import { ShapeError, UsageError } from "../errors.ts";
import { formatShape } from "../graph/shape.ts";
import { scalarOf, type Tensor, tensorOf, zerosOf } from "../graph/tensor.ts";
import type { Parameters } from "../models/model.ts";
import type { SequenceModel } from "../models/sequence.ts";
import { type CompileOptions, compile } from "../runtime/program.ts";
import { epochOrder } from "./batches.ts";
import { flatten, layoutOf, unflatten } from "./flat.ts";
import type { Optimiser } from "./optimisers.ts";
import type { Schedule } from "./schedules.ts";
import { type SequenceStepOptions, sequenceStepGraph, startName } from "./sequence-step.ts";

/** Sequences of one length: u [n, T, inputs] and y [n, T, outputs], float32. */
export interface Sequences {
  readonly u: Tensor;
  readonly y: Tensor;
}

export interface SequenceFitOptions extends SequenceStepOptions {
  readonly seed: number;
  readonly steps: number;
  /** Sequences of a step; those that an epoch leaves over go without. */
  readonly batch: number;
  readonly optimiser: Optimiser;
  readonly schedule: Schedule;
  /** Whether each sequence's start is a parameter; it starts from 0. Guarantees do not depend on it. */
  readonly learnStart?: boolean;
  /** Steps in one call of the runtime. */
  readonly stepsPerCall?: number;
  /** Told of the parameters, learned starts among them, after every call of the runtime; true ends the run. */
  readonly afterCall?: (
    parameters: Parameters,
    step: number,
    state: SequenceState,
  ) => Promise<boolean>;
  /** Where a run of the same model, data and options goes on, as `afterCall` was told. */
  readonly from?: SequenceState;
  readonly signal?: AbortSignal;
  readonly compile?: CompileOptions;
}

/** All that a run goes on from. */
export interface SequenceState {
  readonly step: number; // steps taken
  readonly theta: Float32Array; // parameters and learned starts, flat
  readonly slots: readonly Float32Array[]; // of the optimiser, each as long as theta
}

const knownOptions = Object.keys({
  from: true,
  seed: true,
  steps: true,
  batch: true,
  optimiser: true,
  schedule: true,
  learnStart: true,
  stepsPerCall: true,
  afterCall: true,
  signal: true,
  compile: true,
  washout: true,
  clipNorm: true,
} satisfies Record<keyof SequenceFitOptions, true>);

export interface SequenceFit {
  readonly status: "completed" | "non-finite" | "stopped";
  /** After the last call of the runtime whose losses were all finite. */
  readonly parameters: Parameters;
  /** The learned starts [n, states]. */
  readonly starts: Tensor | null;
  /** Of each step taken, those before `from` aside. */
  readonly losses: Float32Array;
  readonly gradientNorms: Float32Array | null;
}

/**
 * Cuts experiments into sequences of `length` steps, each beginning `every` steps after the one before;
 * what is left at the end is not used. Gradients do not reach beyond a sequence.
 *
 * @param series  [T, k] of one experiment, float32
 * @throws ShapeError  for a series that is shorter, or no matrix of float32
 */
export function cutSequences(series: Tensor, length: number, every = length): Tensor {
  const { data, shape } = series;
  if (!(data instanceof Float32Array) || shape.length !== 2)
    throw new ShapeError(
      `a series of ${series.dtype}${formatShape(shape)}: float32 [T, k] is wanted`,
    );
  const [total, width] = shape;
  if (!(length >= 1 && every >= 1 && length <= total))
    throw new ShapeError(`sequences of ${length} steps, ${every} apart, of a series of ${total}`);
  const count = Math.floor((total - length) / every) + 1;
  const cut = new Float32Array(count * length * width);
  for (let k = 0; k < count; k++) {
    const from = k * every * width;
    cut.set(data.subarray(from, from + length * width), k * length * width);
  }
  return tensorOf(cut, [count, length, width]);
}

/**
 * Trains a model of sequences by mean squared error after a washout. The same seed gives the same
 * bytes on one thread, however the steps fall into calls. A loss that is not finite ends the run with
 * the parameters before that call. Gone on with `from` a state, it ends with the same bytes as without a break.
 *
 * @throws UsageError, ShapeError  for options out of range, sequences or a state that do not fit the model
 */
export async function fitSequences(
  model: SequenceModel,
  data: Sequences,
  options: SequenceFitOptions,
): Promise<SequenceFit> {
  refuseUnknown("fitSequences", options, knownOptions);
  const { seed, steps, batch, optimiser, schedule, signal, washout, clipNorm } = options;
  const { learnStart = false, stepsPerCall = 32, from } = options;
  const [count, length] = sizesOf(model, data);
  for (const [name, n] of Object.entries({ steps, batch, stepsPerCall })) {
    if (!(Number.isInteger(n) && n >= 1))
      throw new UsageError(`fitSequences: ${name} = ${n} is no positive whole number`);
  }
  if (batch > count)
    throw new UsageError(
      `fitSequences: batch = ${batch} of ${count} sequences`,
      "take a smaller one",
    );

  const starts: Parameters = learnStart
    ? { [startName]: zerosOf("float32", [count, model.states]) }
    : {};
  const initial: Parameters = { ...model.initialise(seed), ...starts };
  const layout = layoutOf(initial);
  requireFits(from, layout.size, optimiser.slots.length);
  const graph = sequenceStepGraph(model, layout, optimiser, length, { washout, clipNorm });
  const program = await compile(graph.inputs, graph.outputs, { threads: 1, ...options.compile });
  const losses: number[] = [];
  const norms: number[] = [];
  const done = from?.step ?? 0;
  let theta = from?.theta ?? flatten(layout, initial);
  let slots = from?.slots ?? optimiser.slots.map(() => new Float32Array(layout.size));
  let status: SequenceFit["status"] = "completed";
  try {
    while (done + losses.length < steps) {
      if (signal?.aborted) {
        status = "stopped";
        break;
      }
      const taken = done + losses.length;
      const many = Math.min(stepsPerCall, steps - taken);
      const rows = Array.from({ length: many }, (_, i) => batchOf(taken + i, count, batch, seed));
      const numbers = rows.flatMap((_, i) =>
        optimiser.coefficients(taken + i + 1, schedule(taken + i + 1, steps)),
      );
      const found = await program.run({
        theta: tensorOf(theta, [layout.size]),
        ...Object.fromEntries(
          optimiser.slots.map((slot, i) => [slot, tensorOf(slots[i], [layout.size])]),
        ),
        ...data,
        order: tensorOf(BigInt64Array.from(rows.flat(), BigInt), [many, batch]),
        coefficients: tensorOf(Float32Array.from(numbers), [many, numbers.length / many]),
        steps: scalarOf(many, "int64"),
      });
      const loss = Array.from(found.loss.data, Number);
      const next = found["next.theta"].data as Float32Array;
      losses.push(...loss);
      if (found.gradientNorm) norms.push(...Array.from(found.gradientNorm.data, Number));
      if (!Number.isFinite(loss.at(-1)) || next.some((x) => !Number.isFinite(x))) {
        status = "non-finite";
        break;
      }
      theta = next;
      slots = optimiser.slots.map((slot) => found[`next.${slot}`].data as Float32Array);
      const state = { step: taken + many, theta, slots };
      if (
        options.afterCall &&
        (await options.afterCall(unflatten(layout, theta), state.step, state))
      ) {
        status = "stopped";
        break;
      }
    }
  } finally {
    await program.release();
  }
  const { [startName]: learned, ...parameters } = unflatten(layout, theta);
  return {
    status,
    parameters,
    starts: learned ?? null,
    losses: Float32Array.from(losses),
    gradientNorms: norms.length > 0 ? Float32Array.from(norms) : null,
  };
}

/** @throws ShapeError  for a state of another model or optimiser */
function requireFits(state: SequenceState | undefined, size: number, slots: number): void {
  if (state === undefined) return;
  const lengths = [state.theta, ...state.slots].map(({ length }) => length);
  if (lengths.length === slots + 1 && lengths.every((length) => length === size)) return;
  throw new ShapeError(
    `fitSequences: a state of ${lengths.join(", ")} numbers; wanted ${slots + 1} times ${size}`,
  );
}

/** The sequences of step k: batch after batch of an epoch's order. */
function batchOf(k: number, count: number, batch: number, seed: number): number[] {
  const perEpoch = Math.floor(count / batch);
  const order = epochOrder(count, seed, Math.floor(k / perEpoch));
  const start = (k % perEpoch) * batch;
  return Array.from(order.subarray(start, start + batch));
}

function sizesOf(model: SequenceModel, { u, y }: Sequences): readonly [number, number] {
  const fits = (t: Tensor, width: number) =>
    t.dtype === "float32" && t.shape.length === 3 && t.shape[2] === width;
  const alike = u.shape[0] === y.shape[0] && u.shape[1] === y.shape[1];
  if (!fits(u, model.inputs) || !fits(y, model.outputs) || !alike) {
    throw new ShapeError(
      `sequences u ${u.dtype}${formatShape(u.shape)} and y ${y.dtype}${formatShape(y.shape)} for a ` +
        `model of ${model.inputs} inputs and ${model.outputs} outputs: float32 [n, T, inputs] and ` +
        "[n, T, outputs] are wanted",
    );
  }
  return [u.shape[0], u.shape[1]];
}
