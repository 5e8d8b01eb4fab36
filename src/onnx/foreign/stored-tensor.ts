import { half } from "../../data/npy.ts";
import { readEntry } from "../read-model.ts";
import { sizeOf } from "../read-tensor.ts";
import {
  enter,
  fault,
  type Origin,
  readBytes,
  readDoubles,
  readFields,
  readFloats,
  readInts,
  readSmallInt,
  readText,
} from "../read-wire.ts";
import { field } from "../schema.ts";
import { messageAt, type Range } from "./pieces.ts";

/** A TensorProto of which only the numbers have not been looked at yet. */
export interface StoredTensor extends Range {
  readonly name: string;
  readonly dims: readonly number[];
  readonly code: number; // TensorProto.DataType
  readonly external: ReadonlyMap<string, string> | null; // location, offset, length
}

/** The numbers of a tensor, whatever their type in the file. */
export interface Numbers {
  readonly dims: readonly number[];
  readonly code: number;
  readonly data: Float64Array;
}

/** Name, type and shape of a tensor. @throws DataError  for a malformed one */
export function readStored(file: Uint8Array, range: Range): StoredTensor {
  const dims: bigint[] = [];
  const entries = new Map<string, string>();
  let [name, code, location] = ["", 0, 0];
  readFields(messageAt(file, range), field.tensor, {
    dims: (at) => readInts(at, dims),
    dataType: (at) => {
      code = readSmallInt(at);
    },
    name: (at) => {
      name = readText(at);
    },
    dataLocation: (at) => {
      location = readSmallInt(at);
    },
    externalData: (at) => {
      const { key, value } = readEntry(enter(at, entries.size));
      entries.set(key, value);
    },
  });
  const sizes = dims.map((dim) => sizeOf(dim, range));
  if (!Number.isSafeInteger(product(sizes))) throw fault(range, `a shape of [${sizes}]`);
  return { ...range, name, dims: sizes, code, external: location === 1 ? entries : null };
}

/** Types that can be computed with, by code: bytes of an entry, and how one is read. */
const types: Readonly<Record<number, [number, (view: DataView, at: number) => number]>> = {
  1: [4, (view, at) => view.getFloat32(at, true)],
  6: [4, (view, at) => view.getInt32(at, true)],
  7: [8, (view, at) => Number(view.getBigInt64(at, true))],
  9: [1, (view, at) => view.getUint8(at)],
  10: [2, (view, at) => half(view.getUint16(at, true))],
  11: [8, (view, at) => view.getFloat64(at, true)],
  16: [2, (view, at) => brain(view.getUint16(at, true))],
};

/** The bfloat16 of these bits: the upper half of a float32. */
export function brain(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits * 2 ** 16);
  return view.getFloat32(0);
}

/**
 * The numbers of a tensor, from raw_data or from the list of their type; null for a type that is not
 * computed with.
 *
 * @throws DataError  for more or fewer numbers than the shape says, or numbers in two places
 */
export function numbersOf(file: Uint8Array, stored: StoredTensor): Numbers | null {
  const { dims, code } = stored;
  const type = Object.hasOwn(types, code) ? types[code] : undefined;
  if (type === undefined) return null;
  const lists = { floats: [] as number[], doubles: [] as number[], ints: [] as bigint[] };
  let raw: Uint8Array | null = null;
  readFields(messageAt(file, stored), field.tensor, {
    rawData: (at) => {
      raw = readBytes(at);
    },
    floatData: (at) => readFloats(at, lists.floats),
    doubleData: (at) => readDoubles(at, lists.doubles),
    int64Data: (at) => readInts(at, lists.ints),
    int32Data: (at) => readInts(at, lists.ints),
  });
  const listed = listedNumbers(code, lists);
  const data = raw === null ? listed : fromRaw(raw, type, stored);
  const wanted = product(dims);
  if (raw !== null && listed.length > 0) {
    throw fault(stored, `"${stored.name}" holds its numbers twice`);
  }
  if (data.length !== wanted) {
    throw fault(stored, `"${stored.name}": ${data.length} numbers for [${dims}], wanted ${wanted}`);
  }
  return { dims, code, data };
}

function fromRaw(
  raw: Uint8Array,
  [size, read]: (typeof types)[number],
  origin: Origin,
): Float64Array {
  if (raw.length % size !== 0) throw fault(origin, `${raw.length} bytes in entries of ${size}`);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  return Float64Array.from({ length: raw.length / size }, (_, i) => read(view, i * size));
}

/** Both 16-bit floats are kept as bits in int32_data. */
function listedNumbers(
  code: number,
  { floats, doubles, ints }: { floats: number[]; doubles: number[]; ints: bigint[] },
): Float64Array {
  if (code === 1) return Float64Array.from(floats);
  if (code === 11) return Float64Array.from(doubles);
  const bits = code === 10 ? half : code === 16 ? brain : null;
  return Float64Array.from(ints, (n) =>
    bits === null ? Number(n) : bits(Number(BigInt.asUintN(16, n))),
  );
}

const product = (dims: readonly number[]) => dims.reduce((n, dim) => n * dim, 1);
