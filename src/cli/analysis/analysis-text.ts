import type { Analysis } from "../../koopman/verdict/analysis.ts";
import { type WeightMode, type WeightsMotion, yetToGo } from "../../koopman/verdict/motion.ts";
import type { Verdict } from "../../koopman/verdict/verdict.ts";
import type { WeightsAnalysis } from "../../koopman/verdict/weights.ts";
import type { LossMode } from "../../koopman/verdict/window.ts";
import { agreement, counted, percent as twoDigits } from "../../koopman/verdict/words.ts";
import { grouped, percent, short } from "../output/numbers.ts";
import type { AnalyzedRun, Observable } from "./analyze.ts";

/** Verdict, number and evidence of one run, in that order. */
export function analysisText(analysis: Analysis, of: Observable): string {
  const { verdict, weights, series, source } = analysis;
  const { decision, sentence } = headline(analysis, of);
  const loss =
    series.values.length === 0
      ? []
      : [
          `${source}, ${series.name}: ${counted(series.values.length, "epoch")}, now ${short(verdict.loss)}`,
          ...(series.spacing === 1 ? [] : [unitOf(series)]),
          ...evidence(verdict),
          ...lowest(series),
        ];
  return [
    `${decision.toUpperCase()}  ${sentence}`,
    "",
    ...(weights === null ? loss : [...motion(weights), ...(loss.length > 0 ? [""] : []), ...loss]),
    ...verdict.cannotSay.map((line) => `cannot say  ${line}`),
    ...[...analysis.warnings, ...(weights?.warnings ?? [])].map((line) => `warning     ${line}`),
  ].join("\n");
}

/** Where the loss was lowest, whose weights are the ones to keep, unless it is about as low now. */
function lowest({ values, steps }: Analysis["series"]): string[] {
  const losses = values.map((value) => value ?? Infinity);
  const least = losses.reduce((a, b) => Math.min(a, b), Infinity);
  if (losses.length === 0 || least === Infinity || losses[losses.length - 1] <= 1.02 * least)
    return [];
  return [`lowest      ${short(least)} at step ${grouped(steps[losses.indexOf(least)])}`];
}

/** A log of every so many steps knows no epochs: what is called one is said. */
const unitOf = ({ spacing, even }: Analysis["series"]) =>
  `an epoch    is here one value, ${even ? "" : "about "}every ${spacing} steps`;

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
      shareOf(yetToGo(weights)),
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

function motion(weights: WeightsAnalysis): string[] {
  const { steps, snapshots, spacing, coordinates, layers } = weights;
  const rows = layers.map((layer) => {
    const { name, coordinates: count, spectrum } = layer;
    const slowest = spectrum.find(({ trusted }) => trusted);
    return [
      `  ${name}`,
      grouped(count),
      shareOf(yetToGo(layer)),
      slowest === undefined ? "-" : eigenvalue(slowest.re, slowest.im),
      slowest === undefined ? "" : lifeOf(slowest),
    ];
  });
  return [
    `weights: ${snapshots} snapshots of ${grouped(coordinates)} numbers, steps ${steps[0]} to ` +
      `${steps.at(-1)}, every ${spacing}`,
    ...modes(weights),
    ...(rows.length === 0
      ? []
      : [
          "each tensor by itself, with the trusted mode that moves it most:",
          ...table([["  tensor", "numbers", "yet to go", "eigenvalue", ""], ...rows]),
        ]),
  ];
}

/** Modes with less of the present motion, or loss, than this are counted and not listed. */
const [leastMotion, leastLoss] = [5e-4, 1e-4];

const lifeOf = ({ halfLife }: WeightMode) =>
  halfLife === null ? "does not decay" : `half in ${short(halfLife, 3)} steps`;

/** Of a pair λ, λ̄ both parts are its own. */
const both = ({ im }: { readonly im: number }, part: number) => (im === 0 ? part : 2 * part);

const andMore = (left: number, what: string) =>
  left === 0 ? [] : [`  and ${left} more with less than ${what} each`];

