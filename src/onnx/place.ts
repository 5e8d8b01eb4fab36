import { ShapeError } from "../errors.ts";
import type { Body, Node, Scope, Value } from "../graph/node.ts";
import type { Attributes } from "../graph/operators.ts";
import { type Resolve, resolver } from "./resolve.ts";

/** A graph or subgraph of the model to be, and the nodes that stand in it, in order. */
export interface Place {
  readonly parent: Place | null;
  readonly body: Body | null; // null: the outermost graph
  readonly repeats: boolean; // a body that runs more than once: what does not change is moved out
  readonly depth: number;
  readonly nodes: Node[];
}

export interface Placement {
  readonly root: Place;
  readonly placeOf: ReadonlyMap<Node, Place>;
  readonly bodies: ReadonlyMap<Body, Place>;
  /** Which outputs of a node with bodies are written: all but rows and results nobody uses. */
  readonly kept: ReadonlyMap<Node, readonly number[]>;
}

/** Outputs of a Loop or Scan that are its state. */
const stateCount = ({ op, inputs, attributes }: Node): number =>
  op === "If" ? 0 : inputs.length - (op === "Loop" ? 2 : Number(attributes.num_scan_inputs));

/** The results of a node's body that make its kept outputs; a Loop's condition stands before them. */
export const keptResults = ({ op }: Node, body: Body, kept: readonly number[]): Value[] =>
  op === "Loop"
    ? [body.results[0], ...kept.map((i) => body.results[i + 1])]
    : kept.map((i) => body.results[i]);

/** What a node needs to stand before it, the results of its bodies among it. */
const needs = (node: Node, resolve: Resolve): Value[] => [
  ...node.inputs.filter((value) => value !== null).map(resolve),
  ...node.bodies.flatMap((body) => body.results.map(resolve)),
];

/** The attributes of a node of which only some outputs are written: a Scan's name a direction each. */
export function keptAttributes(node: Node, kept: readonly number[]): Attributes {
  const directions = node.attributes.scan_output_directions as readonly number[] | undefined;
  if (directions === undefined) return node.attributes;
  const state = stateCount(node);
  const rows = kept.filter((i) => i >= state);
  return { ...node.attributes, scan_output_directions: rows.map((i) => directions[i - state]) };
}

/** Nodes of all places, each after everything that it or its bodies need. Without recursion. */
function flatOrder(outputs: readonly Value[], resolve: Resolve): Node[] {
  const order: Node[] = [];
  const opened = new Set<Node>();
  const done = new Set<Node>();
  const stack = outputs.map((value) => value.node).reverse();
  while (stack.length > 0) {
    const node = stack[stack.length - 1];
    if (opened.has(node)) {
      stack.pop();
      if (!done.has(node)) order.push(node);
      done.add(node);
    } else {
      opened.add(node);
      for (const { node: before } of needs(node, resolve))
        if (!opened.has(before)) stack.push(before);
    }
  }
  return order;
}

/** Bodies whose parameters each node depends on as it is written: maybe fewer than as it was made. */
function scopesOf(order: readonly Node[], resolve: Resolve): Map<Node, ReadonlySet<Scope>> {
  const found = new Map<Node, ReadonlySet<Scope>>();
  for (const node of order) {
    const all = new Set(node.op === "Input" ? node.scopes : []);
    for (const { node: before } of needs(node, resolve)) {
      for (const scope of found.get(before)!) all.add(scope);
    }
    for (const { scope } of node.bodies) all.delete(scope);
    found.set(node, all);
  }
  return found;
}

/** The innermost place that holds both. */
function common(a: Place, b: Place): Place {
  let [p, q] = [a, b];
  while (p !== q) {
    if (p.depth >= q.depth) p = p.parent ?? p;
    else q = q.parent ?? q;
  }
  return p;
}

/**
 * Decides in which (sub)graph each node stands: in the innermost one that holds all its uses,
 * moved out of loops whose state it does not depend on. A branch of an If keeps what only it uses.
 *
 * @throws ShapeError when a value made in a body is used outside it
 */
export function place(outputs: readonly Value[], resolve: Resolve = resolver({})): Placement {
  const root: Place = { parent: null, body: null, repeats: false, depth: 0, nodes: [] };
  const placeOf = new Map<Node, Place>();
  const bodies = new Map<Body, Place>();
  const kept = new Map<Node, readonly number[]>();
  const used = new Set<Value>();
  const use = (value: Value, at: Place) => {
    const { node } = value;
    used.add(value);
    const known = placeOf.get(node);
    placeOf.set(node, known === undefined ? at : common(known, at));
  };

  const resolved = outputs.map(resolve);
  const order = flatOrder(resolved, resolve);
  const scopes = scopesOf(order, resolve);
  for (const value of resolved) use(value, root);
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i];
    let at = placeOf.get(node);
    if (at === undefined) continue; // only rows that nobody uses need it
    const within = at;
    while (at.parent && at.repeats && !scopes.get(node)!.has(at.body!.scope)) at = at.parent;
    for (const scope of scopes.get(node)!) {
      let outer: Place | null = within;
      while (outer && outer.body?.scope !== scope) outer = outer.parent;
      if (!outer) throw new ShapeError(`a value made in a body (by ${node.op}) is used outside it`);
    }
    placeOf.set(node, at);
    for (const value of node.inputs) if (value) use(resolve(value), at);
    if (node.bodies.length === 0) continue;
    const state = stateCount(node);
    const written = [...node.outputs.keys()].filter((k) => k < state || used.has(node.outputs[k]));
    kept.set(node, written);
    for (const body of node.bodies) {
      const inner = { parent: at, body, repeats: node.op !== "If", depth: at.depth + 1, nodes: [] };
      bodies.set(body, inner);
      for (const result of keptResults(node, body, written)) use(resolve(result), inner);
    }
  }
  for (const node of order) {
    if (node.op !== "Input" && node.op !== "Constant") placeOf.get(node)?.nodes.push(node);
  }
  return { root, placeOf, bodies, kept };
}
