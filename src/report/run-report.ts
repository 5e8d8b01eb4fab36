import { analyseSeries } from "../koopman/verdict/analysis.ts";
import type { SimReading } from "../models/sim/reading.ts";
import type { Metrics } from "../training/events.ts";
import type { ModelCertificate } from "../verification/certificate.ts";
import { analysisSections } from "./analysis-report.ts";
import { seriesFigure } from "./builders/series.ts";
import { counted, inWords, percent } from "./builders/words.ts";
import type { ReportContent, ReportSection, ReportVerdict, Reproduction } from "./content.ts";
import { certificateSection } from "./sections/certificate.ts";
import { bibtex, limits, methodsOf, references } from "./sections/methods.ts";
import { simBibtex, simReference, simSection } from "./sections/sim-spectrum.ts";
import { solverSection } from "./sections/solver.ts";
import { verdictOf } from "./sections/verdict.ts";

export interface EpochMetrics {
  readonly epoch: number; // from 1
  readonly train: Metrics;
  readonly test: Metrics;
}

/** A training run of ours, as its folder tells it. */
export interface TrainedRun {
  readonly name: string;
  readonly status: string;
  readonly reason: string;
  readonly model: string; // its kind
  readonly epochs: readonly EpochMetrics[];
  /** The learning rate at steps that were logged. */
  readonly rates: readonly { readonly step: number; readonly rate: number }[];
  readonly testRows: number;
  /** The loss of guessing; null for none that is known. */
  readonly reference: number | null;
  readonly certificate: ModelCertificate | null;
  /** Why there is no certificate although the model's kind has one. */
  readonly refused: string | null;
  /** Of a stable invariant model. */
  readonly spectrum?: SimReading | null;
  readonly reproduce: Reproduction;
}

/**
 * The report of a training run of ours: what it reached, what its loss says, the solver, what is proven.
 * There is no wall time in it: equal runs have equal reports.
 */
export function runReport(run: TrainedRun): ReportContent {
  const { name, model, epochs, certificate, refused, spectrum = null, reproduce, reference } = run;
  const steps = epochs.map(({ epoch }) => epoch);
  const losses = epochs.map(({ train }) => train.loss ?? Number.NaN);
  const usable = losses.length > 0 && losses.every((loss) => !(loss < 0));
  const analysis = usable
    ? analyseSeries(
        {
          name: "train.loss",
          source: "metrics.jsonl",
          kind: "eigenflow-metrics",
          caveats: rateCaveats(run),
          steps,
          values: losses,
        },
        { reference },
      )
    : null;
  return {
    title: name === "run" ? "Training run" : `Training run ${name}`,
    subtitle: `${model}, ${counted(epochs.length, "epoch")}`,
    verdicts: [
      reached(run),
      ...(analysis ? [verdictOf(analysis, "What its training loss says")] : []),
    ],
    sections: [
      ...(epochs.length > 0 ? [curves(run)] : []),
      ...solverSection(epochs),
      ...certificateSection(certificate, refused),
      ...simSection(spectrum),
      ...(analysis ? analysisSections(analysis, { unit: "epoch", prefix: "train-" }) : []),
    ],
    methods: [
      `A model of kind ${model} was trained for ${counted(epochs.length, "epoch")} (${run.status}: ${run.reason}); the ` +
        "configuration below holds every option. Losses are means over the samples of an epoch, those of training taken while the " +
        "weights change, those of the test after each epoch.",
      ...(analysis ? [methodsOf(analysis, null)] : []),
    ],
    references: [...(model === "sim" ? [simReference] : []), ...references],
    bibtex: [...(model === "sim" ? [simBibtex] : []), ...bibtex],
    limits: [
      "The test rows come from the same source as those of training: the report cannot show what happens on others.",
      ...(analysis ? limits(analysis) : []),
    ],
    reproduce,
  };
}

/** A verdict is about a constant learning rate: where it was none, that is said with it. */
function rateCaveats({ rates }: TrainedRun): string[] {
  const values = rates.map(({ rate }) => rate);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return high > 1.01 * low
    ? [
        `the learning rate went from ${inWords(values[0])} to ${inWords(values[values.length - 1])}: verdict and forecast ` +
          "suppose a constant one",
      ]
    : [];
}

/** How a run ends that has not failed. */
const endings = {
  completed: (reason: string) => ({
    decision: "completed",
    sentence: `Trained to its end: ${reason}.`,
  }),
  "stopped-by-verdict": (reason: string) => ({
    decision: "stopped by its verdict",
    sentence: `${reason.replace(/\.$/, "")}.`,
  }),
};

/** What was reached, with the margin that so many test rows leave. */
function reached({ status, reason, epochs, testRows, name }: TrainedRun): ReportVerdict {
  const last = epochs.at(-1)?.test;
  const share = last?.accuracy;
  const known = typeof last?.loss === "number" && Number.isFinite(last.loss);
  const { decision, sentence } = endings[status as keyof typeof endings]?.(reason) ?? {
    decision: "failed",
    sentence: `Ended with ${status}: ${reason}.`,
  };
  return {
    of: name,
    decision,
    sentence: sentence + unsolved(last),
    ...(typeof share === "number"
      ? {
          number: {
            label: `test accuracy; the margin is 1.96 standard errors of ${counted(testRows, "row")}`,
            value: percent(share, 4),
            margin: `± ${percent(1.96 * Math.sqrt((share * (1 - share)) / testRows))}`,
          },
        }
      : known
        ? {
            number: {
              label: "test loss, its margin not known",
              value: inWords(last.loss, 4),
              margin: "",
            },
          }
        : {}),
    evidence: known
      ? [`Test loss ${inWords(last.loss, 4)} after ${counted(epochs.length, "epoch")}.`]
      : [],
    cannotSay: [],
  };
}

/** A number that was reached without equilibria is not that of the model: said in the headline. */
function unsolved(test: Metrics | undefined): string {
  const share = test?.forward?.unconverged ?? 0;
  if (share <= 0.01) return "";
  return ` Of the equilibria of the test rows ${percent(share, 3)} were not found: the numbers there are of wherever the solver ended.`;
}

const finiteOrNull = (value: number | null | undefined) =>
  typeof value === "number" && Number.isFinite(value) ? value : null;

function curves({ epochs, rates }: TrainedRun): ReportSection {
  const steps = epochs.map(({ epoch }) => epoch);
  const line = (name: string, of: (one: EpochMetrics) => number | undefined) => ({
    name,
    steps,
    values: epochs.map((one) => finiteOrNull(of(one))),
  });
  const figures = [];
  const loss = [line("training", ({ train }) => train.loss), line("test", ({ test }) => test.loss)];
  if (loss.some(({ values }) => values.some((value) => value !== null)))
    figures.push(seriesFigure({ name: "losses", title: "Loss", label: "loss", series: loss }));
  if (epochs.some(({ test }) => typeof test.accuracy === "number"))
    figures.push(
      seriesFigure({
        name: "accuracy",
        title: "Accuracy",
        label: "accuracy",
        series: [
          line("training", ({ train }) => train.accuracy),
          line("test", ({ test }) => test.accuracy),
        ],
      }),
    );
  if (rates.length > 1)
    figures.push(
      seriesFigure({
        name: "learning-rate",
        title: "Learning rate",
        label: "learning rate",
        unit: "step",
        series: [
          {
            name: "learning rate",
            steps: rates.map(({ step }) => step),
            values: rates.map(({ rate }) => finiteOrNull(rate)),
          },
        ],
      }),
    );
  return { title: "Training", paragraphs: [], figures, tables: [] };
}
