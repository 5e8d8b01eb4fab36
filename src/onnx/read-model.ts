import { readTensor, type TensorRecord } from "./read-tensor.ts";
import {
  enter,
  fault,
  type Message,
  type Origin,
  readBytes,
  readFields,
  readFloat,
  readFloats,
  readInt,
  readInts,
  readSmallInt,
  readText,
  wholeFile,
} from "./read-wire.ts";
import { field } from "./schema.ts";

/** ONNX's messages as plain records, each with its place in the file. Nothing is resolved yet. */
export interface ModelRecord extends Origin {
  readonly producer: string;
  readonly producerVersion: string;
  readonly doc: string;
  readonly graph: GraphRecord | null;
  readonly opsets: readonly EntryRecord<number>[];
  readonly metadata: readonly EntryRecord<string>[];
  readonly functions: number; // how many of its own the file holds; they are not read
}
export interface EntryRecord<T> extends Origin {
  readonly key: string;
  readonly value: T;
}
export interface GraphRecord extends Origin {
  readonly nodes: readonly NodeRecord[];
  readonly initialisers: readonly TensorRecord[];
  readonly inputs: readonly InfoRecord[];
  readonly outputs: readonly InfoRecord[];
}
export interface NodeRecord extends Origin {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  readonly attributes: readonly AttributeRecord[];
}
export interface AttributeRecord extends Origin {
  readonly name: string;
  readonly type: number; // says which of the following holds the value
  readonly int: bigint;
  readonly float: number;
  readonly string: string;
  readonly ints: readonly bigint[];
  readonly floats: readonly number[];
  readonly strings: readonly string[];
  readonly tensor: TensorRecord | null;
  readonly graph: GraphRecord | null;
}
/** Name and type of an input or output. */
export interface InfoRecord extends Origin {
  readonly name: string;
  readonly code: number; // of the data type; 0: none given, or no tensor
  readonly dims: readonly (bigint | string)[] | null; // "": unnamed; null: not even the rank
}

export function readModel(bytes: Uint8Array): ModelRecord {
  const opsets: EntryRecord<number>[] = [];
  const metadata: EntryRecord<string>[] = [];
  let [producer, producerVersion, doc] = ["", "", ""];
  let graph: GraphRecord | null = null;
  let functions = 0;
  const file = wholeFile(bytes);
  readFields(file, field.model, {
    producerName: (at) => {
      producer = readText(at);
    },
    producerVersion: (at) => {
      producerVersion = readText(at);
    },
    docString: (at) => {
      doc = readText(at);
    },
    graph: (at) => {
      if (graph !== null) throw fault(at, "a second graph");
      graph = readGraph(enter(at));
    },
    opsetImport: (at) => void opsets.push(readOpset(enter(at, opsets.length))),
    metadata: (at) => void metadata.push(readEntry(enter(at, metadata.length))),
    functions: (at) => {
      readBytes(at);
      functions++;
    },
  });
  return {
    path: "",
    offset: 0,
    producer,
    producerVersion,
    doc,
    graph,
    opsets,
    metadata,
    functions,
  };
}

export function readOpset(message: Message): EntryRecord<number> {
  let [key, value] = ["", 0];
  readFields(message, field.opset, {
    domain: (at) => {
      key = readText(at);
    },
    version: (at) => {
      value = readSmallInt(at);
    },
  });
  return { path: message.path, offset: message.offset, key, value };
}

export function readEntry(message: Message): EntryRecord<string> {
  let [key, value] = ["", ""];
  readFields(message, field.entry, {
    key: (at) => {
      key = readText(at);
    },
    value: (at) => {
      value = readText(at);
    },
  });
  return { path: message.path, offset: message.offset, key, value };
}

function readGraph(message: Message): GraphRecord {
  const nodes: NodeRecord[] = [];
  const initialisers: TensorRecord[] = [];
  const inputs: InfoRecord[] = [];
  const outputs: InfoRecord[] = [];
  readFields(message, field.graph, {
    node: (at) => void nodes.push(readNode(enter(at, nodes.length))),
    initializer: (at) => void initialisers.push(readTensor(enter(at, initialisers.length))),
    input: (at) => void inputs.push(readInfo(enter(at, inputs.length))),
    output: (at) => void outputs.push(readInfo(enter(at, outputs.length))),
    sparseInitializer: (at) => {
      throw fault(at, "sparse initialisers are not supported");
    },
  });
  return { path: message.path, offset: message.offset, nodes, initialisers, inputs, outputs };
}

function readNode(message: Message): NodeRecord {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: AttributeRecord[] = [];
  let [name, op, domain] = ["", "", ""];
  readFields(message, field.node, {
    input: (at) => void inputs.push(readText(at)),
    output: (at) => void outputs.push(readText(at)),
    name: (at) => {
      name = readText(at);
    },
    opType: (at) => {
      op = readText(at);
    },
    attribute: (at) => void attributes.push(readAttribute(enter(at, attributes.length))),
    domain: (at) => {
      domain = readText(at);
    },
  });
  return {
    path: message.path,
    offset: message.offset,
    inputs,
    outputs,
    name,
    op,
    domain,
    attributes,
  };
}

function readAttribute(message: Message): AttributeRecord {
  const ints: bigint[] = [];
  const floats: number[] = [];
  const strings: string[] = [];
  let [name, type, float, string] = ["", 0, 0, ""];
  let int = 0n;
  let tensor: TensorRecord | null = null;
  let graph: GraphRecord | null = null;
  readFields(message, field.attribute, {
    name: (at) => {
      name = readText(at);
    },
    f: (at) => {
      float = readFloat(at);
    },
    i: (at) => {
      int = readInt(at);
    },
    s: (at) => {
      string = readText(at);
    },
    t: (at) => {
      tensor = readTensor(enter(at));
    },
    g: (at) => {
      if (graph !== null) throw fault(at, "a second graph");
      graph = readGraph(enter(at));
    },
    floats: (at) => readFloats(at, floats),
    ints: (at) => readInts(at, ints),
    strings: (at) => void strings.push(readText(at)),
    type: (at) => {
      type = readSmallInt(at);
    },
  });
  const { path, offset } = message;
  return { path, offset, name, type, int, float, string, ints, floats, strings, tensor, graph };
}

export function readInfo(message: Message): InfoRecord {
  let [name, code] = ["", 0];
  let dims: (bigint | string)[] | null = null;
  readFields(message, field.valueInfo, {
    name: (at) => {
      name = readText(at);
    },
    type: (at) =>
      readFields(enter(at), field.type, {
        tensor: (inner) =>
          readFields(enter(inner), field.tensorType, {
            elemType: (deep) => {
              code = readSmallInt(deep);
            },
            shape: (deep) => {
              dims = readDims(enter(deep));
            },
          }),
      }),
  });
  return { path: message.path, offset: message.offset, name, code, dims };
}

function readDims(message: Message): (bigint | string)[] {
  const dims: (bigint | string)[] = [];
  readFields(message, field.shape, {
    dim: (at) => {
      let dim: bigint | string = "";
      readFields(enter(at, dims.length), field.dim, {
        value: (inner) => {
          dim = readInt(inner);
        },
        param: (inner) => {
          dim = readText(inner);
        },
      });
      dims.push(dim);
    },
  });
  return dims;
}
