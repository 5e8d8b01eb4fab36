import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { unknownName } from "../errors/suggest.ts";
import { InputError } from "../errors.ts";
import { toCsv } from "../report/figure/to-csv.ts";
import { toPng } from "../report/figure/to-png.ts";
import { toSvg } from "../report/figure/to-svg.ts";
import { reproductionPage } from "../reproduce/document.ts";
import { presetNames, type Reproduction } from "../reproduce/reproduction.ts";
import { makeFolder } from "../reproduce/stored.ts";
import { loadBackend } from "../runtime/backend.ts";
import { writeAtomically } from "../training/atomic-file.ts";
import { note, type Outcome } from "./output.ts";
import { version } from "./version.ts";

export interface ReproductionFlags {
  readonly preset?: string;
  readonly seed?: number;
  readonly out?: string;
  readonly quiet?: true;
}

/**
 * Runs one reproduction and writes tables.md, NAME.json and the figures. What came out is published as it
 * is: a number that was not reached is a line of the table, and no failure of the command.
 *
 * @throws UsageError  on an unknown preset
 * @throws InputError  where the folder cannot be written
 */
export async function runReproduction(
  reproduction: Reproduction,
  flags: ReproductionFlags,
): Promise<Outcome> {
  const { name } = reproduction;
  const preset = presetNames.find((one) => one === (flags.preset ?? "quick"));
  if (preset === undefined) throw unknownName("unknown preset", flags.preset!, [...presetNames]);
  const seed = flags.seed ?? reproduction.seed;
  const folder = flags.out ?? join("runs", `reproduce-${name}`);
  const kept = join(folder, `parts-${preset}`);
  makeFolder(kept);
  await loadBackend();
  const began = performance.now();
  const progress = flags.quiet ? () => {} : (part: string) => note(part);
  const result = await reproduction.run({ preset, seed, folder: kept, progress });
  const minutes = Number(((performance.now() - began) / 60_000).toFixed(2));

  const page = reproductionPage(reproduction, result, { preset, seed });
  const { lines, sections, data } = result;
  const document = { name, version, preset, seed, minutes, lines, sections, data };
  const files: Record<string, string | Uint8Array> = { ...result.files };
  for (const figure of result.figures) {
    files[`${figure.name}.svg`] = toSvg(figure, { theme: "print" });
    files[`${figure.name}.png`] = await toPng(figure, { theme: "print" });
    files[`${figure.name}.csv`] = toCsv(figure);
  }
  files[`${name}.json`] = `${JSON.stringify(document)}\n`;
  files["tables.md"] = page; // last: with it the result is whole
  write(folder, files);
  return {
    document: { ...document, files: Object.keys(files).map((file) => join(folder, file)) },
    text: `${page}\ntables, figures and results are in ${folder}; the parts stay in ${kept} and are not computed again`,
  };
}

function write(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  try {
    mkdirSync(folder, { recursive: true });
    for (const [name, contents] of Object.entries(files))
      writeAtomically(join(folder, name), contents);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new InputError(`${folder}: cannot write the result there (${code})`, { cause });
  }
}
