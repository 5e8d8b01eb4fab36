import { WireType } from "@bufbuild/protobuf/wire";
import { DataError, ShapeError } from "../../errors.ts";
import { onnxDtype } from "../../graph/infer/elementwise.ts";
import { encode, type Model } from "../encode.ts";
import { attributeType, field as fields } from "../schema.ts";
import type { FloatType } from "./dense.ts";
import { text } from "./edit.ts";
import { type ForeignModel, readForeign } from "./model.ts";
import { field, joined, piecesOf, type Range, written } from "./pieces.ts";

/** Nodes and initialisers that a model of ours becomes within another model. */
export interface Fragment {
  readonly nodes: readonly Uint8Array[];
  readonly tensors: readonly Uint8Array[];
}

/**
 * The first opset in which an operator, as we write it, means what we mean; without an entry a fragment may
 * not use it. Up to the newest that is read none of them changes.
 */
const since: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries({
    11:
      "Abs Add Clip Concat Cos Div Erf Exp Gather Gemm Identity LeakyRelu Log MatMul Mul Neg Reciprocal Relu " +
      "Reshape Sigmoid Sin Slice Softplus Sqrt Sub Tanh Transpose Cast",
    12: "Pow Max Min",
    13: "ReduceSum Split Squeeze Unsqueeze Expand",
    18: "ReduceMean ReduceMax ReduceMin ReduceSumSquare",
  }).flatMap(([version, ops]) => ops.split(" ").map((op) => [op, Number(version)])),
);

const codes: Readonly<Record<FloatType, number>> = {
  float32: 1,
  float16: 10,
  float64: 11,
  bfloat16: 16,
};

/** Where a fragment goes: the values that it reads and makes, with their type there. */
export interface Socket {
  readonly input: string;
  readonly output: string;
  readonly inputType: FloatType;
  readonly outputType: FloatType;
  /** What its own names begin with. */
  readonly prefix: string;
}

/**
 * A model of ours, of one input and one output, as a part of another: every name of its own begins with
 * a prefix, and values are cast where the other model computes in another type.
 *
 * @throws ShapeError  for a model of more inputs or outputs
 * @throws DataError  for an operator that the opset of the other model writes in another way
 */
export function fragmentOf(host: ForeignModel, model: Model, at: Socket): Fragment {
  const [inputs, outputs] = [Object.entries(model.inputs), Object.entries(model.outputs)];
  if (inputs.length !== 1 || outputs.length !== 1) {
    throw new ShapeError(
      `what replaces a layer has one input and one output, not ${inputs.length} and ${outputs.length}`,
    );
  }
  const [[x, given], [y, made]] = [inputs[0], outputs[0]];
  const part = readForeign(encode(model));
  const opset = host.opsets.get("")!;
  const odd = part.nodes.find(({ op, domain }) => domain !== "" || !(opset >= since[op]));
  if (odd !== undefined) {
    const needed = odd.domain === "" ? since[odd.op] : undefined;
    throw new DataError(
      `${odd.op} cannot stand in a model of opset ${opset}` +
        (needed === undefined ? "" : `: it needs ${needed}`),
      { hint: "export the model again with a newer opset" },
    );
  }
  const prefix = freePrefix(host, at.prefix);
  const own = (name: string) => (name === "" ? "" : `${prefix}.${name}`);
  const [castIn, castOut] = [codes[at.inputType], codes[at.outputType]];
  const direct = {
    in: castIn === onnxDtype[given.dtype],
    out: castOut === onnxDtype[made.dtype],
  };
  const renamed = (name: string) => {
    if (name === x) return direct.in ? at.input : own(x);
    return name === y && direct.out ? at.output : own(name);
  };
  const nodes = part.nodes.map((node) => renamedNode(part.bytes, node, renamed, own));
  const before = direct.in ? [] : [castNode(at.input, own(x), onnxDtype[given.dtype])];
  const after = direct.out ? [] : [castNode(own(y), at.output, castOut)];
  const tensors = [...part.tensors.values()].map((tensor) =>
    withText(part.bytes, tensor, { [fields.tensor.name]: renamed }),
  );
  return { nodes: [...before, ...nodes, ...after], tensors };
}

const renamedNode = (
  bytes: Uint8Array,
  node: Range,
  renamed: (name: string) => string,
  own: (name: string) => string,
): Uint8Array =>
  withText(bytes, node, {
    [fields.node.input]: renamed,
    [fields.node.output]: renamed,
    [fields.node.name]: own,
  });

/** A message with some of its texts changed. */
function withText(
  bytes: Uint8Array,
  range: Range,
  changes: Readonly<Record<number, (name: string) => string>>,
): Uint8Array {
  return joined(
    piecesOf(bytes, range).map(({ number, start, from, end }) =>
      number in changes
        ? text(number, changes[number](new TextDecoder().decode(bytes.subarray(from, end))))
        : bytes.subarray(start, end),
    ),
  );
}

function castNode(from: string, to: string, code: number): Uint8Array {
  const { node, attribute } = fields;
  const number = (at: number, value: number) =>
    written((w) => void w.tag(at, WireType.Varint).int64(value));
  return joined([
    text(node.input, from),
    text(node.output, to),
    text(node.name, `Cast_${to}`),
    text(node.opType, "Cast"),
    field(
      node.attribute,
      joined([
        text(attribute.name, "to"),
        number(attribute.i, code),
        number(attribute.type, attributeType.int),
      ]),
    ),
  ]);
}

/** The prefix, or with a number where names of the model begin with it. */
function freePrefix({ maker, tensors, infos, nodes }: ForeignModel, wish: string): string {
  const taken = [
    ...maker.keys(),
    ...tensors.keys(),
    ...infos.keys(),
    ...nodes.flatMap(({ name, captured }) => [name, ...captured]),
  ];
  let prefix = wish;
  for (let i = 2; taken.some((name) => name.startsWith(`${prefix}.`)); i++) prefix = `${wish}#${i}`;
  return prefix;
}
