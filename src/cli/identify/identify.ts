import type { Experiment } from "../../data/experiment/experiment.ts";
import { splitExperiment } from "../../data/experiment/split.ts";
import { counted } from "../../data/run/run.ts";
import { UsageError } from "../../errors.ts";
import {
  type Identified,
  identifiedPredictor,
  identifyLinear,
} from "../../identification/identify.ts";
import { linearStep, standardForm } from "../../identification/linear-step.ts";
import type { Predictor } from "../../identification/predictor.ts";
import type { RenFit } from "../../identification/ren-fit.ts";
import { type StepModel, stepPredictor, unitsOfGain } from "../../identification/step-model.ts";
import { type ObservedGain, observedGain } from "../../identification/step-observed.ts";
import { type Validation, validate } from "../../identification/validate.ts";
import { hInfinityNorm } from "../../lti/norm.ts";
import { isStable } from "../../lti/state-space.ts";
import { type ExperimentFlags, experimentsOf, positive, whole } from "../input/experiment-input.ts";
import { note, type Outcome } from "../output/output.ts";
import { identifiedDocument } from "./identify-document.ts";
import { requireFree, writeIdentified } from "./identify-files.ts";
import { identifiedText } from "./identify-text.ts";
import { trainRen } from "./identify-train.ts";

export interface IdentifyFlags extends ExperimentFlags {
  readonly model: "linear" | "ren";
  readonly focus?: "prediction" | "simulation";
  readonly states?: string;
  readonly neurons?: string;
  readonly feedback?: "acyclic" | "full";
  readonly contraction?: string;
  readonly lipschitz?: string;
  readonly split: string;
  readonly ahead: string;
  readonly epochs?: string;
  readonly seed: string;
  readonly out?: string;
  readonly force?: true;
  readonly resume?: true;
}

/** A model on both parts of the data. */
export interface Judged {
  readonly name: string;
  readonly estimation: Validation;
  readonly heldOut: Validation;
}

/** What `eigenflow identify` found. */
export interface IdentifyResult {
  readonly work: readonly Experiment[];
  readonly check: readonly Experiment[];
  readonly linear: Identified;
  readonly norm: { readonly lower: number; readonly upper: number } | null; // standardised signals
  readonly judged: readonly Judged[];
  readonly fit: RenFit | null;
  readonly model: StepModel;
  readonly observed: ObservedGain;
  readonly units: number; // what such a gain is multiplied by in the units of the data
  readonly warnings: readonly string[];
  readonly files: readonly string[];
}

/** `eigenflow identify DATA…`: a model of measured inputs and outputs, judged, certified and stored. */
export async function identify(paths: readonly string[], flags: IdentifyFlags): Promise<Outcome> {
  const sizes = numbersOf(flags);
  requireFree(flags);
  const experiments = await experimentsOf(paths, flags);
  const parts = experiments.map((experiment) => splitExperiment(experiment, { at: sizes.split }));
  const [work, check] = [parts.map(({ work }) => work), parts.map(({ check }) => check)];
  const { states, contraction, seed, ahead } = sizes;

  const linear = identifyLinear(work, {
    stable: true,
    ...(flags.focus !== undefined && { refine: flags.focus }),
    ...(states !== undefined && { [flags.model === "linear" ? "order" : "maxOrder"]: states }),
  });
  const { system } = standardForm(linear, work);
  const trained = flags.model === "linear" ? null : await trainRen(work, sizes, flags);
  const fit = trained?.fit ?? null;
  const model = fit?.model ?? linearStep(linear, work, contraction);

  const shortest = Math.min(...check.map(({ count }) => count));
  const options = {
    horizons: ["simulate" as const, ...new Set([1, ahead])],
    lags: Math.max(1, Math.min(20, Math.floor(shortest / 4))),
  };
  const judge = (predictor: Predictor): Judged => ({
    name: predictor.name,
    estimation: validate(predictor, work, options),
    heldOut: validate(predictor, check, options),
  });
  const judged = [judge(identifiedPredictor(linear))];
  if (fit !== null) {
    const { b_x, b_v } = model.tensors;
    const full = model.feedback === "full" ? " of full D11" : "";
    const name = `ren, ${counted(b_x.shape[0], "state")}, ${counted(b_v.shape[0], "neuron")}${full}`;
    judged.push(judge(stepPredictor(model, name)));
  }
  const found: Omit<IdentifyResult, "files"> = {
    work,
    check,
    linear,
    norm: isStable(system) ? hInfinityNorm(system) : null,
    judged,
    fit,
    model,
    observed: await observedGain(model, { seed }),
    units: unitsOfGain(model),
    warnings: [
      ...work.flatMap(({ warnings }) => warnings),
      ...linear.model.warnings,
      ...(fit?.warnings ?? []),
      ...worse(judged),
      ...(flags.focus === "simulation" ? [] : shortSighted(judged[0])),
    ],
  };
  const result = { ...found, files: await writeIdentified(found, paths, flags) };
  for (const warning of result.warnings) note(`warning: ${warning}`);
  return {
    document: identifiedDocument(result),
    text: identifiedText(result),
    ...(trained?.stopped && { stopped: trained.stopped }),
  };
}

