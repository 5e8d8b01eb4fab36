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
  readonly explicit: (parameters: Values) => Values;
  /** Features [N, inputs] → outputs [N, outputs]. Outcomes of solves go to `health`. */
  readonly apply: (explicit: Values, x: Value, health: SolverHealth) => Value;
}
