import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "../errors.ts";
import type { Analysis } from "../koopman/analysis.ts";
import { type AnalyzeFlags, analyze } from "./analyze.ts";
import type { Outcome } from "./output.ts";
import { version } from "./version.ts";

export type ReportFlags = Omit<AnalyzeFlags, "out"> & {
  readonly out: string;
  readonly title?: string;
};

/** `eigenflow report PATH… -o report.html`: the analyses of runs as one page, its figures beside it. */
export async function reportRuns(paths: readonly string[], flags: ReportFlags): Promise<Outcome> {
  const { out, title, ...asked } = flags;
  if (!/\.html?$/.test(out))
    throw new UsageError(`-o ${out}: a page is written, so a name that ends in .html is wanted`);
  const analyses: Analysis[] = [];
  for (const path of paths)
    analyses.push((await analyze([path], asked)).document as unknown as Analysis);
  const [{ analysisReport }, { writeReport }] = await Promise.all([
    import("../report/analysis-report.ts"),
    import("../report/write-report.ts"),
  ]);
  const inputs = [];
  for (const source of new Set(analyses.map((analysis) => analysis.source))) {
    const sha256 = await digestOf(source);
    if (sha256 !== null) inputs.push({ path: source, sha256 });
  }
  const content = analysisReport(analyses, {
    ...(title !== undefined && { title }),
    unit: analyses.every(({ kind }) => kind.startsWith("eigenflow")) ? "epoch" : "step",
    reproduce: {
      command: commandOf(paths, flags),
      versions: { eigenflow: version, node: process.versions.node },
      seeds: {},
      inputs,
    },
  });
  const { page, figures } = await writeReport(content, resolve(out));
  return {
    document: {
      page,
      figures,
      verdicts: content.verdicts.map(({ of, decision, sentence }) => ({ of, decision, sentence })),
    },
    text: [
      ...content.verdicts.map(
        ({ of, decision, sentence }) => `${decision.toUpperCase()}  ${sentence}  (${of})`,
      ),
      `written  ${out} and ${figures.length} files in figures beside it`,
    ].join("\n"),
  };
}

/** SHA-256 of a file; null for what is none. */
async function digestOf(path: string): Promise<string | null> {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) return null;
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

/** The command line again, with what a shell would take apart in quotes. */
function commandOf(paths: readonly string[], flags: ReportFlags): string {
  const quoted = (text: string) =>
    /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
  const options = Object.entries(flags)
    .filter(([name, value]) => value !== undefined && !["json", "color"].includes(name))
    .map(([name, value]) => (value === true ? `--${name}` : `--${name} ${quoted(String(value))}`));
  return ["npx eigenflow report", ...paths.map(quoted), ...options].join(" ");
}
