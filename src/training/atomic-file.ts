import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { InputError } from "../errors.ts";

/**
 * Puts a file in place whole: written beside it under a temporary name, brought to the disk, then
 * renamed. A reader sees the file before or the file after, whenever the writer is killed. A link stays
 * one: what it leads to is replaced. A pipe or a device (/dev/stdout) is written to, and stays what it is.
 */
export function writeAtomically(given: string, contents: string | Uint8Array): void {
  const there = statSync(given, { throwIfNoEntry: false });
  if (there && !there.isFile() && !there.isDirectory()) {
    writeFileSync(given, contents);
    return;
  }
  const path = there ? realpathSync(given) : given;
  const folder = dirname(path);
  const draft = join(folder, `.${basename(path)}.tmp`);
  try {
    const file = openSync(draft, "w");
    try {
      writeAll(file, typeof contents === "string" ? Buffer.from(contents) : contents);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (cause) {
    rmSync(draft, { force: true });
    throw cause;
  }
  syncFolder(folder);
}

/** `writeAtomically` to where a user asked for. @throws InputError  where it cannot be written */
export function writeFile(path: string, contents: string | Uint8Array): void {
  try {
    writeAtomically(path, contents);
  } catch (cause) {
    const folder = dirname(path);
    const hint = existsSync(folder) ? undefined : `there is no folder ${folder}: make it first`;
    throw new InputError(`${path} cannot be written`, { hint, cause });
  }
}

/** Files by their names, in the order in which they are written. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/**
 * Writes files into a folder, which is made where it is not there.
 *
 * @returns their paths
 * @throws InputError  where one cannot be written
 */
export function writeFiles(folder: string, files: Files): string[] {
  makeFolder(folder);
  return Object.entries(files).map(([name, contents]) => {
    writeFile(join(folder, name), contents);
    return join(folder, name);
  });
}

/** Makes a folder and those above it. @throws InputError where that cannot be done */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new InputError(`the folder ${folder} cannot be made`, { cause });
  }
}

/** All bytes, where one write may take fewer. */
export function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

/** Brings the names in a folder to the disk; Windows has no such call and needs none. */
function syncFolder(folder: string): void {
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
