import type { Experiment } from "../data/experiment/experiment.ts";
import type { Identified } from "../identification/identify.ts";
import type { RenFit } from "../identification/ren-fit.ts";
import type { StepModel } from "../identification/step-model.ts";
import type { Validation } from "../identification/validate.ts";
import { seriesFigure } from "./builders/series.ts";
import { capital, counted, inWords } from "./builders/words.ts";
import type { ReportContent, ReportSection, ReportVerdict, Reproduction } from "./content.ts";
import { dynamicsSection, orderSection } from "./sections/identified.ts";
import { dataSection, fitSection, residualSection } from "./sections/measured.ts";
import { type Gains, renCertificateSection } from "./sections/ren-certificate.ts";

/** An identification as it ended: the data, the models with their judgement, what is proven. */
export interface IdentificationRun extends Gains {
  readonly name: string;
  readonly work: readonly Experiment[];
  readonly check: readonly Experiment[]; // held out, each right behind that of `work`
  readonly linear: Identified;
  readonly fit: RenFit | null;
  readonly model: StepModel;
  /** The linear model first, then the network. */
  readonly judged: readonly {
    readonly name: string;
    readonly estimation: Validation;
    readonly heldOut: Validation; // with "simulate" as its first horizon
  }[];
  readonly warnings: readonly string[];
  readonly reproduce: Reproduction;
}

/**
 * The report of an identification: the data and how they were split, the fit on data held out, what the
 * models leave, their dynamics, what is proven. There is no wall time in it: equal runs have equal reports.
 */
export function identificationReport(run: IdentificationRun): ReportContent {
  const { name, linear, fit, model, judged, reproduce } = run;
  const { inputs, outputs, sampleTime } = model;
  return {
    title: `Identification of ${name}`,
    subtitle: `${inputs.join(", ")} → ${outputs.join(", ")}, every ${inWords(sampleTime, 6)} s; ${judged.map(({ name }) => name).join(" and ")}`,
    verdicts: [verdictOf(run)],
    sections: [
      dataSection(run),
      fitSection(run),
      residualSection(run),
      dynamicsSection(linear, model),
      orderSection(linear),
      ...(fit === null ? [] : [trainingSection(fit)]),
      renCertificateSection(
        model.certificate,
        model.kind === "ren" ? "the network" : "the linear model",
        run,
      ),
    ],
    methods: methodsOf(run),
    references: [
      "M. Verhaegen (1994): Identification of the deterministic part of MIMO state space models given in innovations form from input-output data. Automatica 30(1), 61–74.",
      "L. Ljung (1999): System identification: theory for the user. 2nd edition, Prentice Hall.",
      "G. M. Ljung, G. E. P. Box (1978): On a measure of lack of fit in time series models. Biometrika 65(2), 297–303.",
      ...(fit === null
        ? []
        : [
            "M. Revay, R. Wang, I. R. Manchester (2023): Recurrent equilibrium networks: flexible dynamic models with guaranteed stability and robustness. arXiv:2104.05942v3.",
          ]),
    ],
    limits: [
      "The data held out come from the same experiments, behind those that were estimated on: the report cannot show what happens at other operating points, or to faster inputs.",
      "What is proven is about the model, not about the system: only the fit on data held out says how near they are.",
      ...(fit === null
        ? []
        : [
            "The network has no model of the noise: its residuals are those of its simulation, and seldom white where noise is not all on the output.",
          ]),
    ],
    reproduce,
  };
}

const number = (x: number) =>
  Number.isFinite(x) ? `${x.toFixed(1)} %` : "none, it leaves the finite numbers";

function verdictOf({ name, judged, model, warnings }: IdentificationRun): ReportVerdict {
  const last = judged[judged.length - 1];
  const fit = last.heldOut.horizons[0].fit;
  const { residuals } = last.heldOut;
  const { certificate } = model;
  const gamma = certificate?.guarantee.kind === "lipschitz" ? certificate.guarantee.gamma : null;
  const good = fit > 0;
  return {
    of: name,
    decision: good ? "identified" : "failed",
    sentence: good
      ? `${capital(last.name)}, simulates data that it has not seen with a fit of ${number(fit)}.`
      : `${capital(last.name)}, simulates data that it has not seen no better than their mean does.`,
    number: {
      label: "fit of the data held out by free simulation, 100 (1 − ‖y − ŷ‖/‖y − mean y‖)",
      value: number(fit),
      margin: "",
    },
    evidence: [
      ...judged
        .slice(0, -1)
        .map((one) => `${capital(one.name)}: ${number(one.heldOut.horizons[0].fit)}.`),
      `On what was estimated on: ${number(last.estimation.horizons[0].fit)}.`,
      `Its residuals are ${residuals.white ? "" : "not "}white; they ${residuals.independent ? "are independent of" : "depend on"} the inputs before.`,
      certificate === null
        ? "Nothing is proven of it."
        : `Proven: it contracts at ${inWords(certificate.rate, 6)} a sample${gamma === null ? "" : `, with a Lipschitz bound of ${inWords(gamma, 6)} between standardised signals`}.`,
      ...warnings,
    ],
    cannotSay: [],
  };
}

function trainingSection({ history, best, startedFrom, status }: RenFit): ReportSection {
  const values = history.map((value) => (Number.isFinite(value) ? value : null));
  return {
    title: "Training",
    paragraphs: [
      `Training started from ${startedFrom === "linear" ? "the linear model" : "a random network"} and ${status === "completed" ? "ran to its end:" : `was ${status} after`} ` +
        `${counted(history.length - 1, "epoch")}; the parameters of epoch ${best} simulate the validation part best, and are kept.`,
    ],
    figures: values.some((value) => value !== null)
      ? [
          seriesFigure({
            name: "training",
            title: "Fit of the validation part",
            label: "fit, %",
            series: [{ name: "validation", steps: values.map((_, k) => k), values }],
          }),
        ]
      : [],
    tables: [],
  };
}

function methodsOf({ linear, fit, model, judged }: IdentificationRun): string[] {
  const { initial, residuals } = judged[0].heldOut;
  const refined =
    linear.refinement === null
      ? "not refined"
      : `refined by its prediction error (${linear.refinement.status})`;
  return [
    `Linear model: a subspace method (PO-MOESP with the weights of CVA) of order ${linear.order}, ${refined}, its poles kept inside the unit circle.`,
    ...(fit === null
      ? []
      : [
          `Network: a recurrent equilibrium network of ${counted(model.tensors.b_x.shape[0], "state")} and ${counted(model.tensors.b_v.shape[0], "neuron")} (${model.activation})${model.feedback === "full" ? ", each driven by all of them (full D11)," : ""} in the ` +
            "direct parametrisation, of which every value contracts; trained by Adam on overlapping sequences of standardised signals, with a washout and " +
            "the starts of the sequences as parameters.",
        ]),
    `Judged with the initial state ${initial === "estimate" ? "estimated" : initial}. Residual tests: Ljung and Box on lags 1 to ${residuals.whiteness[0].lags.length}, ` +
      `and a χ² test of the correlation with inputs at lags 0 to ${residuals.whiteness[0].lags.length}, at level ${residuals.level}.`,
    "The observed gain is the largest found: by gradient ascent from random pairs of inputs and from sinusoids about rest, or the H∞ norm of the network " +
      "linearised at rest under the mean inputs or under other constant ones, which small sinusoids come near to; of a linear model it is the H∞ norm. The certificate is a Cholesky test with a proven bound of its rounding error.",
  ];
}
