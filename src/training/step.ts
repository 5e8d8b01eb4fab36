import { gradient } from "../autodiff/gradient.ts";
import type { Value } from "../graph/node.ts";
import { loop, type Values } from "../graph/ops/control.ts";
import { cast, div, less, maximum, mul, sqrt } from "../graph/ops/elementwise.ts";
import { gather } from "../graph/ops/indexing.ts";
import { shapeOf, split, squeeze } from "../graph/ops/movement.ts";
import { reduceSumSquare } from "../graph/ops/reduction.ts";
import { input } from "../graph/value.ts";
import type { Model } from "../models/model.ts";
import { solverHealth } from "../solvers/fixed-point.ts";
import { type Layout, pack, unpack } from "./flat.ts";
import { correctCount, crossEntropy, meanSquaredError } from "./losses.ts";
import type { Optimiser } from "./optimisers.ts";
import { solverOutputs } from "./solver-sums.ts";
import { type Task, targetsInput } from "./targets.ts";

/** A program's inputs and outputs: many training steps in one call. */
export interface StepGraph {
  readonly inputs: Values;
  readonly outputs: Values;
}

export interface StepOptions {
  readonly task: Task;
  readonly clipNorm?: number;
  /** Whether to count the right answers of each step. */
  readonly accuracy?: boolean;
}

/**
 * Training as one ONNX loop: each step gathers its batch, takes the loss, its gradient and the
 * optimiser's update. Stops at once after a step whose loss is not finite.
 *
 * inputs: theta [P], one vector [P] for each slot, features [n, width], targets [n] or [n, width],
 * order [S, B] (rows of each step), coefficients [S, k].
 * outputs: next.theta, next.slots, and per step: loss, correct, gradientNorm, and for each of the two solves
 * the mean and largest iterations, and how many samples did not converge.
 */
export function stepGraph(
  model: Model,
  layout: Layout,
  optimiser: Optimiser,
  { task, clipNorm = Infinity, accuracy = true }: StepOptions,
): StepGraph {
  const theta = input("theta", "float32", [layout.size]);
  const slots = optimiser.slots.map((slot) => input(slot, "float32", [layout.size]));
  const features = input("features", "float32", ["n", model.inputs]);
  const targets = targetsInput("targets", task, "n", model.outputs);
  const order = input("order", "int64", ["S", "B"]);
  const count = optimiser.coefficients(1, 1).length;
  const coefficients = input("coefficients", "float32", ["S", count]);
  const steps = input("steps", "int64", []);

  // What every step needs alike is computed once, outside the loop.
  const columns = split(coefficients, 1, Array<number>(count).fill(1)).map((part) =>
    squeeze(part, [1]),
  );
  const batch = cast(squeeze(shapeOf(order, 1, 2), [0]), "float32");

  const initial: Values = {
    theta,
    ...Object.fromEntries(slots.map((s, i) => [optimiser.slots[i], s])),
  };
  const { state, outputs } = loop({ times: steps }, initial, (now, step) => {
    const rows = gather(order, step);
    const x = gather(features, rows);
    const y = gather(targets, rows);
    const scalars = columns.map((column) => gather(column, step));

    const health = solverHealth();
    const parameters = unpack(layout, now.theta);
    const prediction = model.apply(model.explicit(parameters), x, health);
    const loss =
      task === "classes" ? crossEntropy(prediction, y, batch) : meanSquaredError(prediction, y);
    const { flat, norm } = clip(pack(layout, gradient(loss, parameters)), clipNorm);
    const next = optimiser.update(
      now.theta,
      optimiser.slots.map((s) => now[s]),
      flat,
      scalars,
    );
    return {
      state: {
        theta: next.theta,
        ...Object.fromEntries(next.state.map((s, i) => [optimiser.slots[i], s])),
      },
      proceed: less(loss, Infinity), // NaN is not less either
      outputs: {
        loss,
        ...(task === "classes" && accuracy && { correct: correctCount(prediction, y) }),
        ...(norm && { gradientNorm: norm }),
        ...solverOutputs("forward", health.forward),
        ...solverOutputs("backward", health.backward),
      } as Values,
    };
  });
  const next = Object.fromEntries(Object.entries(state).map(([name, v]) => [`next.${name}`, v]));
  return {
    inputs: { ...initial, features, targets, order, coefficients, steps },
    outputs: { ...next, ...outputs },
  };
}

/** Scales the gradient down to a norm of at most `limit`. */
function clip(flat: Value, limit: number): { flat: Value; norm: Value | null } {
  if (limit === Infinity) return { flat, norm: null };
  const norm = sqrt(reduceSumSquare(flat));
  return { flat: mul(flat, div(limit, maximum(norm, limit))), norm };
}
