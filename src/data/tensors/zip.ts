import { DataError } from "../../errors.ts";
import { type Bytes, part, take } from "./bytes.ts";
import { inflated } from "./inflate.ts";

/** A file in an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly length: number; // once it is no longer compressed
  /** Its bytes, in the archive as it is open now. @throws DataError  when they cannot be read */
  open(archive: Bytes): Promise<Bytes>;
}

// Bounds on what is held in memory, far above what any array or checkpoint needs.
const longestDirectory = 2 ** 27;
/** Deflate makes at most this many bytes of one. */
const deflateRatio = 1032;

/**
 * The files in a zip archive, by its central directory alone: of a checkpoint of gigabytes a few
 * kilobytes are read. Stored and deflated, also with the sizes of zip64.
 *
 * PKWARE, "APPNOTE.TXT", sections 4.3 and 4.5.3.
 *
 * @throws DataError  for a malformed directory
 */
export async function readZip(archive: Bytes): Promise<ZipEntry[]> {
  const { at, length, count } = await findDirectory(archive);
  if (length > longestDirectory)
    throw damaged(archive, at, `a directory of ${length} bytes, at most ${longestDirectory}`);
  const bytes = await take(archive, at, length);
  const view = new DataView(bytes.buffer);
  const entries = new Map<string, ZipEntry>();
  let seen = 0;
  for (let offset = 0; offset < length; seen++) {
    if (offset + 46 > length || view.getUint32(offset, true) !== 0x02014b50)
      throw damaged(archive, at + offset, "no entry of the directory");
    const sizes = [28, 30, 32].map((field) => view.getUint16(offset + field, true));
    const end = offset + 46 + sizes[0] + sizes[1] + sizes[2];
    if (end > length) throw damaged(archive, at + offset, "the directory ends inside an entry");
    const entry = entryOf(archive, bytes.subarray(offset, end), at + offset);
    // Which of two is meant would depend on who reads.
    if (entries.has(entry.name))
      throw damaged(archive, at + offset, `${JSON.stringify(entry.name)} a second time`);
    entries.set(entry.name, entry);
    offset = end;
  }
  if (seen !== count) throw damaged(archive, at, `${seen} entries, ${count} are stated`);
  return [...entries.values()];
}

const damaged = ({ source }: Bytes, at: number, what: string) =>
  new DataError(`${source}: at byte ${at}: ${what}`);

/** Where the directory lies, by the record at the end. */
async function findDirectory(
  archive: Bytes,
): Promise<{ at: number; length: number; count: number }> {
  // Behind the record stands a comment of up to 65535 bytes.
  const begin = Math.max(0, archive.length - 22 - 0xffff);
  const tail = await take(archive, begin, archive.length - begin);
  const view = new DataView(tail.buffer);
  let end = tail.length - 22;
  while (
    end >= 0 &&
    !(
      view.getUint32(end, true) === 0x06054b50 &&
      end + 22 + view.getUint16(end + 20, true) === tail.length
    )
  )
    end--;
  if (end < 0)
    throw new DataError(`${archive.source}: a zip archive without its end`, {
      hint: "it was not written or copied as a whole",
    });
  const found = {
    count: view.getUint16(end + 10, true),
    length: view.getUint32(end + 12, true),
    at: view.getUint32(end + 16, true),
  };
  const locator = begin + end - 20;
  if (locator >= 0) {
    const pointer = new DataView((await take(archive, locator, 20)).buffer);
    if (pointer.getUint32(0, true) === 0x07064b50) {
      const at = toNumber(archive, locator, pointer.getBigUint64(8, true));
      const record = new DataView((await take(archive, at, 56)).buffer);
      if (record.getUint32(0, true) !== 0x06064b50)
        throw damaged(archive, at, "no end of a directory of zip64");
      found.count = toNumber(archive, at, record.getBigUint64(32, true));
      found.length = toNumber(archive, at, record.getBigUint64(40, true));
      found.at = toNumber(archive, at, record.getBigUint64(48, true));
    }
  }
  if (found.at + found.length > begin + end)
    throw damaged(archive, begin + end, "a directory beyond the end");
  return found;
}

function toNumber(archive: Bytes, at: number, value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER))
    throw damaged(archive, at, `a size or place of ${value}`);
  return Number(value);
}

function entryOf(archive: Bytes, record: Uint8Array, at: number): ZipEntry {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const [flags, method] = [view.getUint16(8, true), view.getUint16(10, true)];
  const checksum = view.getUint32(16, true);
  const nameLength = view.getUint16(28, true);
  const name = new TextDecoder().decode(record.subarray(46, 46 + nameLength));
  const extra = record.subarray(46 + nameLength, 46 + nameLength + view.getUint16(30, true));
  const wide = wideSizes(archive, extra, at);
  // Those that do not fit into 32 bits stand in the extra field, in this order.
  const [length, stored, begin] = [24, 20, 42].map((field) => {
    const size = view.getUint32(field, true);
    return size === 0xffffffff ? (wide.shift() ?? size) : size;
  });
  const what = JSON.stringify(name);
  if (method === 0 ? length !== stored : length > deflateRatio * stored)
    throw damaged(archive, at, `${what} of ${length} bytes in ${stored}`);

  let start = -1;
  const inflate = method === 8 ? inflated(length, checksum) : null;
  return {
    name,
    length,
    async open(open) {
      if (flags & 1) throw damaged(open, begin, `${what} is encrypted`);
      if (method !== 0 && method !== 8)
        throw damaged(open, begin, `${what} is compressed by method ${method}, can read deflate`);
      if (start < 0) {
        const local = new DataView((await take(open, begin, 30)).buffer);
        if (local.getUint32(0, true) !== 0x04034b50)
          throw damaged(open, begin, `${what} does not begin here`);
        start = begin + 30 + local.getUint16(26, true) + local.getUint16(28, true);
      }
      const bytes = part({ ...open, source: `${open.source}: ${name}` }, start, stored);
      return inflate === null ? bytes : inflate(bytes);
    },
  };
}

/** The sizes of 64 bits in an extra field: blocks of an identifier, a length and so many bytes. */
function wideSizes(archive: Bytes, extra: Uint8Array, at: number): number[] {
  const view = new DataView(extra.buffer, extra.byteOffset, extra.byteLength);
  for (let offset = 0; offset + 4 <= extra.length; ) {
    const [id, size] = [view.getUint16(offset, true), view.getUint16(offset + 2, true)];
    const end = Math.min(offset + 4 + size, extra.length);
    if (id === 1)
      return Array.from({ length: Math.floor((end - offset - 4) / 8) }, (_, i) =>
        toNumber(archive, at, view.getBigUint64(offset + 4 + 8 * i, true)),
      ).slice(0, 3);
    offset += 4 + size;
  }
  return [];
}
