import { open } from "node:fs/promises";
import { DataError, InputError } from "../../errors.ts";

/** Bytes that are read by ranges, from a file or from a part of one. */
export interface Bytes {
  readonly source: string; // what to call them in errors
  readonly length: number;
  /** @throws DataError  when they end before the target is full */
  readInto(target: Uint8Array, position: number): Promise<void>;
}

/**
 * Opens a file for as long as `use` takes. It is not held open between reads, since a run has more
 * checkpoints than a process may have files open.
 *
 * @throws InputError  when it is missing or cannot be read
 */
export async function withFile<T>(path: string, use: (file: Bytes) => Promise<T>): Promise<T> {
  const file = await open(path).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === "ENOENT" ? "no such file" : `cannot be read (${cause.code})`;
    throw new InputError(`${path}: ${why}`, { cause });
  });
  try {
    const info = await file.stat();
    if (!info.isFile()) throw new InputError(`${path}: is not a file`);
    return await use({
      source: path,
      length: info.size,
      async readInto(target, position) {
        let filled = 0;
        while (filled < target.length) {
          const at = position + filled;
          const { bytesRead } = await file.read(target, filled, target.length - filled, at);
          if (bytesRead === 0) throw new DataError(`${path}: ends at byte ${at}`);
          filled += bytesRead;
        }
      },
    });
  } finally {
    await file.close();
  }
}

/** Bytes begin … begin + length − 1. @throws DataError  when there are fewer */
export function part(bytes: Bytes, begin: number, length: number): Bytes {
  if (begin + length > bytes.length)
    throw new DataError(
      `${bytes.source}: ends at byte ${bytes.length}, ${begin + length} are stated`,
    );
  return {
    source: bytes.source,
    length,
    readInto(target, position) {
      if (position + target.length > length)
        throw new DataError(
          `${bytes.source}: ends at byte ${begin + length}, inside what is stated`,
        );
      return bytes.readInto(target, begin + position);
    },
  };
}

/** `count` bytes from `position` on, in memory. @throws DataError  when there are fewer */
export async function take(bytes: Bytes, position: number, count: number): Promise<Uint8Array> {
  // Before it is allocated: a damaged file can state any length.
  if (position + count > bytes.length)
    throw new DataError(
      `${bytes.source}: ends at byte ${bytes.length}, ${position + count} are stated`,
    );
  const target = new Uint8Array(count);
  await bytes.readInto(target, position);
  return target;
}