/** Points of fit from one step ahead to the simulation beyond which the focus of the fit is to blame. */
const sighted = 25;

/** Said where the linear model, fitted one step ahead, is good at that and not at what it is judged by. */
function shortSighted({ heldOut: { horizons } }: Judged): string[] {
  const [simulated, next] = [horizons[0].fit, horizons[1].fit];
  if (!(next - simulated > sighted)) return [];
  return [
    `the linear model, fitted one step ahead (${percentOf(next)} % of the data held out), simulates them to ` +
      `${percentOf(simulated)} %: --focus simulation fits its simulation`,
  ];
}

const percentOf = (fit: number) => (Number.isFinite(fit) ? fit.toFixed(1) : String(fit));

/** Said where the network is the poorer model of the data held out. */
function worse([linear, network]: readonly Judged[]): string[] {
  if (network === undefined) return [];
  const [of, than] = [network, linear].map(({ heldOut }) => heldOut.horizons[0].fit);
  if (of >= than - 1) return [];
  return [
    `the network simulates the data held out worse than the linear model, ${percentOf(of)} against ${percentOf(than)} %: ` +
      "it saw too little, or what it has to be, contracting at the rate and bounded as asked for, the system is not",
  ];
}

/** The flags that are numbers. */
export type Sizes = ReturnType<typeof numbersOf>;

function numbersOf(flags: IdentifyFlags) {
  const { states, neurons, feedback, contraction, lipschitz, split, epochs } = flags;
  const { seed, ahead, model } = flags;
  const optional = <T>(
    flag: string,
    text: string | undefined,
    read: (f: string, t: string) => T,
  ) => (text === undefined ? undefined : read(flag, text));
  const rate = optional("--contraction", contraction, positive);
  if (rate !== undefined && rate > 1)
    throw new UsageError(`--contraction ${contraction}: a rate above 0 and up to 1 is wanted`);
  const share = positive("--split", split);
  if (share >= 1) throw new UsageError(`--split ${split}: a share between 0 and 1 is wanted`);
  if (model === "linear") {
    const { resume } = flags;
    const odd = Object.entries({ neurons, feedback, lipschitz, epochs, resume }).find(
      ([, v]) => v !== undefined,
    );
    if (odd) throw new UsageError(`--${odd[0]} is for --model ren`);
  }
  if (flags.resume && flags.out === undefined)
    throw new UsageError("--resume: -o FOLDER of the interrupted identification is wanted");
  const count = (flag: string, text: string) => positive(flag, String(whole(flag, text)));
  return {
    states: optional("--states", states, count),
    neurons: optional("--neurons", neurons, count),
    contraction: rate,
    lipschitz: optional("--lipschitz", lipschitz, positive),
    split: share,
    epochs: optional("--epochs", epochs, count),
    seed: whole("--seed", seed),
    ahead: count("--ahead", ahead),
  };
}
