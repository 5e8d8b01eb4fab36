import { type Bytes, take } from "../tensors/bytes.ts";
import { maskedCrc32c } from "./crc32c.ts";

/** What of a record file could not be read: bytes begin … end−1. */
export interface Damage {
  readonly what: "cut short" | "damaged";
  readonly begin: number;
  readonly end: number;
}

const headBytes = 12; // uint64 length, its CRC
const footBytes = 4; // CRC of the data
const blockBytes = 1 << 20;
const longest = 2 ** 31; // protobuf's own limit

/**
 * Hands over each intact record of a TFRecord file (length, its masked CRC-32C, data, their masked
 * CRC-32C), with the byte it begins at. A record that fails its checksum is passed over and the next
 * one found by the checksum of its length, so that a flipped bit costs one record and not the rest. A
 * last record that the file does not hold in full is still being written, or its writer was killed.
 *
 * Memory: a block, or the longest record. Time: linear, also for files made to be slow.
 */
export async function scanRecords(
  source: Bytes,
  onRecord: (data: Uint8Array, offset: number) => void,
): Promise<Damage[]> {
  const size = source.length;
  const damage: Damage[] = [];
  let [at, wanted] = [0, blockBytes];
  let badFrom: number | null = null;
  let patience = 4 * size + blockBytes; // bytes of records that may turn out to be damaged
  const endBad = (end: number) => {
    if (badFrom !== null) damage.push({ what: "damaged", begin: badFrom, end });
    badFrom = null;
  };
  while (at < size) {
    const block = await take(source, at, Math.min(wanted, size - at));
    wanted = blockBytes;
    let from = 0;
    while (from + headBytes <= block.length) {
      const length = lengthAt(block, from);
      if (length === null || length > longest || patience < 0) {
        badFrom ??= at + from;
        from++;
        continue;
      }
      const whole = headBytes + length + footBytes;
      if (whole > size - at - from) {
        endBad(at + from);
        return [...damage, { what: "cut short", begin: at + from, end: size }];
      }
      if (from + whole > block.length) {
        wanted = Math.max(blockBytes, whole);
        break;
      }
      const end = from + headBytes + length;
      if (maskedCrc32c(block, from + headBytes, end) !== uint32(block, end)) {
        patience -= length;
        badFrom ??= at + from;
        from++;
        continue;
      }
      endBad(at + from);
      onRecord(block.subarray(from + headBytes, end), at + from);
      from += whole;
    }
    const last = at + block.length === size;
    at += from;
    if (last && at < size && wanted === blockBytes) break; // less than a head is left
  }
  if (badFrom !== null) endBad(size);
  else if (at < size) damage.push({ what: "cut short", begin: at, end: size });
  return damage;
}

/** The length of the record that begins there, if its checksum vouches for it. */
const lengthAt = (block: Uint8Array, from: number): number | null =>
  maskedCrc32c(block, from, from + 8) === uint32(block, from + 8)
    ? uint32(block, from) + uint32(block, from + 4) * 2 ** 32
    : null;

const uint32 = (bytes: Uint8Array, at: number) =>
  (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
