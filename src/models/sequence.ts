import type { Value } from "../graph/node.ts";
import type { Values } from "../graph/ops/control.ts";
import type { Parameters } from "./model.ts";

/**
 * A model of sequences with a state: graphs over named parameters. `explicit` makes of the trained
 * parameters the tensors that the model computes with, once per weight update.
 */
export interface SequenceModel {
  readonly kind: string;
  readonly inputs: number;
  readonly outputs: number;
  /** Numbers in the state of one sequence. */
  readonly states: number;
  /** Parameters to start from; the same numbers for the same seed. */
  readonly initialise: (seed: number) => Parameters;
  /** What the model computes with, of its parameters. */
  readonly explicit: (parameters: Values) => Values;
  /** Inputs [N, T, inputs] from the state x₀ [N, states] → outputs [N, T, outputs] and the state after. */
  readonly simulate: (explicit: Values, u: Value, x0: Value) => Simulation;
  /** One step: input [N, inputs] and state [N, states] → output [N, outputs] and the state after. */
  readonly step: (explicit: Values, u: Value, x: Value) => Simulation;
}

export interface Simulation {
  readonly y: Value;
  readonly x: Value;
  /** Where an equation is solved in each step: how well at its worst [N], relative. */
  readonly residual?: Value;
}
