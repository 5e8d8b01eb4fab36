import { DataError } from "../../errors.ts";

/** The bytes of a pickle, read from the front. Each of them throws DataError where they end. */
export interface PickleBytes {
  readonly uint8: () => number;
  readonly uint16: () => number;
  readonly uint32: () => number;
  readonly uint64: () => number; // rounded above 2⁵³
  readonly int32: () => number;
  readonly float64: () => number; // the one number that is big-endian
  /** A whole number of `length` bytes, in two's complement. */
  readonly long: (length: number) => number | bigint;
  readonly raw: (length: number) => Uint8Array; // a copy
  readonly text: (length: number) => string;
  readonly line: () => string;
  readonly skip: (length: number) => void;
  /** An error that names the file and the byte that reading has come to. */
  readonly fail: (what: string) => DataError;
}

/** @param source  what to call the bytes in errors */
export function pickleBytes(bytes: Uint8Array, source: string): PickleBytes {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const fail = (what: string) => new DataError(`${source}: at byte ${at}: ${what}`);
  /** Where the next `length` bytes begin, which are read then. */
  const take = (length: number): number => {
    if (length > bytes.length - at) throw fail("the pickle ends inside an instruction");
    at += length;
    return at - length;
  };
  const raw = (length: number) => new Uint8Array(bytes.subarray(take(length), at));
  const text = (length: number) => utf8.decode(bytes.subarray(take(length), at));
  return {
    uint8: () => view.getUint8(take(1)),
    uint16: () => view.getUint16(take(2), true),
    uint32: () => view.getUint32(take(4), true),
    uint64: () => Number(view.getBigUint64(take(8), true)),
    int32: () => view.getInt32(take(4), true),
    float64: () => view.getFloat64(take(8), false),
    long: (length) => {
      if (length > 1024) throw fail(`an integer of ${length} bytes`);
      if (length === 0) return 0;
      const digits = raw(length).reverse();
      const value = BigInt.asIntN(8 * length, BigInt(`0x${Buffer.from(digits).toString("hex")}`));
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    },
    raw,
    text,
    line: () => {
      const end = bytes.indexOf(10, at);
      if (end < 0) throw fail("the pickle ends inside a line");
      const found = text(end - at);
      take(1);
      return found;
    },
    skip: take,
    fail,
  };
}

const utf8 = new TextDecoder();
