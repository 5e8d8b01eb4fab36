import type { Attributes, OpType } from "./operators.ts";
import type { TensorType } from "./shape.ts";

export type TensorData = Float32Array | Float64Array | BigInt64Array | Uint8Array;

/** Result of one application of an operator; a symbol until the program runs. Immutable. */
export interface Value extends TensorType {
  readonly node: Node;
  readonly index: number; // which of the node's outputs
}

/**
 * One application of an operator, or a leaf: `Input` (fed at run time, or a parameter of a body),
 * `Constant` (an initialiser in ONNX), `CustomVjp` (passes its first inputs through unchanged and
 * replaces their derivative; it leaves no trace in ONNX).
 */
export interface Node {
  readonly op: OpType | "Input" | "Constant" | "CustomVjp";
  readonly inputs: readonly (Value | null)[]; // null: an optional input left out
  readonly attributes: Attributes;
  readonly bodies: readonly Body[];
  readonly captures: readonly Value[]; // outer values that the bodies use
  readonly outputs: readonly Value[];
  readonly scopes: readonly Scope[]; // bodies whose parameters this depends on
  readonly name?: string; // of an input or an initialiser
  readonly data?: TensorData; // of a constant
  readonly vjp?: CustomRule; // of a CustomVjp
}

/** Identity of a body while it is being built; its parameters carry it. */
export interface Scope {
  readonly id: number;
}

/** A subgraph: what a Loop, a Scan or a branch of an If computes from its parameters. */
export interface Body {
  readonly scope: Scope;
  readonly parameters: readonly Value[];
  readonly results: readonly Value[];
}

/**
 * The derivative of a CustomVjp: from its inputs, its outputs and their cotangents (null: none) to
 * the cotangents of its inputs. It may use no other value of the graph, so that the node can be
 * rebuilt with other inputs.
 */
export type CustomRule = (
  inputs: readonly Value[],
  outputs: readonly Value[],
  cotangents: readonly (Value | null)[],
) => readonly (Value | null)[];

/** What a node is computed from: its inputs, and what its bodies capture. */
export const dependencies = (node: Node): readonly Value[] => {
  const present = node.inputs.filter((value) => value !== null);
  return node.captures.length === 0 ? present : [...present, ...node.captures];
};

/** The numbers of a constant, or null for anything else. */
export const constantNumbers = (value: Value): number[] | null =>
  value.node.data === undefined ? null : Array.from(value.node.data, Number);
