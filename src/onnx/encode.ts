import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { requireObject } from "../errors/arguments.ts";
import { ShapeError } from "../errors.ts";
import { onnxDtype } from "../graph/infer/elementwise.ts";
import type { Body, Node, TensorData, Value } from "../graph/node.ts";
import { type OpType, operators } from "../graph/operators.ts";
import type { Values } from "../graph/ops/control.ts";
import { elementCount, type TensorType } from "../graph/shape.ts";
import { requireValues } from "../graph/value.ts";
import { keptAttributes, keptResults, type Place, type Placement, place } from "./place.ts";
import { type Resolve, resolver } from "./resolve.ts";
import { attributeType, bodyAttributes, field, irVersion, opsets } from "./schema.ts";
import { all, each, type Field, integer, message, text } from "./write-wire.ts";

export interface Model {
  readonly inputs: Values; // every free input that the outputs depend on, by its name in the file
  readonly outputs: Values;
  readonly doc?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Constants up to this many entries stand in the subgraph that uses them: a capture costs a call. */
const smallConstant = 64;

/** The bytes of an ONNX ModelProto. @throws ShapeError for a free input that is not named */
export function encode(model: Model): Uint8Array {
  requireObject("encode", "model", model, "{ inputs, outputs }");
  const { inputs, outputs, doc, metadata = {} } = model;
  requireValues("encode", "inputs", inputs);
  requireValues("encode", "outputs", outputs);
  requireObject("encode", "metadata", metadata, "texts by name");
  const resolve = resolver(inputs);
  const placement = place(Object.values(outputs), resolve);
  // Only the operator sets in use: a file of standard operators names no other.
  const domains = new Set<string>(["", ...[...placement.placeOf.keys()].map(domainOf)]);
  const graph = new GraphEncoder(placement, resolve, inputs).root(outputs);
  const writer = new BinaryWriter();
  all(
    integer(field.model.irVersion, irVersion),
    text(field.model.producerName, "eigenflow"),
    doc ? text(field.model.docString, doc) : null,
    message(field.model.graph, graph),
    ...Object.entries(opsets)
      .filter(([domain]) => domains.has(domain))
      .map(([domain, version]) =>
        message(
          field.model.opsetImport,
          all(text(field.opset.domain, domain), integer(field.opset.version, version)),
        ),
      ),
    ...Object.entries(metadata).map(([key, value]) =>
      message(
        field.model.metadata,
        all(text(field.entry.key, key), text(field.entry.value, value)),
      ),
    ),
  )(writer);
  return writer.finish();
}

const domainOf = ({ op }: Node): string =>
  op === "Input" || op === "Constant" || op === "CustomVjp" ? "" : operators[op].domain;

/** Names values as they are first met; everything of one model. */
class GraphEncoder {
  private readonly placement: Placement;
  private readonly resolve: Resolve;
  private readonly names = new Map<Value, string>();
  private readonly taken = new Set<string>();
  /** Initialisers of each place, by the constant they hold. */
  private readonly initialisers = new Map<Place, Map<Value, string>>();
  private counter = 0;
  // Of bodies in order: their own identities differ from one encoding of a graph to the next.
  private bodies = 0;

  constructor(placement: Placement, resolve: Resolve, inputs: Values) {
    this.placement = placement;
    this.resolve = resolve;
    for (const [name, value] of Object.entries(inputs)) {
      if (value.node.op !== "Input") throw new ShapeError(`"${name}" is not an input but a result`);
      if (name === "") throw new ShapeError("an input has no name");
      this.taken.add(name);
      this.names.set(value, name);
    }
    for (const node of placement.placeOf.keys()) {
      if (node.op !== "Input" || node.scopes.length > 0 || this.names.has(node.outputs[0]))
        continue;
      throw new ShapeError(`input "${node.name}" is used and is not among the inputs of the model`);
    }
    this.inputs = inputs;
  }
  private readonly inputs: Values;

  private fresh(wish?: string): string {
    let name = wish ?? `v${this.counter++}`;
    while (this.taken.has(name)) name = wish ? `${wish}_${this.counter++}` : `v${this.counter++}`;
    this.taken.add(name);
    return name;
  }

  /** The name of a value as seen from a place. */
  private nameAt(given: Value, at: Place): string {
    const value = this.resolve(given);
    if (value.node.op === "Constant") return this.initialiser(value, at);
    let name = this.names.get(value);
    if (name === undefined) {
      name = this.fresh();
      this.names.set(value, name);
    }
    return name;
  }

  private initialiser(value: Value, at: Place): string {
    const { data, name: wish } = value.node;
    const home = data!.length <= smallConstant && wish === undefined ? at : this.placement.root;
    const here = this.initialisers.get(home) ?? new Map<Value, string>();
    this.initialisers.set(home, here);
    const name = here.get(value) ?? this.fresh(wish);
    here.set(value, name);
    return name;
  }

