import type { Value } from "../graph/node.ts";
import type { Values } from "../graph/ops/control.ts";
import { concat, shapeOf } from "../graph/ops/movement.ts";
import { constant } from "../graph/value.ts";

/** What a value is written as. */
export type Resolve = (value: Value) => Value;

/**
 * A CustomVjp passes its inputs through and leaves no trace. A size with a name is read from an
 * input of the model that has it, wherever it was asked for: so what depends on sizes alone (zeros to
 * start from, rows of ones, counts) does not depend on the state of a loop and can leave it.
 */
export function resolver(inputs: Values): Resolve {
  const sizes = new Map<string, Value>();
  for (const input of Object.values(inputs)) {
    input.shape.forEach((dim, axis) => {
      if (typeof dim === "string" && !sizes.has(dim))
        sizes.set(dim, shapeOf(input, axis, axis + 1));
    });
  }
  const shapes = new Map<Value, Value>();
  const sizesOf = (shape: Value): Value => {
    const { node } = shape;
    const { start = 0, end } = node.attributes as { start?: number; end?: number };
    const dims = node.inputs[0]!.shape.slice(start, end);
    const parts = dims.map((dim) =>
      typeof dim === "number" ? constant([dim], "int64") : sizes.get(dim),
    );
    return parts.length > 0 && parts.every((part) => part !== undefined) ? concat(parts, 0) : shape;
  };
  return (value) => {
    let found = value;
    while (found.node.op === "CustomVjp") found = found.node.inputs[found.index]!;
    if (found.node.op !== "Shape") return found;
    const known = shapes.get(found) ?? sizesOf(found);
    shapes.set(found, known);
    return known;
  };
}
