import { writeFile } from "node:fs/promises";
import { DataError, ShapeError } from "../errors.ts";
import { readBytes } from "./files.ts";

/** An array of any rank, row-major. */
export interface NpyArray {
  readonly shape: readonly number[]; // [] for a single number
  /** Booleans as 0 and 1; float16 as float32, which holds all of it. */
  readonly data:
    | Float32Array
    | Float64Array
    | BigInt64Array
    | Int32Array
    | Int16Array
    | Int8Array
    | Uint8Array;
}

// Typed arrays have the byte order of the machine, and Node runs on little-endian ones.
const arrayTypes = {
  f4: Float32Array,
  f8: Float64Array,
  f2: Uint16Array,
  i8: BigInt64Array,
  i4: Int32Array,
  i2: Int16Array,
  i1: Int8Array,
  u1: Uint8Array,
  b1: Uint8Array,
} as const;

type ElementType = keyof typeof arrayTypes;

const MAGIC = "\x93NUMPY";

/** What stands before the entries of an .npy file. */
export interface NpyHeader {
  readonly type: ElementType;
  readonly bigEndian: boolean;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  readonly start: number; // of the entries, in bytes
}

/**
 * Reads the header of NumPy's .npy format, versions 1 to 3.
 *
 * NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays".
 *
 * @param bytes  the file, or as much of its beginning as holds the header
 * @param source  what to call the file in errors
 * @throws DataError  for a malformed header, or an element type other than those above:
 *   objects, texts and records among them
 */
