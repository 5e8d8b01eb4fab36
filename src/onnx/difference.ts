import {
  type AttributeRecord,
  type GraphRecord,
  type InfoRecord,
  type ModelRecord,
  type NodeRecord,
  readModel,
} from "./read-model.ts";
import type { TensorRecord } from "./read-tensor.ts";
import { attributeType } from "./schema.ts";

/**
 * The first thing in which the graph of a file differs from the one wanted, as a sentence: operators with
 * their attributes and subgraphs, connections, constants to the last bit, inputs and outputs with their names
 * and types, versions of the operator sets. Names of nodes and of what they make do not count, nor do those
 * of constants that `encode` has named; what does not belong to the graph (metadata, texts) does not either.
 * Null where nothing differs.
 *
 * @param found, wanted  files that `decode` reads, so that a name stands for one thing
 * @param free  initialisers of which the numbers do not count
 */
export function graphDifference(
  found: Uint8Array,
  wanted: Uint8Array,
  free: readonly string[] = [],
): string | null {
  const first = models(readModel(found), readModel(wanted), new Set(free)).next();
  return first.done ? null : first.value;
}

type Differences = Generator<string, void>;

function* models(found: ModelRecord, wanted: ModelRecord, free: ReadonlySet<string>): Differences {
  // A function of the file's own could stand for any operator.
  if (found.functions !== wanted.functions) yield `the file holds ${found.functions} functions`;
  const versions = ({ opsets }: ModelRecord) =>
    opsets
      .map(({ key, value }) => `${key === "" ? "ai.onnx" : key} ${value}`)
      .sort()
      .join(", ");
  yield* unequal("the operator sets are", versions(found), versions(wanted));
  if (found.graph && wanted.graph)
    yield* graphs({
      found: found.graph,
      wanted: wanted.graph,
      at: "",
      outer: null,
      free,
      used: new Set(),
    });
}

/** What a name stands for: a constant, or where it is made. */
type Meaning = TensorRecord | string;
type Meanings = Map<string, Meaning>;

/** Two graphs, or bodies of the same operator, side by side. */
interface Pair {
  readonly found: GraphRecord;
  readonly wanted: GraphRecord;
  readonly at: string; // before each sentence
  readonly outer: { readonly found: Meanings; readonly wanted: Meanings } | null;
  readonly free: ReadonlySet<string>;
  readonly used: Set<TensorRecord>; // of those found
}

function* graphs({ found, wanted, at, outer, free, used }: Pair): Differences {
  const sides = { found: new Map(outer?.found), wanted: new Map(outer?.wanted) };
  for (const side of ["found", "wanted"] as const) {
    const { inputs, initialisers } = { found, wanted }[side];
    inputs.forEach(({ name }, i) => {
      sides[side].set(name, `${at}graph input ${i}`);
    });
    for (const tensor of initialisers) sides[side].set(tensor.name, tensor);
  }
  const same = function* (what: string, foundName: string, wantedName: string): Differences {
    const [a, b] = [sides.found.get(foundName), sides.wanted.get(wantedName)];
    if (typeof a === "object" && typeof b === "object") {
      used.add(a);
      yield* constants(what, a, b, free);
    } else yield* unequal(`${what} is`, told(a), told(b));
  };
  yield* infos(`${at}input`, found.inputs, wanted.inputs, outer === null);
  for (let k = 0; k < Math.min(found.nodes.length, wanted.nodes.length); k++) {
    const [a, b] = [found.nodes[k], wanted.nodes[k]];
    const node = `${at}node ${k}`;
    yield* unequal(`${node} is`, operator(a), operator(b));
    yield* unequal(`${node} (${a.op}): the number of inputs is`, a.inputs.length, b.inputs.length);
    for (const [i, name] of a.inputs.entries())
      yield* same(`${node} (${a.op}): input ${i}`, name, b.inputs[i]);
    yield* attributes(`${node} (${a.op})`, a, b, (graph, body, name) =>
      graphs({ found: graph, wanted: body, at: `${node}, ${name}, `, outer: sides, free, used }),
    );
    yield* unequal(
      `${node} (${a.op}): the number of results is`,
      a.outputs.length,
      b.outputs.length,
    );
    a.outputs.forEach((name, i) => {
      sides.found.set(name, `result ${i} of ${node}`);
      sides.wanted.set(b.outputs[i], `result ${i} of ${node}`);
    });
  }
  yield* unequal(`${at}the number of nodes is`, found.nodes.length, wanted.nodes.length);
  yield* infos(`${at}output`, found.outputs, wanted.outputs, outer === null);
  for (const [i, { name }] of found.outputs.entries())
    yield* same(`${at}output ${i}`, name, wanted.outputs[i].name);
  // A tensor that no node reads could still be taken for a weight.
  const idle = found.initialisers.find((tensor) => !used.has(tensor));
  if (idle !== undefined) yield `${at}the constant "${idle.name}" is used by no node`;
}

