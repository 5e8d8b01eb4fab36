import { requireObject, requireThat } from "../errors/arguments.ts";
import { InternalError, ShapeError } from "../errors.ts";
import {
  type Body,
  type CustomRule,
  dependencies,
  type Node,
  type Scope,
  type TensorData,
  type Value,
} from "./node.ts";
import { type Attributes, type AttributeValue, type OpType, operators } from "./operators.ts";
import {
  type DType,
  elementCount,
  formatShape,
  formatType,
  type Shape,
  type TensorType,
} from "./shape.ts";

const isValue = (given: unknown): given is Value =>
  typeof given === "object" && given !== null && "node" in given && "shape" in given;

/** @throws UsageError  for what is no value of a graph */
export function requireValue(where: string, name: string, given: unknown): asserts given is Value {
  requireThat(where, name, given, isValue(given), "a value of a graph, as of input()");
}

/** Values by name. @throws UsageError  naming what is none */
export function requireValues(where: string, name: string, given: unknown): void {
  const values = requireObject(where, name, given, "values of a graph by name, { x: input(…) }");
  for (const [key, value] of Object.entries(values)) requireValue(where, `${name}.${key}`, value);
}

interface NodeSpec {
  op: Node["op"];
  inputs?: readonly (Value | null)[];
  attributes?: Attributes;
  bodies?: readonly Body[];
  types: readonly TensorType[];
  scopes?: readonly Scope[];
  name?: string;
  data?: TensorData;
  vjp?: CustomRule;
}

function makeNode({
  op,
  inputs = [],
  attributes = {},
  bodies = [],
  types,
  ...rest
}: NodeSpec): Node {
  const captures = bodies.length === 0 ? [] : captured(bodies);
  const outputs: Value[] = [];
  const node: Node = {
    op,
    inputs,
    attributes,
    bodies,
    captures,
    outputs,
    scopes: rest.scopes ?? unionOfScopes([...inputs, ...captures]),
    name: rest.name,
    data: rest.data,
    vjp: rest.vjp,
  };
  types.forEach(({ dtype, shape }, index) => {
    outputs.push({ node, index, dtype, shape });
  });
  return node;
}

const noScopes: readonly Scope[] = [];

function unionOfScopes(values: readonly (Value | null)[]): readonly Scope[] {
  let union = noScopes;
  for (const value of values) {
    const scopes = value?.node.scopes ?? noScopes;
    if (scopes === union || scopes.every((scope) => union.includes(scope))) continue;
    union = union.length === 0 ? scopes : [...new Set([...union, ...scopes])];
  }
  return union;
}

/** A value fed when the program runs. Sizes may be names: `input("x", "float32", ["N", 784])`. */
export function input(name: string, dtype: DType, shape: Shape): Value {
  for (const dim of shape) {
    if (typeof dim === "number" && !(Number.isInteger(dim) && dim >= 0)) {
      throw new ShapeError(`input "${name}": size ${dim} in ${formatShape(shape)}`);
    }
  }
  return makeNode({ op: "Input", types: [{ dtype, shape }], name }).outputs[0];
}

/** Numbers known now. @throws ShapeError when their count is not that of the shape */
export function tensor(data: TensorData, shape: readonly number[], name?: string): Value {
  if (elementCount(shape) !== data.length) {
    throw new ShapeError(`${data.length} numbers for a constant of shape ${formatShape(shape)}`);
  }
  return makeNode({ op: "Constant", types: [{ dtype: dtypeOf(data), shape }], data, name })
    .outputs[0];
}

export const dtypeOf = (data: TensorData): DType =>
  data instanceof Float32Array
    ? "float32"
    : data instanceof Float64Array
      ? "float64"
      : data instanceof BigInt64Array
        ? "int64"
        : "bool";

/** Numbers as an array of the given dtype. */
export function typedArray(dtype: DType, list: ArrayLike<number | bigint | boolean>): TensorData {
  switch (dtype) {
    case "float32":
      return Float32Array.from(list as ArrayLike<number>, Number);
    case "float64":
      return Float64Array.from(list as ArrayLike<number>, Number);
    case "int64":
      return BigInt64Array.from(list as ArrayLike<number>, (n) => BigInt(n ?? 0));
    case "bool":
      return Uint8Array.from(list as ArrayLike<number>, (n) => (n ? 1 : 0));
  }
}

