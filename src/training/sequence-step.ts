import { gradient } from "../autodiff/gradient.ts";
import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { loop, type Values } from "../graph/ops/control.ts";
import { less } from "../graph/ops/elementwise.ts";
import { gather } from "../graph/ops/indexing.ts";
import { full, slice, split, squeeze } from "../graph/ops/movement.ts";
import { input } from "../graph/value.ts";
import type { SequenceModel } from "../models/sequence.ts";
import type { Layout } from "./flat.ts";
import { groupsOf } from "./groups.ts";
import { meanSquaredError } from "./losses.ts";
import type { Optimiser } from "./optimisers.ts";
import { clip, parted, prefixed, type StepGraph, updated } from "./step.ts";

export interface SequenceStepOptions {
  /** Steps at the start of each sequence that do not count: what is left of the unknown state. */
  readonly washout?: number;
  readonly clipNorm?: number;
}

/** The parameter under which each sequence's start is learned [sequences, states]; else it is 0. */
export const startName = "x0";

/**
 * Training on sequences as one ONNX loop: each step gathers its batch of sequences, simulates the
 * model from their starts, takes the mean square of what is wrong after the washout, its gradient
 * through time and the optimiser's update. Stops at once after a step whose loss is not finite.
 *
 * inputs: theta [P], one vector [P] for each slot, u [n, T, inputs], y [n, T, outputs], order [S, B]
 * (sequences of each step), coefficients [S, k], steps. outputs: next.theta, next.slots, and per step
 * loss [S] and gradientNorm [S] where clipped.
 *
 * @param length  T
 * @param layout  of the model's parameters, and of `startName` where starts are learned
 */
export function sequenceStepGraph(
  model: SequenceModel,
  layout: Layout,
  optimiser: Optimiser,
  length: number,
  { washout = 0, clipNorm = Infinity }: SequenceStepOptions = {},
): StepGraph {
  if (!(Number.isInteger(washout) && washout >= 0 && washout < length)) {
    throw new UsageError(
      `washout = ${washout} of sequences of ${length} steps`,
      "a whole number below their length is wanted",
    );
  }
  const theta = input("theta", "float32", [layout.size]);
  const slots = optimiser.slots.map((slot) => input(slot, "float32", [layout.size]));
  const u = input("u", "float32", ["n", length, model.inputs]);
  const y = input("y", "float32", ["n", length, model.outputs]);
  const order = input("order", "int64", ["S", "B"]);
  const count = optimiser.coefficients(1, 1).length;
  const coefficients = input("coefficients", "float32", ["S", count]);
  const steps = input("steps", "int64", []);
  const columns = split(coefficients, 1, Array<number>(count).fill(1)).map((part) =>
    squeeze(part, [1]),
  );

  const groups = groupsOf(layout, optimiser.together);
  const fed = { theta, ...Object.fromEntries(slots.map((s, i) => [optimiser.slots[i], s])) };
  const opened: Values = Object.assign(
    {},
    ...Object.entries(fed).map(([name, v]) => prefixed(name, groups.open(v))),
  );
  const { state, outputs } = loop({ times: steps }, opened, (now, step) => {
    const rows = gather(order, step);
    const inputs = gather(u, rows);
    const parts = parted("theta", now);
    const parameters = groups.parameters(parts);
    const start = startOf(parameters, rows, inputs, model.states);
    const found = model.simulate(model.explicit(parameters), inputs, start).y;
    const loss = meanSquaredError(after(washout, found), after(washout, gather(y, rows)));
    const raw = gradient(loss, parameters);
    const clipped = clipNorm < Infinity ? clip(raw, clipNorm) : null;
    const scalars = columns.map((column) => gather(column, step));
    return {
      state: updated(optimiser, parts, now, groups.gather(clipped?.gradient ?? raw), scalars),
      proceed: less(loss, Infinity), // NaN is not less either
      outputs: { loss, ...(clipped && { gradientNorm: clipped.norm }) } as Values,
    };
  });
  const next = Object.keys(fed).map((name) => [`next.${name}`, groups.close(parted(name, state))]);
  return {
    inputs: { ...fed, u, y, order, coefficients, steps },
    outputs: { ...Object.fromEntries(next), ...outputs },
  };
}

/** The states [B, n] that the sequences of a batch start from. */
const startOf = (parameters: Values, rows: Value, inputs: Value, states: number): Value =>
  startName in parameters
    ? gather(parameters[startName], rows)
    : full(0, [inputs.shape[0], states], inputs);

const after = (washout: number, y: Value): Value =>
  washout === 0 ? y : slice(y, 1, { start: washout });
