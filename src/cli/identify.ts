import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Experiment } from "../data/experiment/experiment.ts";
import { splitExperiment } from "../data/experiment/split.ts";
import { InputError, UsageError } from "../errors.ts";
import {
  type Identified,
  identifiedPredictor,
  identifyLinear,
} from "../identification/identify.ts";
import { linearStep, standardForm } from "../identification/linear-step.ts";
import type { Predictor } from "../identification/predictor.ts";
import { identifyRen, type RenFit } from "../identification/ren-fit.ts";
import { encodeStep } from "../identification/step-file.ts";
import { type StepModel, stepPredictor, unitsOfGain } from "../identification/step-model.ts";
import { observedGain } from "../identification/step-observed.ts";
import { type Validation, validate } from "../identification/validate.ts";
import { hInfinityNorm } from "../lti/norm.ts";
import { isStable, poles } from "../lti/state-space.ts";
import { writeAtomically } from "../training/atomic-file.ts";
import { type ExperimentFlags, experimentsOf, positive, whole } from "./experiment-input.ts";
import { identifiedText } from "./identify-text.ts";
import { note, type Outcome } from "./output.ts";
import { validationDocument } from "./validation-document.ts";

export interface IdentifyFlags extends ExperimentFlags {
  readonly model: "linear" | "ren";
  readonly states?: string;
  readonly neurons?: string;
  readonly contraction?: string;
  readonly lipschitz?: string;
  readonly split: string;
  readonly ahead: string;
  readonly epochs?: string;
  readonly seed: string;
  readonly out?: string;
  readonly force?: true;
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
  readonly observed: number; // gain between standardised signals
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
  const { states, contraction, lipschitz, neurons, epochs, seed, ahead } = sizes;

  const linear = identifyLinear(work, {
    stable: true,
    ...(states !== undefined && { [flags.model === "linear" ? "order" : "maxOrder"]: states }),
  });
  const { system } = standardForm(linear, work);
  const fit =
    flags.model === "linear"
      ? null
      : await identifyRen(work, {
          ...(states !== undefined && { states }),
          ...(neurons !== undefined && { neurons }),
          ...(contraction !== undefined && { contraction }),
          ...(lipschitz !== undefined && { lipschitz }),
          ...(epochs !== undefined && { epochs }),
          seed,
          ...(process.stderr.isTTY && { progress }),
        });
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
    const name = `ren, ${b_x.shape[0]} states, ${b_v.shape[0]} neurons`;
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
    ],
  };
  const result = { ...found, files: write(flags.out, found) };
  for (const warning of result.warnings) note(`warning: ${warning}`);
  return { document: documentOf(result), text: identifiedText(result) };
}

function numbersOf(flags: IdentifyFlags) {
  const { states, neurons, contraction, lipschitz, split, epochs, seed, ahead, model } = flags;
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
    const odd = Object.entries({ neurons, lipschitz, epochs }).find(([, v]) => v !== undefined);
    if (odd) throw new UsageError(`--${odd[0]} is for --model ren`);
  }
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

/** Before anything is computed. */
function requireFree({ out, force }: IdentifyFlags): void {
  const there = ["model.onnx", "certificate.json", "identification.json"].find(
    (name) => out !== undefined && existsSync(join(out, name)),
  );
  if (there !== undefined && !force)
    throw new UsageError(`${join(out!, there)} is there already`, "another folder, or --force");
}

/** The model last: whoever finds it finds the rest. */
function write(folder: string | undefined, found: Omit<IdentifyResult, "files">): string[] {
  if (folder === undefined) return [];
  const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  const { certificate } = found.model;
  const files: Record<string, string | Uint8Array> = {
    "identification.json": json(documentOf({ ...found, files: [] })),
    ...(certificate && { "certificate.json": json(certificate) }),
    "model.onnx": encodeStep(found.model),
  };
  try {
    mkdirSync(folder, { recursive: true });
    return Object.entries(files).map(([name, contents]) => {
      writeAtomically(join(folder, name), contents);
      return join(folder, name);
    });
  } catch (cause) {
    throw new InputError(`the folder ${folder} cannot be written`, { cause });
  }
}

function documentOf(result: IdentifyResult): Record<string, unknown> {
  const { work, check, linear, norm, judged, fit, model, observed, units, warnings } = result;
  const samples = (of: readonly Experiment[]) => of.reduce((sum, { count }) => sum + count, 0);
  const { re, im } = poles(linear.model.system);
  const { certificate, inputs, outputs, sampleTime, kind, tensors } = model;
  const bound = certificate?.guarantee.kind === "lipschitz" ? certificate.guarantee.gamma : null;
  return {
    model: kind,
    data: {
      inputs,
      outputs,
      sampleTime,
      samples: { estimation: samples(work), heldOut: samples(check) },
    },
    models: judged.map(({ name, estimation, heldOut }) => ({
      name,
      estimation: validationDocument(estimation),
      heldOut: validationDocument(heldOut),
    })),
    linear: {
      order: linear.order,
      poles: Array.from(re, (x, i) => ({ re: x, im: im[i], abs: Math.hypot(x, im[i]) })),
      hInfinity: norm && { lower: norm.lower, upper: norm.upper },
    },
    ...(fit && {
      training: {
        states: tensors.b_x.shape[0],
        neurons: tensors.b_v.shape[0],
        startedFrom: fit.startedFrom,
        status: fit.status,
        epochs: fit.history.length - 1,
        best: fit.best,
      },
    }),
    certificate: certificate && {
      rate: certificate.rate,
      overshoot: certificate.overshoot,
      guarantee: certificate.guarantee,
      margin: certificate.measured - certificate.roundingMargin,
    },
    gain: { bound, observed, inUnitsOfData: units },
    warnings,
    files: result.files,
  };
}

function progress(epoch: number, of: number, fit: number): void {
  if (epoch % 25 === 0) note(`epoch ${epoch} of ${of}: fit ${fit.toFixed(1)} %`);
}
