import type { RandomStream } from "../data/random.ts";
import { requireObject, requireThat } from "../errors/arguments.ts";
import type { Value } from "../graph/node.ts";
import type { Values } from "../graph/ops/control.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { SolverHealth } from "../solvers/fixed-point.ts";

/** Numbers by parameter name. */
export type Parameters = Readonly<Record<string, Tensor>>;

/**
 * A model: graphs over named parameters. `explicit` makes of the trained parameters the tensors that
 * the model computes with (for most models the same ones); it is run once per weight update, and
 * once for all at export.
 */
export interface Model {
  readonly kind: string;
  readonly inputs: number; // features
  readonly outputs: number; // classes or values
  /** Parameters to start from; the same numbers for the same seed. */
  readonly initialise: (seed: number) => Parameters;
  /** What the model computes with, of its parameters. */
  readonly explicit: (parameters: Values, supplies?: Supplies) => Values;
  /** Features [N, inputs] → outputs [N, outputs], or [N, T, outputs] of sequences. Outcomes of solves go to `pass`. */
  readonly apply: (explicit: Values, x: Value, pass: Pass) => Value;
  /**
   * What made it, by the names and in the units of a configuration (`model` and `solver.forward`): a file's
   * metadata say so, and the graph can be built again from it. Left out where a configuration cannot ask for
   * such a model.
   */
  readonly settings?: ModelSettings;
  /** What training is to supply; most models want nothing. */
  readonly wants?: Wants;
  /**
   * Parameters that no optimiser touches: fixed when they are drawn, or set by the step itself
   * (`Supplies.next.settled`), as running statistics are.
   */
  readonly settled?: readonly string[];
  /** Widths of the hidden layers that `apply` leaves in `pass.hidden`, from the inputs on. */
  readonly hidden?: readonly number[];
  /** Names and widths of the inputs of an exported file, where features are not all of one kind. */
  readonly ports?: readonly (readonly [name: string, width: number])[];
}

export interface ModelSettings {
  readonly model: Readonly<Record<string, unknown>>; // its kind and options, without inputs and outputs
  readonly solver?: Readonly<Record<string, unknown>>; // of the equilibrium
}

/** How many numbers training changes by their gradient. */
export const trainedCount = ({ initialise, settled = [] }: Model): number =>
  Object.entries(initialise(0))
    .filter(([name]) => !settled.includes(name))
    .reduce((sum, [, { data }]) => sum + data.length, 0);

/** What a model is given while its graph is built, and where it leaves what came of it. */
export interface Pass extends SolverHealth {
  /** Only there while training: without it a model is deterministic. */
  readonly supplies?: Supplies;
  /** Where hidden layers [N, width] are left, for those who read them. */
  readonly hidden?: Value[];
  /** Where heads on hidden layers leave their predictions [N, outputs], for losses that take them. */
  readonly auxiliary?: Value[];
  /** Where further outputs of an exported file are left, by name. */
  readonly also?: Record<string, Value>;
}

/** @throws UsageError  for what is no model */
export function requireModel(where: string, given: unknown): asserts given is Model {
  const wanted = "a model, as of mlp(…) or monotoneDeq(…)";
  const { initialise, explicit, apply } = requireObject(where, "model", given, wanted);
  for (const [name, part] of Object.entries({ initialise, explicit, apply }))
    requireThat(where, `model.${name}`, part, typeof part === "function", wanted);
}

/** What a model wants of training besides its parameters and features. All of it by name. */
export interface Wants {
  /** Random numbers, new in each step. */
  readonly noise?: Readonly<Record<string, Noise>>;
  /** Tensors that one step hands to the next, untrained. */
  readonly carried?: (seed: number) => Parameters;
  /** Shapes of what is kept for each training row between its visits; zeros before the first. */
  readonly remembered?: Readonly<Record<string, readonly number[]>>;
}

/** Random float32 numbers of a step: one tensor of this shape, or one for each sample. */
export interface Noise {
  readonly per: "step" | "sample";
  readonly shape: readonly number[];
  /** One entry. */
  readonly draw: (random: RandomStream) => number;
}

/** The wants of one training step, fulfilled, and what the model returns. */
export interface Supplies {
  readonly noise: Values; // [...shape] or [N, ...shape]
  readonly carried: Values;
  readonly remembered: Values; // [N, ...shape]
  /** Carried, remembered and settled tensors as the next step is to find them. */
  readonly next: {
    readonly carried: Record<string, Value>;
    readonly remembered: Record<string, Value>;
    readonly settled: Record<string, Value>;
  };
  /** Scalars added to the loss. */
  readonly penalties: Value[];
  /** More predictions for the same targets; the loss of each is added with its weight. */
  readonly corrections: { readonly prediction: Value; readonly weight: number }[];
}
