import { gradient } from "../autodiff/gradient.ts";
import type { Value } from "../graph/node.ts";
import { loop, type Values } from "../graph/ops/control.ts";
import { abs, add, cast, div, less, maximum, mul, sqrt } from "../graph/ops/elementwise.ts";
import { gather, oneHot } from "../graph/ops/indexing.ts";
import { plus } from "../graph/ops/linear.ts";
import { shapeOf, split, squeeze } from "../graph/ops/movement.ts";
import { reduceSumSquare } from "../graph/ops/reduction.ts";
import type { Tensor } from "../graph/tensor.ts";
import { input } from "../graph/value.ts";
import type { Model } from "../models/model.ts";
import type { Layout } from "./flat.ts";
import { groupsOf } from "./groups.ts";
import { correctCount, crossEntropy, type Loss, meanSquaredError } from "./losses.ts";
import type { Optimiser } from "./optimisers.ts";
import { solverOutputs } from "./solver-sums.ts";
import {
  carriedAfter,
  objective,
  rememberedAfter,
  settledAfter,
  suppliesGraph,
} from "./supplies.ts";
import { type Task, targetsInput } from "./targets.ts";

/** A program's inputs and outputs: many training steps in one call. */
export interface StepGraph {
  readonly inputs: Values;
  readonly outputs: Values;
}

export interface StepOptions {
  readonly task: Task;
  /** Labels of a row, where it is a sequence. */
  readonly positions?: number;
  readonly clipNorm?: number;
  /** Whether to count the right answers of each step. */
  readonly accuracy?: boolean;
  /** Whether to report the norm of each step's gradient; that of a clipped one is reported anyway. */
  readonly norms?: boolean;
  /** In place of cross-entropy or the mean squared error. */
  readonly loss?: Loss;
  /** Whether every batch is the whole training set. */
  readonly whole?: boolean;
}

/** Up to so many classes (of all positions), labels are written out as probabilities once for all steps of a call. */
const fewClasses = 64;

/**
 * Training as one ONNX loop: each step gathers its batch, takes the loss, its gradient and the
 * optimiser's update. Stops at once after a step whose loss is not finite.
 *
 * inputs: theta [P], one vector [P] for each slot, features [n, width], targets [n] or [n, width],
 * order [S, B] (rows of each step), coefficients [S, k], what the model wants of supplies.ts, and the rows of a loss, loss.NAME [n, …].
 * outputs: next.theta, next.slots, and per step: loss, correct, gradientNorm, and for each of the two solves
 * the mean and largest iterations, and how many samples did not converge.
 */
