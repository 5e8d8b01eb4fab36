import { crc32 } from "node:zlib";
import { Inflate } from "fflate";
import { DataError } from "../../errors.ts";
import type { Bytes } from "./bytes.ts";

/** Compressed bytes inflated at a time: deflate makes at most 1032 of each, 16 MB in all. */
const step = 2 ** 14;

/** How far the inflation has come. */
interface Cursor {
  readonly stream: Inflate;
  fed: number; // compressed bytes
  made: number; // bytes inflated so far; the last of them are `ready`
  checksum: number;
  ready: readonly Uint8Array[];
}

/**
 * Deflated bytes as if they were plain ones. They are inflated in order and only a little of them is
 * held: reading on costs what is read, reading back begins anew.
 *
 * RFC 1951 by fflate; the checksum is compared when the end is reached.
 *
 * @param length  what the bytes must come to
 * @returns the bytes, over the compressed ones of the file as it is open now
 */
export function inflated(length: number, checksum: number): (compressed: Bytes) => Bytes {
  let cursor = begin();
  let turn: Promise<unknown> = Promise.resolve();
  return (compressed) => {
    const fail = (what: string, cause?: unknown) =>
      new DataError(`${compressed.source}: ${what}`, { cause });

    /** Inflates the next few; the ones before are let go. */
    async function advance(): Promise<void> {
      const count = Math.min(step, compressed.length - cursor.fed);
      if (count === 0)
        throw fail(`ends after ${cursor.made} bytes of ${length}, when its compression is undone`);
      const chunk = new Uint8Array(count);
      await compressed.readInto(chunk, cursor.fed);
      const made: Uint8Array[] = [];
      cursor.stream.ondata = (bytes) => made.push(bytes);
      try {
        cursor.stream.push(chunk, cursor.fed + count === compressed.length);
      } catch (cause) {
        throw fail("its compression is damaged", cause);
      }
      cursor.fed += count;
      cursor.ready = made;
      for (const bytes of made) {
        cursor.made += bytes.length;
        cursor.checksum = crc32(bytes, cursor.checksum);
      }
      if (cursor.made > length) throw fail(`holds more than the ${length} bytes that it states`);
      if (cursor.made === length && cursor.checksum !== checksum)
        throw fail("its checksum does not match");
    }

    async function readInto(target: Uint8Array, position: number): Promise<void> {
      if (position + target.length > length) throw fail(`ends at byte ${length}`);
      const held = () => cursor.ready.reduce((sum, bytes) => sum + bytes.length, 0);
      if (position < cursor.made - held()) cursor = begin();
      for (let filled = 0; filled < target.length; ) {
        let at = cursor.made - held();
        for (const bytes of cursor.ready) {
          const from = position + filled - at;
          at += bytes.length;
          if (from < 0 || from >= bytes.length) continue;
          const piece = bytes.subarray(from, from + target.length - filled);
          target.set(piece, filled);
          filled += piece.length;
        }
        if (filled < target.length) await advance();
      }
    }

    return {
      source: compressed.source,
      length,
      readInto(target, position) {
        // One after the other: they share the cursor. After damage it begins anew.
        const mine = turn.then(() => readInto(target, position));
        turn = mine.catch(() => {
          cursor = begin();
        });
        return mine;
      },
    };
  };
}

const begin = (): Cursor => ({ stream: new Inflate(), fed: 0, made: 0, checksum: 0, ready: [] });
