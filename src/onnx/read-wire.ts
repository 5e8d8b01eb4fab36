import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { DataError } from "../errors.ts";

/** Where in the file something stands: the path of its message and the byte it begins at. */
export interface Origin {
  readonly path: string; // `graph.node[3].attribute[0]`; of the whole file empty
  readonly offset: number;
}

export const fault = ({ path, offset }: Origin, what: string, cause?: unknown): DataError =>
  new DataError(`ONNX model: ${path && `${path}, `}byte ${offset}: ${what}`, { cause });

/** A message of the file that has not been read yet. All messages share one reader. */
export interface Message extends Origin {
  readonly reader: BinaryReader;
  readonly end: number;
  readonly depth: number;
}

/** A field whose content the reader stands at. */
export interface Field extends Message {
  readonly wire: WireType;
}

export const wholeFile = (bytes: Uint8Array): Message => ({
  path: "",
  offset: 0,
  reader: new BinaryReader(bytes),
  end: bytes.length,
  depth: 0,
});

/** Field numbers of a message by name: a row of the schema. */
type Schema = Readonly<Record<string, number>>;
type Handlers<S extends Schema> = { readonly [K in keyof S]?: (field: Field) => void };

/** Hands each field of a message that has a handler to it, in order, and skips the others. */
export function readFields<S extends Schema>(
  message: Message,
  schema: S,
  handlers: Handlers<S>,
): void {
  const { reader, end, depth } = message;
  const names = namesOf(schema);
  while (reader.pos < end) {
    const origin = { path: message.path, offset: reader.pos };
    const [number, wire] = guarded(origin, reader, end, () => reader.tag());
    const name = names.get(number);
    const handle = name === undefined ? undefined : handlers[name];
    if (handle === undefined) {
      guarded(origin, reader, end, () => reader.skip(wire, number));
    } else {
      const path = message.path === "" ? name! : `${message.path}.${name}`;
      handle({ path, offset: origin.offset, reader, end, depth, wire });
    }
  }
}

const inverted = new Map<Schema, ReadonlyMap<number, string>>();
function namesOf(schema: Schema): ReadonlyMap<number, string> {
  let names = inverted.get(schema);
  if (names === undefined) {
    names = new Map(Object.entries(schema).map(([name, number]) => [number, name]));
    inverted.set(schema, names);
  }
  return names;
}

/** What `read` gives, any error of it and any byte read past the end as a fault of the file. */
export function guarded<T>(origin: Origin, reader: BinaryReader, end: number, read: () => T): T {
  let result: T;
  try {
    result = read();
  } catch (error) {
    if (error instanceof RangeError) throw fault(origin, "the file ends inside this field", error);
    throw fault(origin, error instanceof Error ? error.message : String(error), error);
  }
  if (reader.pos > end) throw fault(origin, "runs past the end of the message around it");
  return result;
}

function take<T>(field: Field, wanted: WireType, read: (reader: BinaryReader) => T): T {
  if (field.wire !== wanted) {
    throw fault(field, `wire type ${WireType[field.wire]} where ${WireType[wanted]} is wanted`);
  }
  return guarded(field, field.reader, field.end, () => read(field.reader));
}

export const readText = (field: Field): string =>
  take(field, WireType.LengthDelimited, (reader) => reader.string(true));
/** A view of the file, not a copy. */
export const readBytes = (field: Field): Uint8Array =>
  take(field, WireType.LengthDelimited, (reader) => reader.bytes());
export const readInt = (field: Field): bigint =>
  take(field, WireType.Varint, (reader) => BigInt(reader.int64()));
export const readFloat = (field: Field): number =>
  take(field, WireType.Bit32, (reader) => reader.float());
const readDouble = (field: Field): number =>
  take(field, WireType.Bit64, (reader) => reader.double());

/** A whole number that JavaScript holds exactly. */
export function readSmallInt(field: Field): number {
  const value = Number(readInt(field));
  if (!Number.isSafeInteger(value)) throw fault(field, `${value} is too large`);
  return value;
}

/** One occurrence of a repeated number: a single one, or many packed. */
function readRepeated<T>(field: Field, wire: WireType, read: (field: Field) => T, into: T[]): void {
  if (field.wire !== WireType.LengthDelimited) {
    into.push(read(field));
    return;
  }
  const { reader, end } = enter(field);
  while (reader.pos < end) into.push(read({ ...field, end, wire }));
}
export const readInts = (field: Field, into: bigint[]): void =>
  readRepeated(field, WireType.Varint, readInt, into);
export const readFloats = (field: Field, into: number[]): void =>
  readRepeated(field, WireType.Bit32, readFloat, into);
export const readDoubles = (field: Field, into: number[]): void =>
  readRepeated(field, WireType.Bit64, readDouble, into);

/** Protobuf's own readers stop at this depth, ONNX Runtime's among them. */
const deepest = 100;

/** The message that a field holds, with its index where the field is repeated. */
export function enter(field: Field, index?: number): Message {
  const { reader, depth } = field;
  const path = index === undefined ? field.path : `${field.path}[${index}]`;
  const origin = { path, offset: field.offset };
  if (depth >= deepest) throw fault(origin, `messages nested more than ${deepest} deep`);
  const length = take({ ...field, path }, WireType.LengthDelimited, () => reader.uint32());
  const end = reader.pos + length;
  if (end > field.end) {
    throw fault(origin, `${length} bytes announced, ${field.end - reader.pos} are left`);
  }
  return { ...origin, reader, end, depth: depth + 1 };
}