  root(outputs: Values): Field {
    const { root } = this.placement;
    const renamed: [string, Value][] = [];
    for (const [name, given] of Object.entries(outputs)) {
      const value = this.resolve(given);
      const own =
        value.node.op !== "Input" && value.node.op !== "Constant" && !this.names.has(value);
      if (this.inputs[name] === value) continue; // passed through under its own name
      if (this.taken.has(name)) throw new ShapeError(`"${name}" names two inputs or outputs`);
      if (name === "") throw new ShapeError("an output has no name");
      this.taken.add(name);
      if (own) this.names.set(value, name);
      else renamed.push([name, value]);
    }
    // Before any name is made up that a constant has already; first used, first in the file.
    for (const { op, name, outputs: made } of [...this.placement.placeOf.keys()].reverse()) {
      if (op === "Constant" && name !== undefined) this.initialiser(made[0], root);
    }
    const nodes = root.nodes.map((node) => this.node(node, root));
    const copies = renamed.map(([name, value]) => identityNode(this.nameAt(value, root), name));
    const infos = (number: number, values: Values) =>
      Object.entries(values).map(([name, value]) => message(number, valueInfo(name, value)));
    return all(
      text(field.graph.name, "eigenflow"),
      each([...nodes, ...copies].map((node) => message(field.graph.node, node))),
      each(this.tensors(root)),
      each(infos(field.graph.input, this.inputs)),
      each(infos(field.graph.output, outputs)),
    );
  }

  private body(body: Body, made: readonly Value[]): Field {
    const at = this.placement.bodies.get(body)!;
    const parameters = body.parameters.map((value) =>
      message(field.graph.input, valueInfo(this.nameAt(value, at), value)),
    );
    const copies: Field[] = [];
    const used = new Set<string>();
    // A subgraph may only return what its own nodes make, each result once.
    const results = made.map((given) => {
      const value = this.resolve(given);
      let name = this.nameAt(value, at);
      const { op } = value.node;
      const leaf = op === "Input" || op === "Constant";
      const own = !leaf && this.placement.placeOf.get(value.node) === at && !used.has(name);
      if (!own) {
        const copy = this.fresh();
        copies.push(identityNode(name, copy));
        name = copy;
      }
      used.add(name);
      return message(field.graph.output, valueInfo(name, value));
    });
    const nodes = at.nodes.map((node) => this.node(node, at));
    return all(
      text(field.graph.name, `body${this.bodies++}`),
      each([...nodes, ...copies].map((node) => message(field.graph.node, node))),
      each(this.tensors(at)),
      each(parameters),
      each(results),
    );
  }

  private tensors(at: Place): Field[] {
    return [...(this.initialisers.get(at) ?? [])].map(([value, name]) =>
      message(field.graph.initializer, tensorProto(value, name)),
    );
  }

  private node(node: Node, at: Place): Field {
    const op = node.op as OpType;
    const { domain, attributes } = operators[op];
    const kept = this.placement.kept.get(node) ?? [...node.outputs.keys()];
    const inputs = node.inputs.map((value) => (value ? this.nameAt(value, at) : ""));
    while (inputs.at(-1) === "") inputs.pop();
    return all(
      ...inputs.map((name) => text(field.node.input, name)),
      ...kept.map((i) => text(field.node.output, this.nameAt(node.outputs[i], at))),
      text(field.node.name, `${op}_${this.counter++}`),
      text(field.node.opType, op),
      ...Object.entries(keptAttributes(node, kept)).map(([name, value]) => {
        const { kind, default: usual } = attributes[name];
        return value === undefined || value === usual
          ? null
          : message(field.node.attribute, attributeProto(name, kind, value));
      }),
      ...node.bodies.map((body, i) =>
        message(
          field.node.attribute,
          all(
            text(field.attribute.name, bodyAttributes[op][i]),
            message(field.attribute.g, this.body(body, keptResults(node, body, kept))),
            integer(field.attribute.type, attributeType.graph),
          ),
        ),
      ),
      domain ? text(field.node.domain, domain) : null,
    );
  }
}

const identityNode = (from: string, to: string): Field =>
  all(
    text(field.node.input, from),
    text(field.node.output, to),
    text(field.node.name, `Identity_${to}`),
    text(field.node.opType, "Identity"),
  );

function attributeProto(name: string, kind: keyof typeof attributeType, value: unknown): Field {
  const write: Record<string, Field> = {
    int: (w) => integer(field.attribute.i, value as number)(w),
    float: (w) => void w.tag(field.attribute.f, WireType.Bit32).float(value as number),
    string: (w) => text(field.attribute.s, value as string)(w),
    ints: (w) => {
      for (const n of value as number[]) integer(field.attribute.ints, n)(w);
    },
  };
  return all(
    text(field.attribute.name, name),
    write[kind],
    integer(field.attribute.type, attributeType[kind]),
  );
}

const valueInfo = (name: string, { dtype, shape }: TensorType): Field =>
  all(
    text(field.valueInfo.name, name),
    message(
      field.valueInfo.type,
      message(
        field.type.tensor,
        all(
          integer(field.tensorType.elemType, onnxDtype[dtype]),
          message(
            field.tensorType.shape,
            all(
              ...shape.map((dim) =>
                message(
                  field.shape.dim,
                  typeof dim === "number"
                    ? integer(field.dim.value, dim)
                    : text(field.dim.param, dim),
                ),
              ),
            ),
          ),
        ),
      ),
    ),
  );

function tensorProto(value: Value, name: string): Field {
  const data = value.node.data as TensorData;
  if (elementCount(value.shape) !== data.length) throw new ShapeError(`initialiser ${name}`);
  return all(
    ...value.shape.map((dim) => integer(field.tensor.dims, dim as number)),
    integer(field.tensor.dataType, onnxDtype[value.dtype]),
    text(field.tensor.name, name),
    (writer) => {
      // Little-endian, as ONNX wants it and as every platform that Node runs on stores it.
      writer
        .tag(field.tensor.rawData, WireType.LengthDelimited)
        .bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    },
  );
}
