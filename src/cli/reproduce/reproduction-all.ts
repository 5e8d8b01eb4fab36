import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { overviewPage } from "../../reproduce/document.ts";
import type { PresetName, Reproduction } from "../../reproduce/reproduction.ts";
import { type Result, tally } from "../../reproduce/result.ts";
import { writeFile } from "../../training/atomic-file.ts";
import type { Outcome } from "../output/output.ts";
import { version } from "../output/version.ts";
import { runReproduction } from "./reproduction.ts";

export interface AllSettings {
  readonly preset: PresetName;
  readonly seed?: number; // each its own unless given
  readonly folder: string;
  readonly progress: (part: string) => void;
}

/**
 * Every reproduction after another, each in a folder of its own, and reproduction.md over all. One that is
 * there already, of this version, preset and seed, is not computed again, so that the command goes on
 * where it was interrupted.
 */
export async function runAll(
  reproductions: Readonly<Record<string, () => Promise<Reproduction>>>,
  { preset, seed, folder, progress }: AllSettings,
): Promise<Outcome & { readonly results: readonly Result[] }> {
  const results: Result[] = [];
  for (const [name, load] of Object.entries(reproductions)) {
    const reproduction = await load();
    const own = { preset, seed: seed ?? reproduction.seed, folder: join(folder, name) };
    const kept = readResult(join(own.folder, `${name}.json`), own);
    const say = (part: string) => progress(`${name}: ${part}`);
    const result = kept ?? (await runReproduction(reproduction, { ...own, progress: say }));
    say(`${tally(result.lines)}${kept === null ? ` in ${result.minutes} min` : ", as it was"}`);
    results.push(result);
    writeFile(join(folder, "reproduction.md"), overviewPage(results));
  }
  const lines = results.map(
    ({ name, lines, minutes }) => `${name}: ${tally(lines)} (${minutes} min)`,
  );
  return {
    results,
    document: { preset, results: results.map(({ data: _, sections: __, ...rest }) => rest) },
    text: `${lines.join("\n")}\n\nall tables are in ${join(folder, "reproduction.md")}`,
  };
}

/** The result that is stored, where it is of the same settings; null else. */
function readResult(
  path: string,
  wanted: { readonly preset: PresetName; readonly seed: number },
): Result | null {
  if (!existsSync(path)) return null;
  try {
    const found = JSON.parse(readFileSync(path, "utf8")) as Result;
    const same =
      found.version === version && found.preset === wanted.preset && found.seed === wanted.seed;
    return same && Array.isArray(found.lines) ? found : null;
  } catch {
    return null; // Damaged: computed again and replaced.
  }
}
