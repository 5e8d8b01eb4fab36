import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder, writeAtomically } from "../training/atomic-file.ts";

/** Results kept one in a file, so that a study that was interrupted goes on where it was. */
export interface Stored<R> {
  /** The result stored under this name for this very plan, or null. */
  readonly read: (name: string, plan: unknown) => R | null;
  readonly write: (name: string, result: R) => void;
}

/**
 * Results as JSON in a folder, each with the `plan` that it came of: a file of another plan (another
 * seed, more epochs, an earlier version) counts as not there.
 *
 * @throws InputError  where the folder cannot be made
 */
export function storedIn<R extends { readonly plan: unknown }>(folder: string): Stored<R> {
  makeFolder(folder);
  const pathOf = (name: string) => join(folder, `${name}.json`);
  return {
    read: (name, plan) => {
      if (!existsSync(pathOf(name))) return null;
      try {
        const found = JSON.parse(readFileSync(pathOf(name), "utf8")) as R;
        return JSON.stringify(found.plan) === JSON.stringify(plan) ? found : null;
      } catch {
        return null; // Not ours, or damaged: computed again and replaced.
      }
    },
    write: (name, result) => writeAtomically(pathOf(name), `${JSON.stringify(result)}\n`),
  };
}
