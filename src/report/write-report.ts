import { mkdirSync } from "node:fs";
import { dirname, join, parse } from "node:path";
import { InputError } from "../errors.ts";
import { writeAtomically } from "../training/atomic-file.ts";
import { figuresOf, type ReportContent } from "./content.ts";
import { toCsv } from "./figure/to-csv.ts";
import { toPng } from "./figure/to-png.ts";
import { toSvg } from "./figure/to-svg.ts";
import { reportMarkdown } from "./markdown.ts";
import { reportPage } from "./page.ts";

/** The files that a report left. */
export interface WrittenReport {
  readonly page: string;
  readonly markdown: string | null;
  readonly figures: readonly string[];
}

/**
 * The folder of a page's figures, beside it: report-figures for report.html, so that several pages in one
 * folder keep theirs.
 */
export const figuresFolder = (out: string): string => `${parse(out).name}-figures`;

/**
 * Writes the page to `out`, with `markdown` the same as NAME.md beside it, and every figure as NAME.svg, .png and .csv to `figuresFolder`, the page last:
 * all is computed before anything is written, and each file is put in place whole.
 *
 * @throws InputError  where a file cannot be written
 * @throws DataError  as `reportPage`
 */
export async function writeReport(
  content: ReportContent,
  out: string,
  { markdown = false }: { readonly markdown?: boolean } = {},
): Promise<WrittenReport> {
  const page = reportPage(content, { figuresIn: figuresFolder(out) });
  const folder = join(dirname(out), figuresFolder(out));
  const files: { path: string; contents: string | Uint8Array }[] = [];
  for (const figure of figuresOf(content)) {
    const path = (ending: string) => join(folder, `${figure.name}.${ending}`);
    files.push(
      { path: path("svg"), contents: toSvg(figure, { theme: "print" }) },
      { path: path("png"), contents: await toPng(figure, { theme: "print" }) },
      { path: path("csv"), contents: toCsv(figure) },
    );
  }
  const text = join(dirname(out), `${parse(out).name}.md`);
  if (markdown) files.push({ path: text, contents: reportMarkdown(content, figuresFolder(out)) });
  try {
    mkdirSync(figuresOf(content).length > 0 ? folder : dirname(out), { recursive: true });
    for (const { path, contents } of files) writeAtomically(path, contents);
    writeAtomically(out, page);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new InputError(`${out}: cannot write the report there (${code})`, {
      cause,
    });
  }
  const figures = files.map(({ path }) => path).filter((path) => path !== text);
  return { page: out, markdown: markdown ? text : null, figures };
}
