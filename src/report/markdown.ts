import type { ReportContent, ReportSection, ReportTable, ReportVerdict } from "./content.ts";
import type { Figure } from "./figure.ts";
import { markdownTable } from "./markdown-table.ts";
import { shown } from "./page/tables.ts";

/**
 * A report as Markdown, such as a pull request shows: what the page has, with the figures as links to
 * their SVG. Equal contents give equal text.
 *
 * @param figuresIn  the folder of NAME.svg, seen from where the text will lie
 */
export function reportMarkdown(content: ReportContent, figuresIn: string): string {
  const { title, subtitle, verdicts, sections, methods, limits, references, bibtex } = content;
  const parts = [
    `# ${plain(title)}`,
    ...(subtitle === undefined ? [] : [plain(subtitle)]),
    ...verdicts.flatMap(verdictOf),
    ...sections.flatMap((section) => sectionOf(section, figuresIn)),
    ...part("Methods", methods.map(plain)),
    ...part("What this cannot say", list(limits)),
    ...part("References", [...list(references), ...fenced("bibtex", bibtex ?? [])]),
    ...reproduction(content),
  ];
  return `${parts.join("\n\n")}\n`;
}

/** Text in which nothing is Markdown; of one line, as a cell or an item is. */
const plain = (text: string): string =>
  text.replaceAll(/[\\`*_<>|[\]~&]/g, "\\$&").replaceAll(/\s*\n\s*/g, " ");

const list = (items: readonly string[]): string[] =>
  items.length === 0 ? [] : [items.map((item) => `- ${plain(item)}`).join("\n")];

const part = (title: string, body: readonly string[]): string[] =>
  body.length === 0 ? [] : [`## ${plain(title)}`, ...body];

/** Between fences longer than any that the text has. */
function fenced(language: string, texts: readonly string[]): string[] {
  if (texts.length === 0) return [];
  const text = texts.map((one) => one.trimEnd()).join("\n\n");
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(Math.max(3, longest + 1));
  return [`${fence}${language}\n${text}\n${fence}`];
}

function verdictOf(verdict: ReportVerdict): string[] {
  const { of, decision, sentence, number, evidence, cannotSay } = verdict;
  return [
    `## ${decision.toUpperCase()}: ${plain(of)}`,
    plain(sentence),
    ...(number
      ? [`**${plain(`${number.value} ${number.margin}`.trim())}** ${plain(number.label)}`]
      : []),
    ...list(evidence),
    ...(cannotSay.length > 0 ? [`This cannot say ${plain(cannotSay.join("; nor "))}.`] : []),
  ];
}

const sectionOf = (
  { title, paragraphs, figures, tables }: ReportSection,
  figuresIn: string,
): string[] => [
  `## ${plain(title)}`,
  ...paragraphs.map(plain),
  ...figures.flatMap((figure) => figureOf(figure, figuresIn)),
  ...tables.flatMap(tableOf),
];

const figureOf = ({ name, title, caption }: Figure, figuresIn: string): string[] => [
  `![${plain(title)}](<${figuresIn}/${name}.svg>)`,
  plain(caption),
];

const tableOf = ({ caption, columns, rows }: ReportTable): string[] => [
  plain(caption),
  markdownTable(
    columns.map(plain),
    rows.map((row) => row.map((cell) => plain(shown(cell)))),
  ),
];

function reproduction({ reproduce }: ReportContent): string[] {
  const { command, versions, seeds, inputs, files = [] } = reproduce;
  const lines = [
    ...Object.entries(versions).map(([name, version]) => `${name} ${version}`),
    ...Object.entries(seeds).map(([name, seed]) => `seed of ${name}: ${seed}`),
    ...inputs.map(({ path, sha256 }) => `${path}: SHA-256 ${sha256}`),
  ];
  return part("Reproduce", [
    ...fenced("sh", [command]),
    ...list(lines),
    ...files.flatMap(({ name, text }) => [`${plain(name)}:`, ...fenced("", [text])]),
  ]);
}
