import { basename, join } from "node:path";
import type { Analysis } from "../../koopman/verdict/analysis.ts";
import { writeFiles } from "../../training/atomic-file.ts";
import type { AnalyzedRun } from "./analyze.ts";

/** The analyses as files, one folder each where there are several; their names. */
export function writeAnalyses(folder: string | undefined, runs: readonly AnalyzedRun[]): string[] {
  if (folder === undefined) return [];
  return runs.flatMap((run, i) => {
    if ("error" in run) return [];
    const name = basename(run.path).replaceAll(/[^\w.-]/g, "_");
    return write(runs.length === 1 ? folder : join(folder, `${i + 1}-${name}`), run.analysis);
  });
}

const write = (folder: string, analysis: Analysis): string[] =>
  writeFiles(folder, {
    "analysis.json": `${JSON.stringify(analysis, null, 2)}\n`,
    "series.csv": seriesCsv(analysis),
    "eigenvalues.csv": eigenvaluesCsv(analysis),
  });

/** What was logged, and the forecast beyond it. */
function seriesCsv({ series, verdict }: Analysis): string {
  const { steps, values, spacing, notFinite } = series;
  const odd = new Map(notFinite.map(({ step, value }) => [step, value]));
  const rows = steps.map((step, i) => `${step},${values[i] ?? odd.get(step)},`);
  const last = steps[steps.length - 1] ?? 0;
  const ahead = verdict.forecast.map((value, n) => `${last + (n + 1) * spacing},,${value}`);
  return `step,value,forecast\n${[...rows, ...ahead].join("\n")}\n`;
}

/** Every spectrum of the analysis; the size of a mode is its part of the loss, or of the motion. */
function eigenvaluesCsv({ growing, weights }: Analysis): string {
  const rows = growing.flatMap(({ place, from, to, modes }) =>
    modes.map(({ re, im, contribution, contributionIm, residual }) =>
      ["loss", place, from, to, re, im, Math.hypot(contribution, contributionIm), residual].join(
        ",",
      ),
    ),
  );
  const motion = (weights?.spectrum ?? []).map(({ re, im, importance, residual }) =>
    [
      "weights",
      "last",
      weights?.steps[0],
      weights?.steps.at(-1),
      re,
      im,
      importance,
      residual,
    ].join(","),
  );
  return `of,window,from,to,re,im,size,residual\n${[...rows, ...motion].join("\n")}\n`;
}
