import type { Analysis } from "../koopman/verdict/analysis.ts";
import { eigenvalueFigure, residualFigure, windowsFigure } from "./builders/eigenvalues.ts";
import { type ForecastCurve, lossFigure } from "./builders/loss.ts";
import { changesOf, modesFigure, slidingFigure } from "./builders/modes.ts";
import { seriesFigure } from "./builders/series.ts";
import { inWords } from "./builders/words.ts";
import type { ReportContent, ReportSection, Reproduction } from "./content.ts";
import type { Figure } from "./figure.ts";
import { eigenvalueTable, lossEigenvalues } from "./sections/eigenvalue-table.ts";
import { bibtex, limits, methodsOf, references } from "./sections/methods.ts";
import { verdictOf } from "./sections/verdict.ts";
import { weightsSection, weightsVerdict } from "./sections/weights.ts";

export interface AnalysisReportOptions {
  readonly title?: string;
  readonly reproduce: Reproduction;
  /** Of the steps. */
  readonly unit?: string;
  /** What the verdicts at its head are about: the series, or the weights of those runs that have them. */
  readonly of?: "loss" | "weights";
}

/**
 * The report of one run or several, from their analyses: verdicts, then for each run the loss with its
 * forecast, the spectra and their tables.
 *
 * @throws DataError  for no analysis
 */
export function analysisReport(
  analyses: readonly Analysis[],
  { title, reproduce, unit = "step", of = "loss" }: AnalysisReportOptions,
): ReportContent {
  const names = namesOf(analyses);
  const several = analyses.length > 1;
  return {
    title:
      title ??
      (several
        ? `${analyses.length} training runs`
        : `Training ${/^run\b/i.test(names[0]) ? "" : "run "}${names[0]}`),
    verdicts: analyses.map((analysis, i) =>
      of === "weights" && analysis.weights !== null
        ? weightsVerdict(analysis.weights, names[i])
        : verdictOf(analysis, names[i]),
    ),
    sections: [
      ...(several && analyses.length <= 8 && analyses.every(hasLoss)
        ? [together(analyses, names, unit)]
        : []),
      ...analyses.flatMap((analysis, i) =>
        analysisSections(analysis, {
          unit,
          prefix: several ? `run-${i + 1}-` : "",
          title: several ? `${names[i]}: ` : "",
        }),
      ),
    ],
    methods: analyses.map((analysis, i) => methodsOf(analysis, several ? names[i] : null)),
    references,
    bibtex,
    limits: [...new Set(analyses.flatMap(limits))],
    reproduce,
  };
}

/** The last part of each path that tells the runs apart. */
function namesOf(analyses: readonly Analysis[]): string[] {
  const parts = analyses.map(({ source }) => source.split(/[\\/]/).filter((part) => part !== ""));
  const longest = Math.max(1, ...parts.map(({ length }) => length));
  for (let take = 1; take <= longest; take++) {
    const names = parts.map((part) => part.slice(-take).join("/"));
    if (new Set(names).size === names.length) return names;
  }
  return analyses.map(({ source, series }, i) => `${source} ${series.name} (${i + 1})`);
}

const hasLoss = ({ series }: Analysis) => series.values.some((value) => value !== null);

const together = (
  analyses: readonly Analysis[],
  names: readonly string[],
  unit: string,
): ReportSection => ({
  title: "The runs together",
  paragraphs: [],
  figures: [
    seriesFigure({
      name: "runs",
      title: "Loss of the runs",
      label: "loss",
      unit,
      series: analyses.map(({ series: { steps, values } }, i) => ({
        name: names[i],
        steps,
        values,
      })),
    }),
  ],
  tables: [],
});

interface SectionOptions {
  readonly unit: string;
  readonly prefix?: string;
  readonly title?: string;
}

/** The sections on one run; the names of figures and tables begin with `prefix`. */
export function analysisSections(
  analysis: Analysis,
  { unit, prefix = "", title = "" }: SectionOptions,
): ReportSection[] {
  const { weights } = analysis;
  const place = { unit, prefix, title };
  return [
    ...(hasLoss(analysis) ? lossSections(analysis, place) : []),
    ...(weights === null ? [] : [weightsSection(weights, place)]),
  ];
}

function lossSections(
  analysis: Analysis,
  { unit, prefix, title }: Required<SectionOptions>,
): ReportSection[] {
  const { series, verdict, growing, sliding, options } = analysis;
  const of = `"${series.name}"`;
  const figures: Figure[] = [
    lossFigure({
      name: `${prefix}loss`,
      label: series.name,
      unit,
      steps: series.steps,
      values: series.values,
      reference: options.reference,
      rateSteps: series.rateSteps,
      verdicts: changesOf(sliding),
      ...forecastOf(analysis),
    }),
  ];
  if (sliding.some(({ improvement }) => improvement !== null))
    figures.push(
      slidingFigure({
        name: `${prefix}sliding`,
        of,
        unit,
        slides: sliding,
        window: options.window,
        tolerance: options.tolerance,
      }),
    );
  const sections: ReportSection[] = [
    { title: `${title}Loss and forecast`, paragraphs: [], figures, tables: [] },
  ];
  const last = growing.findLast(({ place }) => place === "last");
  const spectra: Figure[] = [];
  if (last && last.modes.length > 0) {
    const eigenvalues = lossEigenvalues(last.modes);
    const input = { of: `${of} in its last ${last.length} values`, eigenvalues };
    spectra.push(
      eigenvalueFigure({ ...input, name: `${prefix}eigenvalues` }),
      residualFigure({ ...input, name: `${prefix}residuals` }),
      modesFigure({
        name: `${prefix}modes`,
        of,
        unit,
        modes: last.modes,
        fitted: last.length - last.delays + 1,
        end: last.to,
        spacing: series.spacing,
      }),
    );
  }
  if (growing.length > 1)
    spectra.push(
      windowsFigure({
        name: `${prefix}windows`,
        of,
        windows: growing.map(({ place, length, modes }) => ({
          title: `${place} ${length}`,
          eigenvalues: lossEigenvalues(modes),
        })),
      }),
    );
  if (spectra.length > 0)
    sections.push({
      title: `${title}Spectrum`,
      paragraphs: last
        ? [
            `Noise of the loss, estimated from second differences: ${inWords(last.noise, 2)}. ` +
              `${inWords(100 * last.clustering, 3)} % of what the modes contribute lies within ` +
              `1/${last.length} of the eigenvalue 1.`,
          ]
        : [],
      figures: spectra,
      tables: growing.map((window) => eigenvalueTable(window, prefix, verdict.loss)),
    });
  return sections;
}

/** The verdict's forecast at steps of the log. */
function forecastOf({ verdict, series }: Analysis): { forecast?: ForecastCurve } {
  if (verdict.forecast.length === 0 || !verdict.forecast.every(Number.isFinite)) return {};
  const { forecast, margin } = verdict;
  const last = series.steps[series.steps.length - 1];
  const bound = (sign: 1 | -1) =>
    forecast.map((value, n) => value + sign * (margin?.shares[n] ?? 0) * Math.abs(value));
  return {
    forecast: {
      steps: forecast.map((_, n) => last + (n + 1) * series.spacing),
      values: forecast,
      ...(margin !== null && {
        low: bound(-1),
        high: bound(1),
        interval: `${100 * margin.level} % interval`,
      }),
    },
  };
}
