import { DataError } from "../errors.ts";

/** An array of bytes of any rank, row-major. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const UBYTE = 0x08;

/**
 * Reads an IDX file of unsigned bytes, the format of MNIST: two zero bytes, a type byte, the rank,
 * one big-endian 32-bit size per axis, then the entries.
 *
 * LeCun, Cortes & Burges, "The MNIST database", section "The IDX file format".
 *
 * @param source  what to call the file in errors
 * @throws DataError  for a wrong header field, or fewer or more bytes than the sizes ask for
 */
export function parseIdx(bytes: Uint8Array, source: string): IdxArray {
  const fail = (offset: number, found: string, wanted: string) =>
    new DataError(`${source}: at byte ${offset}: found ${found}, wanted ${wanted}`);
  const need = (offset: number, length: number, what: string) => {
    if (bytes.length < offset + length) {
      throw fail(offset, `${bytes.length - offset} bytes`, `${length} for ${what}`);
    }
  };

  need(0, 4, "the magic number");
  const [zero0, zero1, type, rank] = bytes;
  if (zero0 !== 0 || zero1 !== 0) {
    // Gzip begins with 1f 8b, and a .gz that was never unpacked is the likeliest mistake.
    const found = zero0 === 0x1f && zero1 === 0x8b ? "gzip data" : `${hex(zero0)} ${hex(zero1)}`;
    throw fail(0, found, "00 00, the start of an IDX file");
  }
  if (type !== UBYTE) throw fail(2, `type ${hex(type)}`, `type ${hex(UBYTE)}, unsigned bytes`);
  if (rank === 0) throw fail(3, "rank 0", "at least one axis");

  need(4, 4 * rank, `${rank} axis sizes`);
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => header.getUint32(4 + 4 * axis));
  const empty = shape.indexOf(0);
  if (empty >= 0) throw fail(4 + 4 * empty, `size 0 of axis ${empty}`, "at least 1");

  const start = 4 + 4 * rank;
  const size = shape.reduce((product, n) => product * n, 1);
  if (bytes.length - start !== size) {
    throw fail(start, `${bytes.length - start} bytes`, `${size} for shape [${shape.join(", ")}]`);
  }
  return { shape, data: bytes.subarray(start) };
}

const hex = (byte: number) => byte.toString(16).padStart(2, "0");
