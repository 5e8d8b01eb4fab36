import { requireThat } from "../errors/arguments.ts";
import type { Value } from "../graph/node.ts";
import type { Values } from "../graph/ops/control.ts";
import { freshDim, type Shape } from "../graph/shape.ts";
import { input } from "../graph/value.ts";
import {
  buildNodes,
  checkDeclared,
  define,
  defineInitialisers,
  type Names,
  namesOf,
} from "./decode-graph.ts";
import type { Opsets } from "./decode-node.ts";
import { type InfoRecord, type ModelRecord, readModel } from "./read-model.ts";
import { dtypeOfCode, sizeOf } from "./read-tensor.ts";
import { fault } from "./read-wire.ts";

/** A model read from a file. `encode` takes it as it is. */
export interface DecodedModel {
  readonly inputs: Values;
  readonly outputs: Values;
  /** Constants by their name in the file; those of the outermost graph. */
  readonly initialisers: Values;
  readonly doc: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly producer: string;
  readonly producerVersion: string;
  /** Versions of the operator sets by domain; "" is ONNX's own. */
  readonly opsets: Readonly<Record<string, number>>;
}

/** ONNX's operator sets in which the operators of our graphs mean what they mean in ours. */
const oldest = 13;
const newest = 21;

/**
 * The graph in the bytes of an ONNX ModelProto, bodies of Loop, Scan and If included. Types are
 * inferred anew, and checked against those that the file declares. Sizes named `N` are sizes named
 * `N`; those without a name get one. A copy (Identity) before a result is left out.
 *
 * @throws DataError  for bytes that are no such model, or one that our graphs cannot hold: what is
 *   wrong, under which path of the file and at which byte
 */
export function decode(bytes: Uint8Array): DecodedModel {
  const wanted = "a Uint8Array: the bytes of an ONNX file, as of readFileSync";
  requireThat("decode", "bytes", bytes, bytes instanceof Uint8Array, wanted);
  const model = readModel(bytes);
  const opsets = opsetsOf(model);
  const { graph } = model;
  if (graph === null) throw fault(model, "no graph");

  const names = namesOf(graph);
  const initialisers = defineInitialisers(names);
  const inputs = defineInputs(names, initialisers);
  const results = buildNodes(names, opsets);
  const outputs = new Map<string, Value>();
  graph.outputs.forEach((info, i) => {
    if (outputs.has(info.name)) throw fault(info, `the name "${info.name}" stands twice`);
    outputs.set(info.name, results[i]);
  });

  const metadata = new Map<string, string>();
  for (const entry of model.metadata) {
    if (metadata.has(entry.key)) throw fault(entry, `the key "${entry.key}" stands twice`);
    metadata.set(entry.key, entry.value);
  }
  return {
    inputs: Object.fromEntries(inputs),
    outputs: Object.fromEntries(outputs),
    initialisers: Object.fromEntries(initialisers),
    doc: model.doc || undefined,
    metadata: Object.fromEntries(metadata),
    producer: model.producer,
    producerVersion: model.producerVersion,
    opsets: Object.fromEntries(opsets),
  };
}

function opsetsOf(model: ModelRecord): Opsets {
  const opsets = new Map<string, number>();
  for (const entry of model.opsets) {
    const domain = entry.key === "ai.onnx" ? "" : entry.key;
    if (opsets.has(domain)) throw fault(entry, `operator set "${domain}" stands twice`);
    if (domain === "" && !(entry.value >= oldest && entry.value <= newest)) {
      throw fault(entry, `opset ${entry.value}, can read ${oldest} to ${newest}`);
    }
    opsets.set(domain, entry.value);
  }
  if (!opsets.has("")) throw fault(model, "no opset_import of ONNX's own operators");
  return opsets;
}

/** The inputs of the outermost graph that are fed; older files list initialisers among them. */
function defineInputs(names: Names, initialisers: ReadonlyMap<string, Value>): Map<string, Value> {
  const found = new Map<string, Value>();
  const dims = new Map<string, string>();
  for (const info of names.graph.inputs) {
    const constant = initialisers.get(info.name);
    if (constant !== undefined) {
      checkDeclared(info, constant);
      continue;
    }
    if (info.code === 0) throw fault(info, `input "${info.name}" is no tensor`);
    const value = input(info.name, dtypeOfCode(info.code, info), shapeOf(info, dims));
    define(names, info.name, value, info);
    found.set(info.name, value);
  }
  return found;
}

/** A name of our own making (`_7`) may stand for another size by now: it is made anew. */
const made = /^_\d+$/;

function shapeOf(info: InfoRecord, dims: Map<string, string>): Shape {
  if (info.dims === null) throw fault(info, `the rank of input "${info.name}" is not given`);
  return info.dims.map((dim) => {
    if (typeof dim === "bigint") return sizeOf(dim, info);
    if (dim !== "" && !made.test(dim)) return dim;
    const known = dim === "" ? undefined : dims.get(dim);
    const fresh = known ?? freshDim();
    dims.set(dim, fresh);
    return fresh;
  });
}