/** A scalar, or a tensor of the given shape, of numbers known now. */
export const constant = (
  numbers: number | readonly number[],
  dtype: DType,
  shape: readonly number[] = typeof numbers === "number" ? [] : [numbers.length],
): Value => tensor(typedArray(dtype, typeof numbers === "number" ? [numbers] : numbers), shape);

/**
 * One application of an operator, by ONNX's name for it: infers and checks the result types.
 *
 * @throws ShapeError naming the operator, the input types and the line that asked for it
 */
export function applyNode(
  op: OpType,
  inputs: readonly (Value | null)[],
  attributes: Attributes = {},
  bodies: readonly Body[] = [],
): Node {
  let types: readonly TensorType[];
  try {
    types = operators[op].infer(inputs, attributes, bodies);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    const given = inputs.map((x) => (x === null ? "-" : formatType(x))).join(", ");
    throw new ShapeError(`${op}(${given}): ${error.message}${callerLine()}`);
  }
  return makeNode({ op, inputs, attributes, bodies, types });
}

export const apply = (
  op: OpType,
  inputs: readonly (Value | null)[],
  attributes: Attributes = {},
): Value => applyNode(op, inputs, attributes).outputs[0];

/** The first line of the stack outside this package's graph code. */
function callerLine(): string {
  const usual = Error.stackTraceLimit;
  Error.stackTraceLimit = 100; // derivatives of nested bodies are built deep in our own code
  const frames = (new Error().stack ?? "").split("\n").slice(1);
  Error.stackTraceLimit = usual;
  const outside = frames.find((frame) => !/[\\/](src|dist)[\\/](graph|autodiff)[\\/]/.test(frame));
  return outside === undefined ? "" : `\n    ${outside.trim()}`;
}

/** A body built by a function of its parameters. */
export function makeBody(
  types: readonly TensorType[],
  build: (...parameters: Value[]) => readonly Value[],
): Body {
  const scope: Scope = { id: nextScope++ };
  const parameters = types.map(
    (type) => makeNode({ op: "Input", types: [type], scopes: [scope] }).outputs[0],
  );
  return { scope, parameters, results: build(...parameters) };
}
let nextScope = 0;

/**
 * Passes `outputs` through unchanged, with a derivative of the caller's own: `rule` is given the
 * inputs `[...outputs, ...dependencies]`, the outputs and their cotangents, and returns the
 * cotangents of those inputs.
 */
export const customVjp = (
  outputs: readonly Value[],
  dependencies: readonly Value[],
  rule: CustomRule,
): readonly Value[] =>
  makeNode({ op: "CustomVjp", inputs: [...outputs, ...dependencies], types: outputs, vjp: rule })
    .outputs;

/** Outer values that bodies use, each once: the frontier at which dependence on a parameter ends. */
export function captured(bodies: readonly Body[]): readonly Value[] {
  const found = new Set<Value>();
  for (const { scope, results } of bodies) {
    const inner = (value: Value) => value.node.scopes.includes(scope);
    for (const result of results) if (!inner(result)) found.add(result);
    for (const node of topologicalOrder(results.filter(inner), (node) =>
      node.scopes.includes(scope),
    )) {
      for (const value of dependencies(node)) if (!inner(value)) found.add(value);
    }
  }
  return [...found];
}

/** Nodes that the values depend on, each after all it depends on. Without recursion: graphs are deep. */
export function topologicalOrder(
  values: readonly Value[],
  enters: (node: Node) => boolean = () => true,
): Node[] {
  const order: Node[] = [];
  const state = new Map<Node, "open" | "done">();
  const stack = values.map((value) => value.node).reverse();
  while (stack.length > 0) {
    const node = stack[stack.length - 1];
    const seen = state.get(node);
    if (seen === "done") {
      stack.pop();
    } else if (seen === "open") {
      state.set(node, "done");
      order.push(node);
      stack.pop();
    } else {
      state.set(node, "open");
      for (const { node: before } of dependencies(node)) {
        if (!state.has(before) && enters(before)) stack.push(before);
      }
    }
  }
  return order;
}

/** An attribute of a node that is known to be there. */
export function attribute<T extends AttributeValue>(node: Node, name: string): T {
  const value = node.attributes[name] ?? operators[node.op as OpType].attributes[name]?.default;
  if (value === undefined) throw new InternalError(`${node.op} has no attribute "${name}"`);
  return value as T;
}
