import { correlationsFigure } from "../builders/correlations.ts";
import { dataFigure, fitFigure } from "../builders/experiment.ts";
import { capital, inWords } from "../builders/words.ts";
import type { ReportSection } from "../content.ts";
import type { IdentificationRun } from "../identification-report.ts";

/** Experiments that are drawn; of others the tables tell. */
const drawn = 4;

const numbered = (name: string, k: number) => (k === 0 ? name : `${name}-${k + 1}`);

/** Samples that each experiment was trained on; null where all of them were. */
const trainedOn = ({ fit }: IdentificationRun, k: number) => fit?.trainedOn[k] ?? null;

/** The data, and what each stretch of them was for. */
export function dataSection(run: IdentificationRun): ReportSection {
  const { work, check } = run;
  const left = work.length - drawn;
  return {
    title: "Data",
    paragraphs: [
      run.fit === null
        ? "The beginning of each experiment was estimated on, its end held out to judge by."
        : "The beginning of each experiment was trained on; what follows chose among the epochs; the end was held out and had no part in any choice.",
      ...(left > 0 ? [`The first ${drawn} of ${work.length} experiments are drawn.`] : []),
    ],
    figures: work
      .slice(0, drawn)
      .map((one, k) =>
        dataFigure({ work: one, check: check[k], trained: trainedOn(run, k) }, numbered("data", k)),
      ),
    tables: [
      {
        name: "experiments",
        caption: "Samples of each experiment.",
        columns: [
          "experiment",
          ...(run.fit ? ["trained on", "validation"] : ["estimated on"]),
          "held out",
        ],
        rows: work.map(({ name, count }, k) => {
          const trained = trainedOn(run, k);
          return [
            name,
            ...(trained === null ? [count] : [trained, count - trained]),
            check[k].count,
          ];
        }),
      },
    ],
  };
}

/** How the models meet the data. */
export function fitSection({ work, check, judged }: IdentificationRun): ReportSection {
  const several = work.length > 1;
  const rows = judged.flatMap(({ name, estimation, heldOut }) =>
    (estimation.noiseModel ? heldOut.horizons : heldOut.horizons.slice(0, 1)).flatMap(
      ({ horizon, fits }, h) =>
        fits.map(({ experiment, output, fit, rmse }, i) => [
          name,
          horizon === "simulate" ? "all" : horizon,
          ...(several ? [experiment] : []),
          output,
          estimation.horizons[h].fits[i].fit,
          fit,
          rmse,
        ]),
    ),
  );
  return {
    title: "Fit",
    paragraphs: [
      "Free simulation starts from a state fitted to the data and then sees the inputs alone: it is all steps ahead. k steps ahead the model also sees the outputs up to k samples before.",
    ],
    figures: check.slice(0, drawn).map((one, k) =>
      fitFigure(
        one,
        work[k].count,
        judged.map(
          ({
            name,
            heldOut: {
              horizons: [{ predicted, fits }],
            },
          }) => ({
            model: name,
            predicted: predicted[k],
            fits: fits
              .slice(k * one.outputs.length, (k + 1) * one.outputs.length)
              .map(({ fit }) => fit),
          }),
        ),
        numbered("fit", k),
      ),
    ),
    tables: [
      {
        name: "fits",
        caption:
          "Fit in %, and the root mean square error on the data held out in units of the output.",
        columns: [
          "model",
          "steps ahead",
          ...(several ? ["experiment"] : []),
          "output",
          "estimation",
          "held out",
          "error",
        ],
        rows,
      },
    ],
  };
}

/** What the models leave on the data held out. */
export function residualSection({ judged }: IdentificationRun): ReportSection {
  const level = 100 * judged[0].heldOut.residuals.level;
  return {
    title: "Residuals",
    paragraphs: judged.map(({ name, heldOut: { residuals, noiseModel } }) => {
      const says = `${capital(name)}: residuals ${residuals.white ? "white" : "not white"}, ${residuals.independent ? "independent of the inputs before" : "dependent on the inputs before"}, by tests at ${inWords(level, 4)} %.`;
      return noiseModel
        ? says
        : `${says} It has no model of the noise, so that white residuals are not to be asked of it.`;
    }),
    figures: judged.map(({ name, heldOut }, k) =>
      correlationsFigure(
        heldOut.residuals,
        name,
        k === 0 ? "residuals-linear" : "residuals-network",
      ),
    ),
    tables: [
      {
        name: "residual-tests",
        caption:
          "Tests of the residuals by all lags together (p), and how many lags are beyond the bound, each by itself. Lags that move " +
          "together count once in p, so that a test may pass with several beyond the bound, and fail with few.",
        columns: ["model", "test", "of", "beyond", "bound", "p", "passed"],
        rows: judged.flatMap(({ name, heldOut: { residuals } }) =>
          (["whiteness", "crossCorrelation"] as const).flatMap((test) =>
            residuals[test].map(({ of, outside, bound, pValue, passed }) => [
              name,
              test === "whiteness" ? "white" : "independent of inputs",
              of,
              outside,
              bound,
              pValue < 1e-16 ? "< 1e-16" : pValue,
              passed ? "yes" : "no",
            ]),
          ),
        ),
      },
    ],
  };
}
