import type { Analysis } from "../koopman/analysis.ts";
import type { WeightsMotion } from "../koopman/motion.ts";
import type { Verdict } from "../koopman/verdict.ts";
import type { WeightsAnalysis } from "../koopman/weights.ts";
import type { AnalyzedRun, Observable } from "./analyze.ts";
import { percent, short } from "./numbers.ts";

/** Verdict, number and evidence of one run, in that order. */
export function analysisText(analysis: Analysis, of: Observable): string {
  const { verdict, weights, series, source } = analysis;
  const { decision, sentence } = headline(analysis, of);
  const loss =
    series.values.length === 0
      ? []
      : [
          `${source}, ${series.name}: ${series.values.length} epochs, now ${short(verdict.loss)}`,
          ...evidence(verdict),
        ];
  return [
    `${decision.toUpperCase()}  ${sentence}`,
    "",
    ...(weights === null
      ? loss
      : [...motion(weights, source), ...(loss.length > 0 ? [""] : []), ...loss]),
    ...verdict.cannotSay.map((line) => `cannot say  ${line}`),
    ...[...analysis.warnings, ...(weights?.warnings ?? [])].map((line) => `warning     ${line}`),
  ].join("\n");
}

/** One verdict line for each of several runs, then a table of their numbers. */
export function runsText(runs: readonly AnalyzedRun[], of: Observable): string {
  const lines = runs.map((run) => {
    if ("error" in run) return `${run.path}: FAILED  ${run.error.message}`;
    const { decision, sentence } = headline(run.analysis, of);
    return `${run.path}: ${decision.toUpperCase()}  ${sentence}`;
  });
  const cells = runs.map((run) =>
    "error" in run ? [run.path, "failed"] : row(run.path, run.analysis, of),
  );
  const head = ["run", "verdict", "now", "next window", "time constant", "agree"];
  return [...lines, "", ...table([of === "weights" ? weightsHead : head, ...cells])].join("\n");
}

const weightsHead = ["run", "verdict", "snapshots", "yet to go", "half-life", "orthogonal"];

function row(path: string, analysis: Analysis, of: Observable): string[] {
  const { verdict, weights } = analysis;
  const { decision } = headline(analysis, of);
  if (of === "weights" && weights !== null) {
    const halfLife = weights.spectrum[0]?.halfLife ?? null;
    return [
      path,
      decision,
      String(weights.snapshots),
      weights.remaining === null ? "-" : percent(weights.remaining),
      halfLife === null ? "-" : `${short(halfLife, 3)} steps`,
      weights.orthogonality.toExponential(0),
    ];
  }
  const { prospect, windows, agreeing, loss } = verdict;
  return [
    path,
    decision,
    short(loss),
    prospect === null
      ? "-"
      : `${prospect.improvement > 0 ? "−" : "+"}${percent(Math.abs(prospect.improvement))}`,
    prospect?.timeConstant == null ? "-" : short(prospect.timeConstant, 3),
    `${agreeing} of ${windows}`,
  ];
}

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, j) =>
    Math.max(...rows.map((cells) => cells[j]?.length ?? 0)),
  );
  return rows.map((cells) =>
    cells
      .map((cell, j) => cell.padEnd(widths[j]))
      .join("  ")
      .trimEnd(),
  );
}

export const headline = (
  { verdict, weights }: Analysis,
  of: Observable,
): Pick<Verdict, "decision" | "sentence"> =>
  of === "weights" && weights !== null ? weights : verdict;

function motion(weights: WeightsAnalysis, source: string): string[] {
  const { steps, snapshots, spacing, coordinates, layers } = weights;
  return [
    `${source}: ${snapshots} snapshots of ${coordinates} numbers, steps ${steps[0]} to ${steps.at(-1)}, ` +
      `every ${spacing}`,
    ...modes(weights),
    ...layers.flatMap((layer) => [
      "",
      `${layer.name}: ${layer.coordinates} numbers`,
      ...modes(layer),
    ]),
  ];
}

const listed = 12;

function modes({ spectrum, remaining, orthogonality }: WeightsMotion): string[] {
  if (spectrum.length === 0) return [];
  const shown = spectrum.filter(({ im }) => im >= 0);
  return [
    `yet to go   ${remaining === null ? "cannot be told" : `${percent(remaining)} of their length`}`,
    `basis       orthonormal to ${orthogonality.toExponential(0)}`,
    "eigenvalues of the increments, with what of the present motion is theirs:",
    ...shown.slice(0, listed).map(({ re, im, importance, halfLife, residual, trusted }) => {
      const life = halfLife === null ? "does not decay" : `half in ${short(halfLife, 3)} steps`;
      return (
        `  ${eigenvalue(re, im).padEnd(20)} ${percent(importance, 1).padStart(8)}   ${life.padEnd(20)} ` +
        `residual ${short(residual, 2)}${trusted ? "" : ", not trusted"}`
      );
    }),
    ...(shown.length > listed ? [`  and ${shown.length - listed} more`] : []),
  ];
}

const eigenvalue = (re: number, im: number) =>
  im === 0 ? short(re, 5) : `${short(re, 5)} ± ${short(im, 5)}i`;

function evidence(verdict: Verdict): string[] {
  const { spectrum, prospect, forecast, forecastError, margin, windows, agreeing } = verdict;
  if (spectrum === null || prospect === null) return [];
  const { timeConstant, escapeEpochs, epochsToStop } = prospect;
  const horizon = forecast.length;
  const past =
    forecastError === null
      ? ""
      : `; half a window ago it was off by ${short(100 * forecastError, 2)} %`;
  const end = forecast[horizon - 1];
  const within =
    margin === null
      ? past
      : ` ± ${short(margin.shares[horizon - 1] * Math.abs(end), 2)} (${100 * margin.level} %, by its forecasts so far)`;
  return [
    `confidence  ${agreeing} of ${windows} windows agree`,
    `forecast    ${short(end)} in ${horizon} epochs${within}`,
    ...(epochsToStop === null
      ? []
      : [`remaining   ${epochsToStop} epochs until little is left to gain`]),
    ...(timeConstant === null
      ? []
      : [
          `time const. ${short(timeConstant, 3)} epochs, of the slowest mode that can be told from 1`,
        ]),
    ...(escapeEpochs === null
      ? []
      : [`plateau     left in about ${short(escapeEpochs, 3)} epochs`]),
    "eigenvalues of the loss, with what of the present loss is theirs:",
    ...spectrum.modes
      .filter(({ im }) => im >= 0)
      .map(
        ({ re, im, contribution, residual }) =>
          `  ${eigenvalue(re, im).padEnd(20)} ${short(contribution).padStart(11)}   residual ${short(residual, 2)}`,
      ),
  ];
}
