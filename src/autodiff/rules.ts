import type { Node, Value } from "../graph/node.ts";
import type { OpType } from "../graph/operators.ts";
import { controlRules } from "./rules/control.ts";
import { elementwiseRules } from "./rules/elementwise.ts";
import { indexRules } from "./rules/indexing.ts";
import { linearRules } from "./rules/linear.ts";
import { movementRules } from "./rules/movement.ts";
import { reductionRules } from "./rules/reduction.ts";
import { windowRules } from "./rules/window.ts";

/**
 * The vector–Jacobian product of one operator: given the node and the cotangents of its outputs
 * (null: none arrived; at least one did), returns those of `[...inputs, ...captures]`, each of that
 * value's shape, or null where there is no derivative. What is not `wanted` is dropped: as nodes
 * nobody uses it costs nothing, so only a rule that carries cotangents through a loop need ask.
 */
export type Rule = (
  node: Node,
  ybars: readonly (Value | null)[],
  wanted: (x: Value) => boolean,
) => readonly (Value | null)[];

/** One rule for each operator of the graph; leaving one out is a type error. */
export const rules: { readonly [T in OpType]: Rule } = {
  ...elementwiseRules,
  ...linearRules,
  ...reductionRules,
  ...movementRules,
  ...indexRules,
  ...windowRules,
  ...controlRules,
};