export function parseNpyHeader(bytes: Uint8Array, source: string): NpyHeader {
  const fail = failing(source);
  if (bytes.length < 10) throw fail(bytes.length, "the file ends inside the first 10 bytes");
  const magic = String.fromCharCode(...bytes.subarray(0, 6));
  if (magic !== MAGIC) throw fail(0, `found ${JSON.stringify(magic)}, not an .npy file`);
  const version = bytes[6];
  if (version < 1 || version > 3) throw fail(6, `version ${version}, wanted 1, 2 or 3`);
  const headerAt = version === 1 ? 10 : 12;
  if (bytes.length < headerAt) throw fail(8, "the file ends inside the length of the header");

  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const start = headerAt + headerLength;
  if (start > bytes.length) {
    throw fail(8, `a header of ${headerLength} bytes, but ${bytes.length - headerAt} remain`);
  }
  const header = new TextDecoder("latin1").decode(bytes.subarray(headerAt, start)).trim();
  const field = (name: string, pattern: string) => {
    const match = new RegExp(`['"]${name}['"]\\s*:\\s*${pattern}`).exec(header);
    if (match === null)
      throw fail(headerAt, `no usable ${name} in the header ${header.slice(0, 200)}`);
    return match[1];
  };
  if (/['"]descr['"]\s*:\s*\[/.test(header)) throw new ElementTypeError(`${source}: holds records`);
  const type = field("descr", "['\"]([^'\"]*)['\"]");
  const fortran = field("fortran_order", "(True|False)") === "True";
  const sizes = field("shape", "\\(([\\d\\s,]*)\\)").match(/\d+/g) ?? [];
  const [order, kind] = [type[0], type.slice(1)];
  if (kind === "O" || !"<>|=".includes(order) || !Object.hasOwn(arrayTypes, kind)) {
    const known = Object.keys(arrayTypes).join(", ");
    const what =
      kind === "O"
        ? "an array of Python objects, which could only be read by executing it"
        : `elements of type ${type}; can read ${known}`;
    throw new ElementTypeError(`${source}: at byte ${headerAt}: ${what}`);
  }
  const shape = sizes.map(Number);
  if (!Number.isSafeInteger(product(shape)) || !shape.every(Number.isSafeInteger))
    throw fail(headerAt, `a shape of [${shape.join(", ")}]`);
  return { type: kind as ElementType, bigEndian: order === ">", fortran, shape, start };
}

/** An array that is well formed, but none of numbers that are read. */
export class ElementTypeError extends DataError {}

const failing = (source: string) => (offset: number, what: string) =>
  new DataError(`${source}: at byte ${offset}: ${what}`);

/**
 * Reads an .npy file. An array in Fortran order is brought to C order.
 *
 * @param source  what to call the file in errors
 * @throws DataError  as `parseNpyHeader`; also for a truncated file
 */
export function parseNpy(bytes: Uint8Array, source: string): NpyArray {
  const fail = failing(source);
  const { type, bigEndian, fortran, shape, start } = parseNpyHeader(bytes, source);
  const ArrayType = arrayTypes[type];
  const wanted = product(shape) * ArrayType.BYTES_PER_ELEMENT;
  if (bytes.length - start !== wanted) {
    throw fail(
      start,
      `${bytes.length - start} bytes of entries, [${shape.join(", ")}] ${type} needs ${wanted}`,
    );
  }
  // A copy, since a typed array must begin at a multiple of its element size; not by slice(), which
  // for a Buffer is a view of the whole.
  const copy = new Uint8Array(bytes.subarray(start));
  if (bigEndian) reverseEach(copy, ArrayType.BYTES_PER_ELEMENT);
  const stored = new ArrayType(copy.buffer);
  const data = type === "f2" ? Float32Array.from(stored as Uint16Array, half) : stored;
  return { shape, data: fortran ? rowMajor(data as NpyArray["data"], shape) : data } as NpyArray;
}

/** The bytes of each element, the other way round. */
function reverseEach(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}

/** The float16 of these bits, IEEE 754 binary16: sign, 5 bits of exponent with bias 15, 10 of fraction. */
export function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 0x1f, bits & 0x3ff];
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Column-major entries in row-major order: the last axis of these is the first of those. */
function rowMajor<T extends NpyArray["data"]>(data: T, shape: readonly number[]): T {
  const out = data.slice() as T;
  const index = new Array<number>(shape.length).fill(0);
  const strides = shape.map((_, d) => product(shape.slice(0, d)));
  let place = 0;
  for (let k = 0; k < data.length; k++) {
    out[k] = data[place];
    for (let d = shape.length - 1; d >= 0; d--) {
      place += strides[d];
      if (++index[d] < shape[d]) break;
      place -= index[d] * strides[d];
      index[d] = 0;
    }
  }
  return out;
}

/**
 * The bytes of an .npy file, version 1, that `numpy.load` reads.
 *
 * @param data  product of `shape` entries, row-major
 * @throws ShapeError  when there are more or fewer
 */
export function formatNpy(data: Float32Array | Float64Array, shape: readonly number[]): Uint8Array {
  if (data.length !== product(shape)) {
    throw new ShapeError(`npy: ${data.length} entries for shape [${shape.join(", ")}]`);
  }
  const type = data instanceof Float32Array ? "<f4" : "<f8";
  // Python writes a tuple of one with a trailing comma.
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const fields = `{'descr': '${type}', 'fortran_order': False, 'shape': (${tuple}), }`;
  // Padded so that the entries begin at a multiple of 64 bytes, as the format asks.
  const start = Math.ceil((10 + fields.length + 1) / 64) * 64;
  const header = `${fields.padEnd(start - 10 - 1)}\n`;

  const bytes = new Uint8Array(start + data.byteLength);
  bytes.set(Uint8Array.from(MAGIC, (c) => c.charCodeAt(0)));
  bytes.set([1, 0, header.length & 0xff, header.length >> 8], 6);
  bytes.set(new TextEncoder().encode(header), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), start);
  return bytes;
}

/** Reads an .npy file. @throws InputError  when it cannot be read; else as `parseNpy` */
export const readNpy = async (path: string): Promise<NpyArray> =>
  parseNpy(await readBytes(path), path);

/** Writes an .npy file. @throws ShapeError  as `formatNpy` */
export const writeNpy = (
  path: string,
  data: Float32Array | Float64Array,
  shape: readonly number[],
): Promise<void> => writeFile(path, formatNpy(data, shape));

const product = (shape: readonly number[]) => shape.reduce((size, n) => size * n, 1);