function* unequal(what: string, found: string | number, wanted: string | number): Differences {
  if (found !== wanted) yield `${what} ${found} where ${wanted} is wanted`;
}

const operator = ({ op, domain }: NodeRecord) =>
  domain === "" || domain === "ai.onnx" ? op : `${domain}::${op}`;

const told = (meaning: Meaning | undefined) =>
  typeof meaning === "object" ? `constant "${meaning.name}"` : (meaning ?? "left out");

/** A name that `encode` makes up; a constant may then be told by what it holds alone. */
const unnamed = /^v\d+$/;

function* constants(
  what: string,
  found: TensorRecord,
  wanted: TensorRecord,
  free: ReadonlySet<string>,
): Differences {
  if (!(unnamed.test(found.name) && unnamed.test(wanted.name)))
    yield* unequal(`${what} is`, `"${found.name}"`, `"${wanted.name}"`);
  yield* unequal(`${what} is`, typeOf(found), typeOf(wanted));
  if (free.has(wanted.name)) return;
  const other = found.data.findIndex((value, i) => !Object.is(value, wanted.data[i]));
  if (other >= 0)
    yield `${what}, number ${other} is ${found.data[other]} where ${wanted.data[other]} is wanted`;
}

const typeOf = ({ data, dims }: TensorRecord) =>
  `${data.constructor.name.replace("Array", "")}[${dims.join(", ")}]`;

/** @param named  whether the names count: those of the outermost graph are what it is called by */
function* infos(
  what: string,
  found: readonly InfoRecord[],
  wanted: readonly InfoRecord[],
  named: boolean,
): Differences {
  yield* unequal(`the number of ${what}s is`, found.length, wanted.length);
  // Sizes without a number are named anew whenever a graph is built.
  const shown = ({ name, code, dims }: InfoRecord) =>
    `${named ? `"${name}" ` : ""}type ${code} [${dims?.map((dim) => (typeof dim === "string" ? "?" : dim)).join(", ")}]`;
  for (const [i, info] of found.entries())
    yield* unequal(`${what} ${i} is`, shown(info), shown(wanted[i]));
}

function* attributes(
  what: string,
  found: NodeRecord,
  wanted: NodeRecord,
  bodies: (found: GraphRecord, wanted: GraphRecord, name: string) => Differences,
): Differences {
  const names = (node: NodeRecord) =>
    node.attributes
      .map(({ name }) => name)
      .sort()
      .join(", ") || "none";
  yield* unequal(`${what}: its attributes are`, names(found), names(wanted));
  for (const b of wanted.attributes) {
    const a = found.attributes.find(({ name }) => name === b.name)!;
    yield* unequal(`${what}: the type of ${b.name} is`, a.type, b.type);
    yield* unequal(`${what}: ${b.name} is`, shown(a), shown(b));
    if (a.tensor && b.tensor) yield* constants(`${what}: ${b.name}`, a.tensor, b.tensor, new Set());
    if (a.graph && b.graph) yield* bodies(a.graph, b.graph, b.name);
  }
}

/** What an attribute holds by its type; tensors and graphs are compared by themselves. */
const shown = ({ type, int, float, string, ints, floats, strings }: AttributeRecord): string => {
  switch (type) {
    case attributeType.int:
      return String(int);
    case attributeType.float:
      return Object.is(float, -0) ? "-0" : String(float);
    case attributeType.string:
      return JSON.stringify(string);
    default:
      return `[${[...ints, ...floats, ...strings].join(", ")}]`;
  }
};
