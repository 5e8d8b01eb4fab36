import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * Puts a file in place whole: written beside it under a temporary name, brought to the disk, then
 * renamed. A reader sees the file before or the file after, whenever the writer is killed.
 */
export function writeAtomically(path: string, contents: string | Uint8Array): void {
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
