import { DataError, InputError } from "../errors.ts";

/**
 * The bytes of a file.
 *
 * @throws InputError  when it is missing or cannot be read; `hint` is what to do then
 */
export async function readBytes(path: string, hint?: string): Promise<Uint8Array> {
  // Not at the top, where a bundler for browsers would stop at it: what reads files is beside what need not.
  const { readFile } = await import("node:fs/promises");
  try {
    return await readFile(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "no such file" : `cannot be read (${code})`;
    throw new InputError(`${path}: ${why}`, { hint, cause });
  }
}

/** The text of a file in UTF-8, without a byte order mark. @throws InputError, DataError  as `readBytes` and `decodeText` */
export const readText = async (path: string): Promise<string> =>
  decodeText(await readBytes(path), path);

/** Bytes as text. @throws DataError  when they are not UTF-8, where decoding all the same would put � for the unknown */
export function decodeText(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new DataError(`${path}: is not UTF-8 text`, { hint: "save it as UTF-8", cause });
  }
}