export function stepGraph(
  model: Model,
  layout: Layout,
  optimiser: Optimiser,
  options: StepOptions,
): StepGraph {
  const { task, positions = 1, clipNorm = Infinity, accuracy = true, norms = false } = options;
  const { loss: given, whole = false } = options;
  const theta = input("theta", "float32", [layout.size]);
  const slots = optimiser.slots.map((slot) => input(slot, "float32", [layout.size]));
  const features = input("features", "float32", ["n", model.inputs]);
  const targets = targetsInput("targets", task, "n", model.outputs, positions);
  const order = input("order", "int64", ["S", "B"]);
  const count = optimiser.coefficients(1, 1).length;
  const coefficients = input("coefficients", "float32", ["S", count]);
  const steps = input("steps", "int64", []);
  const tables = Object.fromEntries(
    Object.entries(given?.rows ?? {}).map(([name, { dtype, shape }]) => [
      name,
      input(lossInput(name), dtype, ["n", ...shape.slice(1)]),
    ]),
  );

  // What every step needs alike is computed once, outside the loop.
  const columns = split(coefficients, 1, Array<number>(count).fill(1)).map((part) =>
    squeeze(part, [1]),
  );
  const answers =
    task === "classes" && model.outputs * positions <= fewClasses
      ? oneHot(targets, model.outputs, "float32")
      : targets;
  const rowCount = cast(squeeze(shapeOf(order, 1, 2), [0]), "float32");
  const answered = positions === 1 ? rowCount : mul(rowCount, positions);

  const { settled = [] } = model;
  const groups = groupsOf(layout, optimiser.together, settled);
  const fed = { theta, ...Object.fromEntries(slots.map((s, i) => [optimiser.slots[i], s])) };
  const opened = Object.entries(fed).map(([name, v]) => prefixed(name, groups.open(v)));
  const supplied = suppliesGraph(model);
  const initial = merged([supplied.carried, ...opened]);
  const { state, outputs } = loop({ times: steps }, initial, (now, step) => {
    const rows = gather(order, step);
    const x = gather(features, rows);
    const y = gather(answers, rows);
    const scalars = columns.map((column) => gather(column, step));

    const pass = { ...supplied.pass(now, step), auxiliary: [] as Value[] };
    const parts = parted("theta", now);
    const parameters = groups.parameters(parts);
    const prediction = model.apply(model.explicit(parameters, pass.supplies), x, pass);
    const usual = (output: Value) =>
      task === "classes" ? crossEntropy(output, y, answered) : meanSquaredError(output, y);
    const { auxiliary } = pass;
    const known = {
      rows: Object.fromEntries(Object.entries(tables).map(([name, v]) => [name, gather(v, rows)])),
      size: rowCount,
      whole,
      auxiliary,
    };
    const lossOf = (output: Value) => (given ? given.of(output, y, known) : usual(output));
    const loss = lossOf(prediction);
    const total = objective(loss, pass.supplies, lossOf);
    const scale = clipNorm < Infinity ? undefined : optimiser.scale?.(scalars);
    const found = gradient(total, without(parameters, settled), scale);
    const clipped = clipNorm < Infinity ? clip(found, clipNorm) : null;
    const trained = without(parts, settled);
    const next = scale
      ? descended(trained, groups.gather(found))
      : updated(optimiser, trained, now, groups.gather(clipped?.gradient ?? found), scalars);
    const norm =
      clipped?.norm ?? (norms ? (scale ? div(normOf(found), abs(scale)) : normOf(found)) : null);
    return {
      state: { ...now, ...carriedAfter(pass), ...settledAfter(pass), ...next },
      proceed: less(total, Infinity), // NaN is not less either
      outputs: {
        loss,
        ...(task === "classes" &&
          accuracy && { correct: correctCount(prediction, gather(targets, rows), positions) }),
        ...(norm && { gradientNorm: norm }),
        ...solverOutputs("forward", pass.forward),
        ...solverOutputs("backward", pass.backward),
        ...rememberedAfter(pass),
      } as Values,
    };
  });
  const next = [
    ...Object.keys(fed).map((name) => [`next.${name}`, groups.close(parted(name, state))]),
    ...Object.keys(supplied.carried).map((name) => [`next.${name}`, state[name]]),
  ];
  return {
    inputs: {
      ...fed,
      features,
      targets,
      order,
      coefficients,
      steps,
      ...supplied.carried,
      ...supplied.inputs,
      ...Object.fromEntries(Object.entries(tables).map(([name, v]) => [lossInput(name), v])),
    },
    outputs: { ...Object.fromEntries(next), ...outputs },
  };
}

/** The input that a loss's rows of this name are fed by. */
const lossInput = (name: string) => `loss.${name}`;

/** The feeds of a loss's rows. */
export const lossFeeds = (loss: Loss | undefined): Readonly<Record<string, Tensor>> =>
  Object.fromEntries(
    Object.entries(loss?.rows ?? {}).map(([name, rows]) => [lossInput(name), rows]),
  );

/** Values of several vectors, by vector and group, as one record and back. */
export const prefixed = (vector: string, parts: Values): Values =>
  Object.fromEntries(Object.entries(parts).map(([group, v]) => [`${vector}/${group}`, v]));
export const parted = (vector: string, all: Values): Values =>
  Object.fromEntries(
    Object.entries(all)
      .filter(([name]) => name.startsWith(`${vector}/`))
      .map(([name, v]) => [name.slice(vector.length + 1), v]),
  );
const without = (values: Values, names: readonly string[]): Values =>
  names.length === 0
    ? values
    : Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));
const merged = (parts: readonly Values[]): Values => Object.assign({}, ...parts);

/** θ and the optimiser's state after its update, group by group. */
export function updated(
  optimiser: Optimiser,
  parts: Values,
  now: Values,
  gradients: Values,
  scalars: readonly Value[],
): Values {
  const next = Object.entries(parts).map(([group, theta]) => {
    const state = optimiser.slots.map((slot) => now[`${slot}/${group}`]);
    const found = optimiser.update(theta, state, gradients[group], scalars);
    return {
      [`theta/${group}`]: found.theta,
      ...Object.fromEntries(optimiser.slots.map((slot, i) => [`${slot}/${group}`, found.state[i]])),
    };
  });
  return merged(next);
}

/** θ + an already scaled gradient. */
const descended = (parts: Values, scaled: Values): Values =>
  prefixed(
    "theta",
    Object.fromEntries(Object.entries(parts).map(([group, v]) => [group, plus(v, scaled[group])])),
  );

const normOf = (gradients: Values): Value =>
  sqrt(
    Object.values(gradients)
      .map((g) => reduceSumSquare(g))
      .reduce(add),
  );

/** Scales the gradient down to a norm of at most `limit`. */
export function clip(gradients: Values, limit: number): { gradient: Values; norm: Value } {
  const norm = normOf(gradients);
  const factor = div(limit, maximum(norm, limit));
  const shrunk = Object.entries(gradients).map(([name, g]) => [name, mul(g, factor)]);
  return { gradient: Object.fromEntries(shrunk), norm };
}
