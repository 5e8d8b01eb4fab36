import type { Node, Value } from "../../src/graph/node.ts";
import { type OpType, operators } from "../../src/graph/operators.ts";
import type { Values } from "../../src/graph/ops/control.ts";
import type { Shape } from "../../src/graph/shape.ts";
import { type Resolve, resolver } from "../../src/onnx/resolve.ts";

/**
 * A graph as lines of text that do not depend on names made up for values and sizes, nor on where
 * a file puts a node: equal texts are equal graphs. Rows of a Loop or Scan that nothing uses do
 * not count.
 */
export function structureOf({ inputs, outputs }: { inputs: Values; outputs: Values }): string[] {
  const lines: string[] = [];
  const unwrapped = unwrapper(resolver(inputs));
  const live = liveValues(Object.values(outputs), unwrapped);
  const numbers = new Map<Node, number>();
  const dims = new Map<string, string>();
  const shown = (shape: Shape) =>
    shape.map((dim) => {
      if (typeof dim === "number" || !/^_\d+$/.test(dim)) return dim;
      dims.set(dim, dims.get(dim) ?? `d${dims.size}`);
      return dims.get(dim);
    });
  const typeOf = ({ dtype, shape }: Value) => `${dtype}[${shown(shape)}]`;
  const refer = (given: Value): string => {
    const value = unwrapped(given);
    const { node } = value;
    if (node.op === "Constant") {
      // By what it holds: a file may hold it more than once, or once for several.
      const name = node.name && !/^v\d+$/.test(node.name) ? ` "${node.name}"` : "";
      return `{${typeOf(value)}${name} ${node.data!.join()}}`;
    }
    visit(node);
    return `#${numbers.get(node)}.${node.outputs.filter((y) => live.has(y)).indexOf(value)}`;
  };
  const enter = (node: Node, line: string) => {
    numbers.set(node, numbers.size);
    lines.push(`#${numbers.get(node)} ${line}: ${node.outputs.filter(isShown).map(typeOf)}`);
  };
  const used = (node: Node, result: number) =>
    result < statesOf(node) || live.has(node.outputs[node.op === "Loop" ? result - 1 : result]);
  const isShown = (value: Value) => live.has(value) || value.node.op === "Input";
  const visit = (node: Node): void => {
    if (numbers.has(node)) return;
    const list = node.inputs.map((x) => (x === null ? "-" : refer(x)));
    while (list.at(-1) === "-") list.pop();
    const bodies = node.bodies.map(({ parameters, results }) => {
      for (const parameter of parameters) enter(parameter.node, "Parameter");
      return `(${parameters.length} → ${results.filter((_, i) => used(node, i)).map(refer)})`;
    });
    enter(node, `${node.op}(${list}) ${attributesOf(node)} ${bodies}`);
  };
  for (const [name, { node }] of Object.entries(inputs)) enter(node, `Input "${name}"`);
  for (const [name, value] of Object.entries(outputs)) lines.push(`"${name}" = ${refer(value)}`);
  return lines;
}

/** Everything that the values need; of a body's rows those that are used. */
function liveValues(values: readonly Value[], unwrapped: Resolve): ReadonlySet<Value> {
  const live = new Set(values);
  for (const value of live) {
    const { node, index } = value;
    for (const before of node.inputs) if (before) live.add(before);
    const at = node.op === "Loop" ? index + 1 : index;
    for (const { results } of node.bodies) {
      for (const result of [...results.slice(0, statesOf(node)), results[at]]) live.add(result);
    }
    if (value !== unwrapped(value)) live.add(unwrapped(value));
  }
  return live;
}
/** How many results of its body a node cannot do without: a condition, and the state. */
const statesOf = ({ op, inputs, attributes }: Node): number =>
  op === "Loop"
    ? 1 + Math.max(0, inputs.length - 2)
    : op === "Scan"
      ? inputs.length - Number(attributes.num_scan_inputs)
      : 0;

const unwrapper =
  (resolve: Resolve): Resolve =>
  (value) => {
    let inner = resolve(value);
    while (inner.node.op === "Identity") inner = resolve(inner.node.inputs[0]!);
    return inner;
  };

/** With the defaults filled in, and floats as a file holds them. */
const attributesOf = ({ op, attributes }: Node): string =>
  Object.entries(operators[op as OpType].attributes)
    .map(([name, spec]) => [name, attributes[name] ?? spec.default] as const)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      // As long as there are rows, used or not: all of our scans run one way.
      if (name.endsWith("_directions")) return `${name}=${[...new Set(value as number[])]}`;
      return `${name}=${typeof value === "number" ? Math.fround(value) : value}`;
    })
    .join(" ");
