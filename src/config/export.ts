import type { Standardisation } from "../data/standardise.ts";
import { requireObject, requireOneOf } from "../errors/arguments.ts";
import { refuseUnknown } from "../errors/suggest.ts";
import { CertificateError, UsageError } from "../errors.ts";
import { type Model, type Parameters, requireModel } from "../models/model.ts";
import { graphDifference } from "../onnx/difference.ts";
import type { CompileOptions } from "../runtime/program.ts";
import { type Deployed, deploy, explicitTensors } from "../training/deploy.ts";
import type { Task } from "../training/targets.ts";
import type { ModelCertificate } from "../verification/certificate.ts";
import { certificateOf } from "./certified.ts";
import type { Modelled } from "./model-of.ts";
import { describedModel, rebuilt } from "./rebuild.ts";

/** What a file says of its model beside what made it. */
export interface About {
  readonly task: Task;
  readonly features?: readonly string[] | null; // names, in the order of x
  readonly classNames?: readonly string[] | null;
  readonly target?: string | null; // what the values are
}

/** A model as a file, and what is proven of it. */
export interface Exported {
  readonly bytes: Uint8Array; // of the ONNX file
  readonly tensors: Deployed; // what it computes with
  /** Null of a kind of which nothing is proven, and where it was refused. */
  readonly certificate: ModelCertificate | null;
  /** Why the model has no certificate although its kind has one. */
  readonly refused: CertificateError | null;
}

export interface ExportOptions extends About {
  /** What features were standardised by while training; null: by nothing. */
  readonly standardisation?: Standardisation | null;
  readonly doc?: string;
  /** Further entries of the file's metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly compile?: CompileOptions;
}

const known = Object.keys({
  task: true,
  features: true,
  classNames: true,
  target: true,
  standardisation: true,
  doc: true,
  metadata: true,
  compile: true,
} satisfies Record<keyof ExportOptions, true>);
const own = ["eigenflow.model", "eigenflow.certificate"];

/**
 * The ONNX file of a trained model as `eigenflow train` leaves it: by `deploy`, with what made the model in
 * the metadata `eigenflow.model`, and in `eigenflow.certificate` what `certify` or `certifyGain` proves of
 * the float32 weights in it. `eigenflow certify` proves it again and builds the graph again; `eigenflow
 * predict` and `inspect` read names and task.
 *
 * A kind that has no certificate (mlp, cnn, deq) has null; a proof that fails is in `refused`, and the file
 * has none. Models that no configuration asks for (an equilibrium of one's own layer, another splitting) are
 * written without their settings.
 *
 * @param parameters  as trained, as of `parametersOf`
 * @throws UsageError  for what is no model, an unknown option, or metadata that are written here
 */
export async function exportModel(
  model: Model,
  parameters: Parameters,
  options: ExportOptions,
): Promise<Exported> {
  requireModel("exportModel", model);
  requireObject("exportModel", "options", options, '{ task: "classes" } or { task: "values" }');
  refuseUnknown("exportModel", options, known);
  const { standardisation = null, doc = `${model.kind}, by eigenflow`, metadata = {} } = options;
  requireOneOf("exportModel", "task", options.task, ["classes", "values"]);
  const taken = own.find((name) => name in metadata);
  if (taken !== undefined)
    throw new UsageError(
      `exportModel: metadata "${taken}" are written here`,
      "choose another name",
    );
  const tensors = await explicitTensors(model, parameters, standardisation, options.compile);
  return writeModel(model, tensors, configurationOf(model, tensors, options.task), {
    about: options,
    doc,
    metadata,
  });
}

/**
 * The part of a configuration that a model was made by; null where none can ask for it, or the graph built by
 * it is another, as of a model that was changed after it was made.
 */
function configurationOf(model: Model, tensors: Deployed, task: Task): Modelled | null {
  if (model.settings === undefined) return null;
  const { settings, inputs, outputs } = model;
  const { solver } = settings;
  const described = describedModel({
    ...settings.model,
    ...{ inputs, outputs, task },
    ...(solver && { solver }),
  });
  if (described === null) return null;
  const file = deploy(model, tensors, { task, doc: "", metadata: {} });
  return graphDifference(file, rebuilt(described, tensors)) === null ? described.config : null;
}

/** @param config  what made the model, where a configuration can say so */
export function writeModel(
  model: Model,
  tensors: Deployed,
  config: Modelled | null,
  {
    about: { task, features, classNames, target },
    doc,
    metadata,
  }: { about: About; doc: string; metadata: Readonly<Record<string, string>> },
): Exported {
  let certificate: ModelCertificate | null = null;
  let refused: CertificateError | null = null;
  try {
    certificate = config && certificateOf(config, tensors, model.inputs);
    if (config === null && model.kind.startsWith("monotone"))
      throw new CertificateError(
        `${model.kind}: certificates do not speak of this splitting or solver`,
        "take peaceman-rachford or forward-backward, and options that eigenflow train knows",
      );
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    refused = error;
  }
  const solver = config?.solver?.forward;
  const { inputs, outputs, kind } = model;
  const written = {
    "eigenflow.model": JSON.stringify({
      ...(config?.model ?? { kind }),
      ...{ inputs, outputs, task },
      ...(solver && { solver }),
      ...(features && { features }),
      ...(target && { target }),
      ...(classNames && { classNames }),
    }),
    ...metadata,
    ...(certificate && { "eigenflow.certificate": JSON.stringify(certificate) }),
  };
  return {
    bytes: deploy(model, tensors, { task, doc, metadata: written }),
    tensors,
    certificate,
    refused,
  };
}
