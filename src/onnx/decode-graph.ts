import { parameterTypes } from "../graph/infer/control.ts";
import type { Body, Value } from "../graph/node.ts";
import type { OpType } from "../graph/operators.ts";
import { formatType, type TensorType } from "../graph/shape.ts";
import { makeBody, tensor } from "../graph/value.ts";
import {
  applyRecord,
  constantOfRecord,
  graphOf,
  labelOf,
  type Opsets,
  operatorOf,
} from "./decode-node.ts";
import type { GraphRecord, InfoRecord, NodeRecord } from "./read-model.ts";
import { dtypeOfCode } from "./read-tensor.ts";
import { fault, type Origin } from "./read-wire.ts";
import { bodyAttributes } from "./schema.ts";

/** The names that a graph sees: its own so far, and those of the graphs around it. */
export interface Names {
  readonly graph: GraphRecord;
  readonly outer: Names | null;
  readonly own: Map<string, Value>;
  /** The node that is being built: of names made after it nothing is known yet. */
  current: NodeRecord | null;
}

export const namesOf = (graph: GraphRecord, outer: Names | null = null): Names => ({
  graph,
  outer,
  own: new Map(),
  current: null,
});

function lookup(names: Names, name: string): Value | undefined {
  for (let at: Names | null = names; at !== null; at = at.outer) {
    const value = at.own.get(name);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Gives a value its name. ONNX lets a name stand for one thing only, in bodies too. */
export function define(names: Names, name: string, value: Value, origin: Origin): void {
  if (name === "") throw fault(origin, "has no name");
  if (lookup(names, name) !== undefined) throw fault(origin, `the name "${name}" stands twice`);
  names.own.set(name, value);
}

/** Initialisers of the outermost graph keep their names, others are the graph's own business. */
export function defineInitialisers(names: Names): Map<string, Value> {
  const found = new Map<string, Value>();
  for (const record of names.graph.initialisers) {
    const { name, data, dims } = record;
    const value = tensor(data, dims, names.outer === null ? name : undefined);
    define(names, name, value, record);
    found.set(name, value);
  }
  return found;
}

/** Builds the nodes in their order and gives what the graph returns. */
export function buildNodes(names: Names, opsets: Opsets): Value[] {
  for (const node of names.graph.nodes) {
    names.current = node;
    const results = buildNode(node, names, opsets);
    if (node.outputs.length > results.length) {
      throw fault(
        node,
        `${labelOf(node)} has ${node.outputs.length} outputs, ${results.length} can be read`,
      );
    }
    node.outputs.forEach((name, i) => {
      if (name !== "") define(names, name, results[i], node);
    });
  }
  names.current = null;
  return names.graph.outputs.map((info) => {
    const value = lookup(names, info.name);
    if (value === undefined) throw fault(info, `output "${info.name}" is made by nothing`);
    checkDeclared(info, value);
    return unwrapped(value);
  });
}

/** Copies stand before results since ONNX wants each to be a node's own; our graphs need none. */
function unwrapped(value: Value): Value {
  let inner = value;
  while (inner.node.op === "Identity") inner = inner.node.inputs[0]!;
  return inner;
}

function buildNode(node: NodeRecord, names: Names, opsets: Opsets): readonly Value[] {
  if (node.op === "Constant" && (node.domain === "" || node.domain === "ai.onnx")) {
    return [constantOfRecord(node)];
  }
  const op = operatorOf(node, opsets);
  const inputs = node.inputs.map((name) => {
    if (name === "") return null;
    const value = lookup(names, name);
    if (value === undefined) throw fault(node, `${labelOf(node)}: ${whyMissing(name, names)}`);
    return value;
  });
  while (inputs.at(-1) === null) inputs.pop();
  const bodies = bodiesOf(node, op, inputs, names, opsets);
  return applyRecord(node, op, inputs, bodies, opsets.get("")!);
}

/** What is wrong with a name that is not defined: nothing makes it, or something further on. */
function whyMissing(name: string, names: Names): string {
  for (let at: Names | null = names; at !== null; at = at.outer) {
    const makers = new Map(at.graph.nodes.flatMap((node) => node.outputs.map((o) => [o, node])));
    const maker = makers.get(name);
    if (maker === undefined) continue;
    const met = new Set([maker]);
    for (const node of met) {
      for (const input of node.inputs) {
        const before = makers.get(input);
        if (before !== undefined) met.add(before);
      }
    }
    return met.has(at.current!)
      ? `input "${name}" is made from its own result, by ${maker.path}: a cycle`
      : `input "${name}" is made only later, by ${maker.path}`;
  }
  return `nothing is called "${name}"`;
}

function bodiesOf(
  node: NodeRecord,
  op: OpType,
  inputs: readonly (Value | null)[],
  names: Names,
  opsets: Opsets,
): readonly Body[] {
  if (op !== "Loop" && op !== "Scan" && op !== "If") return [];
  const given = inputs.slice(op === "Loop" ? 2 : 0);
  if (given.includes(null)) throw fault(node, `${labelOf(node)}: an input is missing`);
  const rows = op === "Scan" ? scannedInputs(node, given as readonly Value[]) : 0;
  const states = given.length - rows;
  const types = parameterTypes(op, inputs, { num_scan_inputs: rows });
  const graphs = bodyAttributes[op].map((name) => graphOf(node, name));
  const fewest = op === "If" ? graphs[0].outputs.length : states + (op === "Loop" ? 1 : 0);
  const most = op === "If" ? fewest : Infinity;
  return graphs.map((graph) => {
    const count = graph.outputs.length;
    if (count < fewest || count > most) {
      throw fault(graph, `${count} outputs of a body, ${labelOf(node)} wants ${fewest}`);
    }
    return buildBody(graph, types, names, opsets);
  });
}

function scannedInputs(node: NodeRecord, values: readonly Value[]): number {
  const record = node.attributes.find(({ name }) => name === "num_scan_inputs");
  const count = Number(record?.int ?? 0);
  if (!(count >= 1 && count <= values.length)) {
    throw fault(node, `${labelOf(node)}: ${count} sequences among ${values.length} inputs`);
  }
  const scalar = values.slice(-count).find(({ shape }) => shape.length === 0);
  if (scalar) throw fault(node, `${labelOf(node)}: ${formatType(scalar)} is no sequence`);
  return count;
}

function buildBody(
  graph: GraphRecord,
  types: readonly TensorType[],
  outer: Names,
  opsets: Opsets,
): Body {
  if (graph.inputs.length !== types.length) {
    throw fault(graph, `${graph.inputs.length} inputs of a body, wanted ${types.length}`);
  }
  return makeBody(types, (...parameters) => {
    const names = namesOf(graph, outer);
    graph.inputs.forEach((info, i) => {
      define(names, info.name, parameters[i], info);
      checkDeclared(info, parameters[i]);
    });
    defineInitialisers(names);
    return buildNodes(names, opsets);
  });
}

/** What the file says of a type against what is known of it; it may say less, or nothing. */
export function checkDeclared(info: InfoRecord, type: TensorType): void {
  if (info.code === 0) return;
  const dtype = dtypeOfCode(info.code, info);
  const fits =
    dtype === type.dtype &&
    (info.dims === null ||
      (info.dims.length === type.shape.length &&
        info.dims.every((dim, i) => {
          const known = type.shape[i];
          return typeof dim === "string" || typeof known === "string" || dim === BigInt(known);
        })));
  if (fits) return;
  const declared = `${dtype}${info.dims === null ? "" : `[${info.dims.join(", ")}]`}`;
  throw fault(info, `"${info.name}" is declared ${declared} and is ${formatType(type)}`);
}
