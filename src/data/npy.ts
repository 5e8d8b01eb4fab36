import { writeFile } from "node:fs/promises";
import { DataError, ShapeError } from "../errors.ts";
import { readBytes } from "./files.ts";

/** An array of any rank, row-major. */
export interface NpyArray {
  readonly shape: readonly number[]; // [] for a single number
  readonly data: Float32Array | Float64Array | BigInt64Array | Uint8Array; // booleans as 0 and 1
}

// Typed arrays have the byte order of the machine, and Node runs on little-endian ones.
const arrayTypes = {
  "<f4": Float32Array,
  "<f8": Float64Array,
  "<i8": BigInt64Array,
  "|u1": Uint8Array,
  "|b1": Uint8Array,
} as const;

const MAGIC = "\x93NUMPY";

/** What stands before the entries of an .npy file. */
export interface NpyHeader {
  readonly type: keyof typeof arrayTypes;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  readonly start: number; // of the entries, in bytes
}

/**
 * Reads the header of NumPy's .npy format, versions 1 and 2.
 *
 * NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays".
 *
 * @param bytes  the file, or as much of its beginning as holds the header
 * @param source  what to call the file in errors
 * @throws DataError  for a malformed header, or an element type other than those above
 */
export function parseNpyHeader(bytes: Uint8Array, source: string): NpyHeader {
  const fail = failing(source);
  if (bytes.length < 10) throw fail(bytes.length, "the file ends inside the first 10 bytes");
  const magic = String.fromCharCode(...bytes.subarray(0, 6));
  if (magic !== MAGIC) throw fail(0, `found ${JSON.stringify(magic)}, not an .npy file`);
  const version = bytes[6];
  if (version !== 1 && version !== 2) throw fail(6, `version ${version}, wanted 1 or 2`);
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
  const type = field("descr", "['\"]([^'\"]*)['\"]");
  const fortran = field("fortran_order", "(True|False)") === "True";
  const sizes = field("shape", "\\(([\\d\\s,]*)\\)").match(/\d+/g) ?? [];
  if (!Object.hasOwn(arrayTypes, type)) {
    const known = Object.keys(arrayTypes).join(", ");
    throw fail(headerAt, `elements of type ${type}; can read ${known}`);
  }
  return { type: type as NpyHeader["type"], fortran, shape: sizes.map(Number), start };
}

const failing = (source: string) => (offset: number, what: string) =>
  new DataError(`${source}: at byte ${offset}: ${what}`);

/**
 * Reads an .npy file. A matrix in Fortran order is transposed to C order.
 *
 * @param source  what to call the file in errors
 * @throws DataError  as `parseNpyHeader`; also for a truncated file, or Fortran order of rank 3 and more
 */
export function parseNpy(bytes: Uint8Array, source: string): NpyArray {
  const fail = failing(source);
  const { type, fortran, shape, start } = parseNpyHeader(bytes, source);
  if (fortran && shape.length > 2) {
    throw fail(start, `Fortran order of rank ${shape.length}; save it with order="C"`);
  }
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
  const data = new ArrayType(new Uint8Array(bytes.subarray(start)).buffer);
  return { shape, data: fortran && shape.length === 2 ? rowMajor(data, shape[0]) : data };
}

/** Column-major entries with `rows` rows, in row-major order. */
function rowMajor<T extends NpyArray["data"]>(data: T, rows: number): T {
  const out = data.slice() as T;
  const columns = data.length / rows;
  for (let k = 0; k < data.length; k++) {
    out[Math.floor(k / columns) * columns + (k % columns)] =
      data[(k % columns) * rows + Math.floor(k / columns)];
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
