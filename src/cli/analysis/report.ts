import { resolve } from "node:path";
import { UsageError } from "../../errors.ts";
import type { Analysis } from "../../koopman/verdict/analysis.ts";
import { commandLine, digestsOf } from "../output/origin.ts";
import type { Outcome } from "../output/output.ts";
import { version } from "../output/version.ts";
import { type AnalyzeFlags, analyze } from "./analyze.ts";

export type ReportFlags = Omit<AnalyzeFlags, "out"> & {
  readonly out: string;
  readonly title?: string;
  readonly md?: true;
};

/** `eigenflow report PATH… -o report.html`: the analyses of runs as one page, its figures beside it. */
export async function reportRuns(paths: readonly string[], flags: ReportFlags): Promise<Outcome> {
  const { out, title, md, ...asked } = flags;
  if (!/\.html?$/.test(out))
    throw new UsageError(`-o ${out}: a page is written, so a name that ends in .html is wanted`);
  const analyses: Analysis[] = [];
  for (const path of paths)
    analyses.push((await analyze([path], asked)).document as unknown as Analysis);
  const [{ analysisReport }, { figuresFolder, writeReport }] = await Promise.all([
    import("../../report/analysis-report.ts"),
    import("../../report/write-report.ts"),
  ]);
  const content = analysisReport(analyses, {
    ...(title !== undefined && { title }),
    of: asked.of === "weights" ? "weights" : "loss",
    unit: analyses.every(({ kind }) => kind.startsWith("eigenflow")) ? "epoch" : "step",
    reproduce: {
      command: commandLine("report", paths, flags),
      versions: { eigenflow: version, node: process.versions.node },
      seeds: {},
      inputs: await digestsOf(analyses.map(({ source }) => source)),
    },
  });
  const { page, markdown, figures } = await writeReport(content, resolve(out), {
    markdown: md === true,
  });
  return {
    document: {
      page,
      ...(markdown !== null && { markdown }),
      figures,
      verdicts: content.verdicts.map(({ of, decision, sentence }) => ({ of, decision, sentence })),
    },
    text: [
      ...content.verdicts.map(
        ({ of, decision, sentence }) => `${decision.toUpperCase()}  ${sentence}  (${of})`,
      ),
      `written  ${out}${md ? ", the same as Markdown" : ""} and ${figures.length} files in ${figuresFolder(out)} beside it`,
    ].join("\n"),
  };
}
