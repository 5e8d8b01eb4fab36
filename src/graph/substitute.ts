import { parameterTypes } from "./infer/control.ts";
import { type Body, dependencies, type Node, type Value } from "./node.ts";
import type { OpType } from "./operators.ts";
import type { TensorType } from "./shape.ts";
import { applyNode, customVjp, makeBody, topologicalOrder } from "./value.ts";

/**
 * The values with some of what they depend on replaced, each by a value of equal type: the graph
 * between is built again, what does not depend on a replaced value is shared.
 *
 * @param enters  which nodes may depend on a replaced value; all, when left out
 */
export function substitute(
  values: readonly Value[],
  replacements: ReadonlyMap<Value, Value>,
  enters: (node: Node) => boolean = () => true,
): readonly Value[] {
  const rebuilt = new Map<Value, Value>(replacements);
  const now = (value: Value): Value => rebuilt.get(value) ?? value;
  const changed = (value: Value) => rebuilt.has(value);
  for (const node of topologicalOrder(values, enters)) {
    if (node.outputs.every(changed) || !dependencies(node).some(changed)) continue;
    const outputs = rebuild(node, now);
    node.outputs.forEach((old, i) => {
      if (!changed(old)) rebuilt.set(old, outputs[i]);
    });
  }
  return values.map(now);
}

function rebuild(node: Node, now: (value: Value) => Value): readonly Value[] {
  const inputs = node.inputs.map((value) => value && now(value));
  if (node.op === "CustomVjp") {
    const count = node.outputs.length;
    const all = inputs as readonly Value[];
    return customVjp(all.slice(0, count), all.slice(count), node.vjp!);
  }
  // Sizes without a name have other names in the new inputs; the bodies must have those.
  const types = parameterTypes(node.op, inputs, node.attributes);
  const captures = new Map(node.captures.map((value) => [value, now(value)]));
  const bodies = node.bodies.map((body) => rebuildBody(body, types, captures));
  return applyNode(node.op as OpType, inputs, node.attributes, bodies).outputs;
}

const rebuildBody = (
  body: Body,
  types: readonly TensorType[],
  captures: ReadonlyMap<Value, Value>,
): Body => makeBody(types, (...parameters) => inline(body, parameters, captures));

/** What a body computes from given arguments, in place: its graph without the body around it. */
export const inline = (
  { scope, parameters, results }: Body,
  args: readonly Value[],
  captures: ReadonlyMap<Value, Value> = new Map(),
): readonly Value[] =>
  substitute(
    results,
    new Map([...captures, ...parameters.map((p, i) => [p, args[i]] as const)]),
    // What a body captures is where its own nodes end.
    (node) => node.scopes.includes(scope),
  );
