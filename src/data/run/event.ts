import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** One tag's content in an event. */
export interface EventValue {
  readonly tag: string;
  readonly plugin: string; // "" where the writer gives none, as after a tag's first value
  readonly scalar: number | null; // of the old form, simple_value
  readonly tensor: Uint8Array | null; // a TensorProto
}

export interface Event {
  readonly wallTime: number; // seconds
  readonly step: number;
  readonly versioned: boolean; // the first record of a file
  readonly restart: boolean; // what was logged from this step on is void
  readonly values: readonly EventValue[];
}

const { Varint, Bit64, Bit32, LengthDelimited: Bytes } = WireType;

type OnField = (field: number, reader: BinaryReader, wire: WireType) => void;

/**
 * Hands over the fields of a protobuf message whose numbers are given, and skips the others.
 *
 * @param wires  wire types that a field may have
 * @throws Error  of any kind for bytes that are no such message
 */
export function readMessage(
  bytes: Uint8Array,
  wires: Readonly<Record<number, readonly WireType[]>>,
  onField: OnField,
): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    if (!Object.hasOwn(wires, field)) reader.skip(wire, field);
    else if (!wires[field].includes(wire)) throw new Error(`field ${field} of wire type ${wire}`);
    else onField(field, reader, wire);
    if (reader.pos > reader.len) throw new RangeError(`field ${field} runs past the end`);
  }
}

/**
 * A TensorBoard Event: the fields of event.proto and summary.proto (tensorflow/tensorboard,
 * tensorboard/compat/proto) that hold series of numbers.
 *
 * @throws Error  as `readMessage`
 */
export function readEvent(bytes: Uint8Array): Event {
  let [wallTime, step, versioned, restart] = [Number.NaN, 0, false, false];
  const values: EventValue[] = [];
  const summary: OnField = (_, reader) => values.push(readValue(reader.bytes()));
  const sessionLog: OnField = (_, reader) => {
    restart = reader.int32() === 1; // START
  };
  readMessage(
    bytes,
    { 1: [Bit64], 2: [Varint], 3: [Bytes], 5: [Bytes], 7: [Bytes] },
    (field, reader) => {
      if (field === 1) wallTime = reader.double();
      else if (field === 2) step = Number(reader.int64());
      else if (field === 3) versioned = reader.string().startsWith("brain.Event:");
      else if (field === 5) readMessage(reader.bytes(), { 1: [Bytes] }, summary);
      else readMessage(reader.bytes(), { 1: [Varint] }, sessionLog);
    },
  );
  return { wallTime, step, versioned, restart, values };
}

function readValue(bytes: Uint8Array): EventValue {
  let [tag, plugin] = ["", ""];
  let scalar: number | null = null;
  let tensor: Uint8Array | null = null;
  const pluginData: OnField = (_, reader) => {
    plugin = reader.string();
  };
  const metadata: OnField = (_, reader) => readMessage(reader.bytes(), { 1: [Bytes] }, pluginData);
  readMessage(bytes, { 1: [Bytes], 2: [Bit32], 8: [Bytes], 9: [Bytes] }, (field, reader) => {
    if (field === 1) tag = reader.string();
    else if (field === 2) scalar = reader.float();
    else if (field === 8) tensor = reader.bytes();
    else readMessage(reader.bytes(), { 1: [Bytes] }, metadata);
  });
  return { tag, plugin, scalar, tensor };
}
