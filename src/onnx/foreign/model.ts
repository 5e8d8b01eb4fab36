import { DataError } from "../../errors.ts";
import { type InfoRecord, readEntry, readInfo, readOpset } from "../read-model.ts";
import { enter, fault, type Message, readFields, readSmallInt, readText } from "../read-wire.ts";
import { field } from "../schema.ts";
import { messageAt, type Piece, piecesOf, type Range, rangeOf, wholeRange } from "./pieces.ts";
import { type ForeignNode, readForeignNode } from "./read-node.ts";
import { readStored, type StoredTensor } from "./stored-tensor.ts";

/**
 * A ModelProto that somebody's exporter wrote, kept as its bytes. Only what tells where layers are is
 * read; every field that is not changed is written again as it stands.
 */
export interface ForeignModel {
  readonly bytes: Uint8Array;
  readonly pieces: readonly Piece[]; // of the model
  readonly graph: Range;
  readonly graphPieces: readonly Piece[];
  readonly irVersion: number;
  readonly producer: string;
  /** Versions of the operator sets by domain; "" is ONNX's own. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly metadata: ReadonlyMap<string, string>;
  readonly nodes: readonly ForeignNode[];
  readonly tensors: ReadonlyMap<string, StoredTensor>; // initialisers
  readonly inputs: readonly InfoRecord[]; // those that are fed
  readonly outputs: readonly InfoRecord[];
  readonly infos: ReadonlyMap<string, InfoRecord>; // declared types of values, inputs and outputs too
  readonly maker: ReadonlyMap<string, ForeignNode>;
  /** Nodes that take a value, their bodies included; each as often as it takes it. */
  readonly users: ReadonlyMap<string, readonly ForeignNode[]>;
}

/** The operator sets whose dense layers mean what is read from them. */
const [oldest, newest] = [11, 21];

/**
 * Reads a model whose numbers are all inside.
 *
 * @throws DataError  for bytes that are no ONNX model, or one of another operator set
 */
export function readForeign(bytes: Uint8Array): ForeignModel {
  const pieces = piecesOf(bytes, wholeRange(bytes));
  const head = readHead(bytes, pieces);
  const graphs = pieces.filter(({ number }) => number === field.model.graph);
  if (graphs.length !== 1) {
    throw fault(wholeRange(bytes), `${graphs.length} graphs, wanted one: no ONNX model`);
  }
  const graph = rangeOf(graphs[0], "graph");
  const graphPieces = piecesOf(bytes, graph);
  const nodes: ForeignNode[] = [];
  const tensors = new Map<string, StoredTensor>();
  const sparse = new Set<string>();
  const [inputs, outputs, others]: InfoRecord[][] = [[], [], []];
  for (const piece of graphPieces) {
    const read = <T>(what: string, index: number, reading: (range: Range) => T): T =>
      reading(rangeOf(piece, `graph.${what}[${index}]`));
    const info = (what: string, into: InfoRecord[]) =>
      void into.push(read(what, into.length, (range) => readInfo(messageAt(bytes, range))));
    switch (piece.number) {
      case field.graph.node:
        nodes.push(
          read("node", nodes.length, (range) =>
            readForeignNode(messageAt(bytes, range), range, nodes.length),
          ),
        );
        break;
      case field.graph.initializer: {
        const stored = read("initializer", tensors.size, (range) => readStored(bytes, range));
        if (tensors.has(stored.name)) throw fault(stored, `"${stored.name}" stands twice`);
        tensors.set(stored.name, stored);
        break;
      }
      case field.graph.sparseInitializer:
        sparse.add(
          read("sparse_initializer", sparse.size, (range) => sparseName(messageAt(bytes, range))),
        );
        break;
      case field.graph.input:
        info("input", inputs);
        break;
      case field.graph.output:
        info("output", outputs);
        break;
      case field.graph.valueInfo:
        info("value_info", others);
        break;
    }
  }
  const fed = inputs.filter(({ name }) => !tensors.has(name));
  const infos = new Map([...others, ...inputs, ...outputs].map((one) => [one.name, one]));
  const wired = wiring(nodes, [...fed.map(({ name }) => name), ...tensors.keys(), ...sparse]);
  return {
    ...head,
    ...wired,
    bytes,
    pieces,
    graph,
    graphPieces,
    nodes,
    tensors,
    inputs: fed,
    outputs,
    infos,
  };
}

function readHead(bytes: Uint8Array, pieces: readonly Piece[]) {
  const opsets = new Map<string, number>();
  const metadata = new Map<string, string>();
  let [irVersion, producer] = [0, ""];
  const at = (piece: Piece, what: string) => messageAt(bytes, rangeOf(piece, what));
  const { model } = field;
  readFields(messageAt(bytes, wholeRange(bytes)), model, {
    irVersion: (one) => {
      irVersion = readSmallInt(one);
    },
    producerName: (one) => {
      producer = readText(one);
    },
  });
  for (const piece of pieces) {
    if (piece.number === model.opsetImport) {
      const { key, value } = readOpset(at(piece, "opset_import"));
      opsets.set(key === "ai.onnx" ? "" : key, value);
    } else if (piece.number === model.metadata) {
      const { key, value } = readEntry(at(piece, "metadata_props"));
      metadata.set(key, value);
    }
  }
  const version = opsets.get("");
  if (version === undefined || !(version >= oldest && version <= newest)) {
    throw new DataError(
      `ONNX model: ${version === undefined ? "no operator set of ONNX's own" : `opset ${version}`}, can read ${oldest} to ${newest}`,
      { hint: "export it again with an opset among those, such as opset_version=17" },
    );
  }
  return { irVersion, producer, opsets, metadata };
}

/** SparseTensorProto.values, whose name is that of the whole. */
function sparseName(message: Message): string {
  let name = "";
  readFields(
    message,
    { values: 1 },
    {
      values: (at) =>
        readFields(enter(at), field.tensor, {
          name: (inner) => {
            name = readText(inner);
          },
        }),
    },
  );
  return name;
}

/** Who makes and who takes each value. @throws DataError  for one that is made twice */
function wiring(nodes: readonly ForeignNode[], given: readonly string[]) {
  const maker = new Map<string, ForeignNode>();
  const users = new Map<string, ForeignNode[]>();
  const known = new Set(given);
  for (const node of nodes) {
    for (const name of [...node.inputs, ...node.captured]) {
      const all = users.get(name) ?? [];
      all.push(node);
      users.set(name, all);
    }
    for (const name of node.inputs) {
      if (name !== "" && !known.has(name)) {
        throw fault(node, `${labelOf(node)}: nothing before it makes "${name}"`);
      }
    }
    for (const name of node.outputs) {
      if (name === "") continue;
      if (known.has(name)) throw fault(node, `the name "${name}" stands twice`);
      known.add(name);
      maker.set(name, node);
    }
  }
  return { maker, users };
}

/** How a message calls a node. */
export const labelOf = ({ op, domain, name, outputs }: ForeignNode): string =>
  `${domain && `${domain}.`}${op} "${name || outputs[0] || ""}"`;