const shareOf = (share: number | null) => (share === null ? "-" : twoDigits(share));

/** The whole, and of what it consists where that is two things. */
function aheadOf(weights: WeightsMotion): string {
  const { remaining, persisting } = weights;
  const ahead = yetToGo(weights);
  if (ahead === null || remaining === null) return "cannot be told";
  return (
    `${twoDigits(ahead)} of their length` +
    (persisting === 0
      ? ""
      : `: ${twoDigits(remaining)} by modes that decay, ${twoDigits(persisting)} by others, as far ahead as the snapshots go back`)
  );
}

function modes(weights: WeightsMotion): string[] {
  const { spectrum, orthogonality } = weights;
  if (spectrum.length === 0) return [];
  const all = spectrum.filter(({ im }) => im >= 0);
  const shown = all.filter((mode, i) => i === 0 || both(mode, mode.importance) >= leastMotion);
  return [
    `yet to go   ${aheadOf(weights)}`,
    `basis       orthonormal to ${orthogonality.toExponential(0)}`,
    "eigenvalues of the increments, with what of the present motion is theirs:",
    ...shown.map((mode) => {
      const { re, im, importance, residual, trusted } = mode;
      return (
        `  ${eigenvalue(re, im).padEnd(20)} ${percent(both(mode, importance), 1).padStart(8)}   ` +
        `${lifeOf(mode).padEnd(20)} residual ${short(residual, 2)}${trusted ? "" : ", not trusted"}`
      );
    }),
    ...andMore(all.length - shown.length, percent(leastMotion)),
  ];
}

const eigenvalue = (re: number, im: number) =>
  im === 0 ? short(re, 5) : `${short(re, 5)} ± ${short(im, 5)}i`;

function evidence(verdict: Verdict): string[] {
  const { spectrum, prospect, forecast, forecastError, margin, windows, agreeing } = verdict;
  if (spectrum === null || prospect === null) return [];
  const { timeConstant, escapeEpochs, epochsToStop } = prospect;
  const all = spectrum.modes.filter(({ im }) => im >= 0);
  const partOf = (mode: LossMode) => both(mode, mode.contribution);
  const shown = all.filter((mode) => Math.abs(partOf(mode)) >= leastLoss * verdict.loss);
  const horizon = forecast.length;
  const past =
    forecastError === null
      ? ""
      : `; one made half a window ago was off by ${short(100 * forecastError, 2)} %`;
  const end = forecast[horizon - 1];
  const width = (margin?.shares[horizon - 1] ?? 0) * Math.abs(end);
  // A margin as wide as the loss bounds it from above only: no loss is negative.
  const within =
    margin === null
      ? ""
      : `${width < end ? ` ± ${short(width, 2)}` : `, below ${short(end + width, 2)}`} ` +
        `(${100 * margin.level} %, by its forecasts so far)`;
  return [
    `confidence  ${agreement(windows, agreeing) ?? "one window, and none before it to agree"}`,
    `forecast    ${short(end)} in ${horizon} epochs${within}${past}`,
    ...(epochsToStop === null || verdict.decision !== "continue"
      ? []
      : [`remaining   ${counted(epochsToStop, "epoch")} until little is left to gain`]),
    ...(timeConstant === null
      ? []
      : [
          `time const. ${short(timeConstant, 3)} epochs, of the slowest mode that decays within the window`,
        ]),
    ...(escapeEpochs === null || Math.round(escapeEpochs) === 0
      ? []
      : [`plateau     left in about ${short(escapeEpochs, 3)} epochs`]),
    "eigenvalues of the loss, with what of the present loss is theirs:",
    ...shown.map(
      (mode) =>
        `  ${eigenvalue(mode.re, mode.im).padEnd(20)} ${short(partOf(mode)).padStart(11)}   residual ${short(mode.residual, 2)}`,
    ),
    ...andMore(all.length - shown.length, `${percent(leastLoss)} of it`),
  ];
}
