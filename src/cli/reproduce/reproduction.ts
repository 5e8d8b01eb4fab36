import { join } from "node:path";
import { toCsv } from "../../report/figure/to-csv.ts";
import { toPng } from "../../report/figure/to-png.ts";
import { toSvg } from "../../report/figure/to-svg.ts";
import { reproductionPage } from "../../reproduce/document.ts";
import type { PresetName, Reproduced, Reproduction } from "../../reproduce/reproduction.ts";
import type { Result } from "../../reproduce/result.ts";
import { loadBackend } from "../../runtime/backend.ts";
import { type Files, makeFolder, writeFiles } from "../../training/atomic-file.ts";
import { version } from "../output/version.ts";

export interface RunSettings {
  readonly preset: PresetName;
  readonly seed: number;
  readonly folder: string;
  readonly progress: (part: string) => void;
}

/**
 * Runs one reproduction and writes tables.md, NAME.json and the figures. What came out is published as it
 * is: a number that was not reached is a line of the table.
 *
 * @throws InputError  where the folder cannot be written
 */
export async function runReproduction(
  reproduction: Reproduction,
  { preset, seed, folder, progress }: RunSettings,
): Promise<Result & { readonly files: readonly string[] }> {
  const { name, title, about } = reproduction;
  makeFolder(folder);
  const kept = join(folder, `parts-${preset}`);
  makeFolder(kept);
  await loadBackend();
  const began = performance.now();
  const reproduced = await reproduction.run({ preset, seed, folder: kept, progress });
  const minutes = Number(((performance.now() - began) / 60_000).toFixed(2));
  const { lines, sections, data } = reproduced;
  const figures = [
    ...reproduced.figures.map(({ name: figure, alt }) => ({ file: `${figure}.svg`, caption: alt })),
    ...Object.keys(reproduced.files ?? {})
      .filter((file) => file.endsWith(".svg"))
      .map((file) => ({ file, caption: file.slice(0, -4).replaceAll("-", " ") })),
  ];
  const facts = { name, title, about, version, preset, seed, minutes };
  const result: Result = { ...facts, lines, sections, figures, data };
  const files: Files = {
    ...reproduced.files,
    ...(await drawn(reproduced.figures)),
    [`${name}.json`]: `${JSON.stringify(result)}\n`,
    "tables.md": reproductionPage(result), // last: with it the result is whole
  };
  return { ...result, files: writeFiles(folder, files) };
}

async function drawn(figures: Reproduced["figures"]): Promise<Files> {
  const files: Record<string, string | Uint8Array> = {};
  for (const figure of figures) {
    files[`${figure.name}.svg`] = toSvg(figure, { theme: "print" });
    files[`${figure.name}.png`] = await toPng(figure, { theme: "print" });
    files[`${figure.name}.csv`] = toCsv(figure);
  }
  return files;
}
