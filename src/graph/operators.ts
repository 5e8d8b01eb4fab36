import { controlOperators } from "./infer/control.ts";
import { elementwiseOperators } from "./infer/elementwise.ts";
import { indexOperators } from "./infer/indexing.ts";
import { linearOperators } from "./infer/linear.ts";
import { movementOperators } from "./infer/movement.ts";
import { reductionOperators } from "./infer/reduction.ts";
import { windowOperators } from "./infer/window.ts";
import type { Body, Value } from "./node.ts";
import type { TensorType } from "./shape.ts";

export type AttributeValue = number | string | readonly number[];
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** How an attribute is written in ONNX, and what ONNX takes when it is left out. */
export interface AttributeSpec {
  readonly kind: "int" | "float" | "string" | "ints";
  readonly default?: AttributeValue;
}

/** What is known of an operator without running it. */
export interface Operator {
  readonly domain: "" | "com.microsoft";
  readonly attributes: Readonly<Record<string, AttributeSpec>>;
  /** Result types from the inputs'. @throws ShapeError when they do not fit */
  readonly infer: (
    inputs: readonly (Value | null)[],
    attributes: Attributes,
    bodies: readonly Body[],
  ) => readonly TensorType[];
}

/** Every operator that a graph may hold, under ONNX's name, as of opset 18. */
const table = {
  ...elementwiseOperators,
  ...linearOperators,
  ...reductionOperators,
  ...movementOperators,
  ...indexOperators,
  ...windowOperators,
  ...controlOperators,
} satisfies Record<string, Operator>;

export type OpType = keyof typeof table;
export const operators: { readonly [T in OpType]: Operator } = table;
