import {
  enter,
  type Field,
  type Message,
  readFields,
  readFloat,
  readInt,
  readInts,
  readSmallInt,
  readText,
} from "../read-wire.ts";
import { field } from "../schema.ts";
import type { Range } from "./pieces.ts";

/** A node of any operator. What its attributes hold is looked at only where it is needed. */
export interface ForeignNode extends Range {
  readonly index: number;
  readonly op: string;
  readonly domain: string; // "" for ONNX's own
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** Names that its bodies may take from the graph around them. */
  readonly captured: ReadonlySet<string>;
}

export interface Attribute {
  readonly type: number;
  readonly int: number;
  readonly float: number;
  readonly ints: readonly number[];
  readonly tensor: Range | null;
}

export function readForeignNode(message: Message, range: Range, index: number): ForeignNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, Attribute>();
  const captured = new Set<string>();
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
    attribute: (at) => {
      const [key, attribute] = readAttribute(enter(at, attributes.size), captured);
      attributes.set(key, attribute);
    },
    domain: (at) => {
      domain = readText(at);
    },
  });
  const plain = domain === "ai.onnx" ? "" : domain;
  return { ...range, index, op, domain: plain, name, inputs, outputs, attributes, captured };
}

function readAttribute(message: Message, captured: Set<string>): [string, Attribute] {
  const ints: bigint[] = [];
  let [name, type, float] = ["", 0, 0];
  let int = 0n;
  let tensor: Range | null = null;
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
    ints: (at) => readInts(at, ints),
    t: (at) => {
      tensor = passedOver(at);
    },
    g: (at) => capturedBy(enter(at), captured),
    graphs: (at) => capturedBy(enter(at), captured),
    type: (at) => {
      type = readSmallInt(at);
    },
  });
  return [name, { type, int: Number(int), float, ints: ints.map(Number), tensor }];
}

/** The place of a message that is not read now. */
function passedOver(at: Field): Range {
  const { path, offset, reader, end } = enter(at);
  const from = reader.pos;
  reader.pos = end;
  return { path, offset, from, end };
}

/** All names that a body mentions: those of its own are no matter, since names stand once. */
function capturedBy(graph: Message, into: Set<string>): void {
  readFields(graph, field.graph, {
    node: (at) =>
      readFields(enter(at), field.node, {
        input: (inner) => void into.add(readText(inner)),
        attribute: (inner) => void readAttribute(enter(inner), into),
      }),
    output: (at) =>
      readFields(enter(at), field.valueInfo, {
        name: (inner) => void into.add(readText(inner)),
      }),
  });
}
