import { mulberryMatrix } from "../src/data/random.ts";
import { scalarOf, type Tensor, tensorOf, zerosOf } from "../src/graph/tensor.ts";
import type { Model, Parameters } from "../src/models/model.ts";
import { contest } from "../src/runtime/contest.ts";
import { flatten, layoutOf } from "../src/training/flat.ts";
import type { Optimiser } from "../src/training/optimisers.ts";
import { stepGraph } from "../src/training/step.ts";
import { type Options, report } from "./measure.ts";

/** A batch to train on again and again; the labels are 0, 1, … in turn. */
export interface Batch {
  readonly x: Tensor; // [size, inputs]
  readonly size: number;
  readonly classes: number;
}
export interface Rule {
  readonly optimiser: Optimiser;
  readonly rate: number;
}

/** scale · (2u − 1) with u from mulberry32, float32: the weights and data of the peers. */
export const draw = (seed: number, scale: number, ...shape: number[]): Tensor =>
  tensorOf(
    Float32Array.from(mulberryMatrix(seed, ...shape), (x) => x * scale),
    shape,
  );

/** The library's training program, and what it is fed to do a number of steps. */
export async function training(
  model: Model,
  parameters: Parameters,
  { x, size, classes }: Batch,
  { optimiser, rate }: Rule,
  threads: number | undefined,
) {
  const layout = layoutOf(parameters);
  const graph = stepGraph(model, layout, optimiser, { task: "classes", accuracy: false });
  const program = await contest(graph.inputs, graph.outputs, { sizes: { B: size }, threads });
  const labels = BigInt64Array.from({ length: size }, (_, i) => BigInt(i % classes));
  const rows = Array.from({ length: size }, (_, i) => BigInt(i));
  const slots = optimiser.slots.map((slot) => [slot, zerosOf("float32", [layout.size])]);
  const feeds = (steps: number) => {
    const numbers = Array.from({ length: steps }, (_, i) => optimiser.coefficients(i + 1, rate));
    return {
      theta: tensorOf(flatten(layout, parameters), [layout.size]),
      ...Object.fromEntries(slots),
      features: x,
      targets: tensorOf(labels, [size]),
      order: tensorOf(BigInt64Array.from(Array(steps).fill(rows).flat()), [steps, size]),
      coefficients: tensorOf(Float32Array.from(numbers.flat()), [steps, numbers[0].length]),
      steps: scalarOf(steps, "int64"),
    };
  };
  return { program, feeds };
}

/** About how long one call of the runtime takes, in seconds; training in earnest aims at 0.25. */
const callSeconds = 0.1;

/**
 * Times a training step. The library trains many steps in one call of the runtime, so one such call
 * is timed and divided by its steps. Every call starts from the same parameters.
 */
export async function trainCase(
  options: Options,
  name: string,
  model: Model,
  parameters: Parameters,
  batch: Batch,
  rule: Rule,
  extra: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  if (!name.includes(options.only)) return;
  const { program, feeds } = await training(model, parameters, batch, rule, options.threads);
  const few = feeds(3);
  await program.run(few, 3);
  const start = performance.now();
  await program.run(few, 3);
  const perStep = (performance.now() - start) / 3000;
  const steps = Math.min(2000, Math.max(3, Math.round(callSeconds / perStep)));
  const many = feeds(steps);
  for (let i = 0; i < 5; i++) await program.run(many, steps); // until the threads are chosen
  const last = await program.run(many, steps);
  const of = (output: string) => Number(last[output].data[steps - 1]);
  const solves = "forwardMost" in last && {
    forward_iterations: of("forwardMost"),
    backward_iterations: of("backwardMost"),
    unconverged: of("forwardFailed") + of("backwardFailed"),
  };
  await report(
    options,
    name,
    () => program.run(many, steps),
    { ...extra, ...solves, loss: of("loss"), threads: program.threads, steps_per_call: steps },
    steps,
  );
  await program.release();
}
