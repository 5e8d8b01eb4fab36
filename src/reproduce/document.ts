import type { Line, PresetName, Reproduced, Reproduction } from "./reproduction.ts";
import { markdownTable } from "./tables.ts";

/** The result as a Markdown page: the table first, then what else there is, the command last. */
export function reproductionPage(
  { name, title, about }: Pick<Reproduction, "name" | "title" | "about">,
  { lines, sections }: Pick<Reproduced, "lines" | "sections">,
  { preset, seed }: { readonly preset: PresetName; readonly seed: number },
): string {
  const parts = [
    `# ${title}`,
    about,
    linesTable(lines),
    ...sections.flatMap(({ heading, text }) => [`## ${heading}`, text]),
    `Again: \`eigenflow reproduce ${name} --preset ${preset} --seed ${seed}\``,
  ];
  return `${parts.join("\n\n")}\n`;
}

/** Published | ours | verdict; the notes have a column where there are any. */
export function linesTable(lines: readonly Line[]): string {
  const noted = lines.some(({ note }) => note !== undefined);
  return markdownTable(
    ["", "published", "ours", "verdict", ...(noted ? ["note"] : [])],
    lines.map(({ what, published, ours, standing, note = "" }) => [
      what,
      published,
      ours,
      standing,
      ...(noted ? [note] : []),
    ]),
  );
}
