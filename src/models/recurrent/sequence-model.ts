import type { Value } from "../../graph/node.ts";
import type { Values } from "../../graph/ops/control.ts";
import type { Parameters } from "../model.ts";

/** A model that reads one input after the other: graphs over named parameters and a state. */
export interface SequenceModel {
  readonly kind: string;
  readonly inputs: number; // numbers in u at one time
  readonly outputs: number; // numbers in y at one time
  /** Parameters to start from; the same numbers for the same seed. */
  readonly initialise: (seed: number) => Parameters;
  /** The state of zeros [B, ...], by name, for inputs u [B, ...]. */
  readonly rest: (u: Value) => Values;
  /** One time: u [B, inputs] → y [B, outputs]. */
  readonly step: (parameters: Values, state: Values, u: Value) => Advanced;
  /** All times: u [B, T, inputs] → y [B, T, outputs]; what T single steps give, but for rounding. */
  readonly sequence: (parameters: Values, state: Values, u: Value) => Advanced;
}

export interface Advanced {
  readonly state: Values; // after the last input
  readonly y: Value;
}
