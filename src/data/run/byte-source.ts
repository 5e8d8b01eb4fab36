import { type FileHandle, open } from "node:fs/promises";
import { DataError, InputError } from "../../errors.ts";
import type { ByteSource } from "./records.ts";

/**
 * What `use` makes of a file that is open for it alone, as long as it was when it was opened: a writer
 * may be at it.
 *
 * @throws InputError  when it cannot be read
 * @throws DataError  when it became shorter meanwhile
 */
export async function withFile<T>(
  path: string,
  use: (source: ByteSource) => Promise<T>,
): Promise<T> {
  let file: FileHandle;
  let size: number;
  try {
    file = await open(path);
    ({ size } = await file.stat());
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new InputError(
      `${path}: ${code === "ENOENT" ? "no such file" : `cannot be read (${code})`}`,
      { cause },
    );
  }
  try {
    return await use({ size, read: (at, count) => readAt(file, path, at, count) });
  } finally {
    await file.close();
  }
}

async function readAt(
  file: FileHandle,
  path: string,
  at: number,
  count: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  let filled = 0;
  while (filled < count) {
    const { bytesRead } = await file.read(bytes, filled, count - filled, at + filled);
    if (bytesRead === 0)
      throw new DataError(`${path}: ends at byte ${at + filled} while it is read`);
    filled += bytesRead;
  }
  return bytes;
}
