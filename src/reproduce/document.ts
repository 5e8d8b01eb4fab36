import type { Line } from "./reproduction.ts";
import { type Result, tally } from "./result.ts";
import { markdownTable } from "./tables.ts";

/** A result as a Markdown page: the table first, then what else there is, the command last. */
export function reproductionPage({ title, about, lines, sections, ...rest }: Result): string {
  const parts = [
    `# ${title}`,
    about,
    linesTable(lines),
    ...sections.flatMap(({ heading, text }) => [`## ${heading}`, text]),
    again(rest),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** All results on one page: the table of each with its figures; `folder` leads to them. */
export function overviewPage(
  results: readonly Result[],
  folder: (name: string) => string = (name) => name,
): string {
  const parts = [
    "# What is in print, computed again",
    "Each table sets what is published, or was promised before the study, beside what came out here: the median, its spread, and of how many seeds. A number that is not reached is printed as such; “corrected” means that the printed statement is wrong, and ours is what its own premises give.",
    results
      .map(
        ({ name, title, lines }) =>
          `- [${title}](#${anchor(title)}) (\`${name}\`): ${tally(lines)}`,
      )
      .join("\n"),
    ...results.flatMap(({ title, about, lines, figures, ...rest }) => [
      `## ${title}`,
      about,
      linesTable(lines),
      ...figures.map(({ file, caption }) => `![${caption}](${folder(rest.name)}/${file})`),
      again(rest),
    ]),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** Published | ours | verdict; the notes have a column where there are any. */
export function linesTable(lines: readonly Line[]): string {
  const noted = lines.some(({ note }) => note !== undefined);
  return markdownTable(
    ["", "published", "ours", "verdict", ...(noted ? ["note"] : [])],
    lines.map(({ what, published, ours, standing, note = "" }) =>
      [what, published, ours, standing, ...(noted ? [note] : [])].map(escaped),
    ),
  );
}

/** A bar would end the cell, and a value in brackets that is applied to another be taken for a link. */
const escaped = (cell: string) =>
  cell.replaceAll("|", "\\|").replaceAll("](", "]\\(").replaceAll("\n", " ");

const again = ({
  name,
  preset,
  seed,
  version,
}: Omit<Result, "title" | "about" | "lines" | "sections" | "figures">) =>
  `Again: \`eigenflow reproduce ${name} --preset ${preset} --seed ${seed}\` (version ${version}).`;

/** As Markdown pages number their headings. */
const anchor = (title: string) =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
