import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { CertificateError } from "../errors.ts";
import { readSim, type SimReading } from "../models/sim/reading.ts";
import { loadBackend } from "../runtime/backend.ts";
import { explicitTensors } from "../training/deploy.ts";
import type { FitStatus, Metrics, TrainEvent, TrainingState } from "../training/events.ts";
import { fit } from "../training/fit.ts";
import { createRun, type RunDirectory } from "../training/run-directory.ts";
import { initialState, parametersOf } from "../training/state.ts";
import { taskOf } from "../training/targets.ts";
import type { ModelCertificate } from "../verification/certificate.ts";
import type { Experiment } from "./experiment.ts";
import { writeModel } from "./export.ts";
import { configHash, formatConfig } from "./load.ts";
import { watching } from "./watcher.ts";

/** How a run ended, and what it left. */
export interface RunResult {
  readonly type: "result";
  readonly status: FitStatus;
  readonly reason: string;
  readonly run: string; // its folder
  readonly epochs: number; // done
  readonly steps: number;
  readonly test: Metrics | null; // after the last epoch done
  readonly secondsPerEpoch: number | null;
  readonly model: string | null; // path of the ONNX file, once completed or stopped by verdict
  readonly certificate: ModelCertificate | null;
  /** Why the model has no certificate although its kind has one. */
  readonly refused: CertificateError | null;
  /** Of a stable invariant model: its spectrum, and what is left of it in the limit. */
  readonly spectrum: SimReading | null;
}

export type RunEvent =
  | TrainEvent
  | { readonly type: "run"; readonly directory: RunDirectory }
  | RunResult;

/** A line of metrics.jsonl; epochs are counted from 1. Wall time is in `seconds` and nowhere else. */
type EpochLine = { readonly type: "epoch"; readonly test: Metrics; readonly seconds: number };

/** The folder of a new run of an experiment. */
export async function startRun(experiment: Experiment, version: string): Promise<RunDirectory> {
  const { config } = experiment;
  const { ort } = await loadBackend(config.device);
  return createRun(
    config.out,
    {
      name: config.name,
      seed: config.seed,
      configSha256: configHash(config),
      versions: {
        eigenflow: version,
        node: process.versions.node,
        onnxruntime: ort.env.versions?.common ?? "unknown",
      },
    },
    formatConfig(config),
  );
}

/**
 * Trains an experiment in its folder, from the folder's checkpoint if it has one: events as `fit`
 * gives them, each in the files before it is given, and the result at last. A completed run leaves
 * model.onnx and, where its kind has one, certificate.json.
 */
export async function* trainRun(
  experiment: Experiment,
  directory: RunDirectory,
  { version, signal }: { version: string; signal?: AbortSignal },
): AsyncGenerator<RunEvent> {
  const { model, data, options } = experiment;
  const { snapshotEvery } = experiment.config.train;
  const snapshot = (state: TrainingState) => {
    const atEnd = state.sums.samples === 0; // of an epoch
    if (snapshotEvery > 0 && atEnd && state.epoch % snapshotEvery === 0)
      directory.snapshot(state.epoch, parametersOf(model, state));
  };
  let status: FitStatus | "failed" = "failed";
  let reason: string | undefined;
  try {
    yield { type: "run", directory };
    const resume = directory.checkpoint?.state;
    if (!resume) {
      const start = initialState(model, options);
      snapshot(start);
      directory.save(start);
    }
    const watch = watching(experiment, directory);
    for await (const event of fit(model, data, { ...options, ...watch, signal, resume })) {
      switch (event.type) {
        case "step":
          for (const { epoch, ...step } of event.logged)
            directory.log({ type: "step", epoch: epoch + 1, ...step });
          break;
        case "epoch":
        case "verdict":
        case "restart":
        case "jump":
          directory.log({ ...event, epoch: event.epoch + 1 });
          break;
        case "checkpoint":
          // First the snapshot: what a checkpoint has passed is not done again.
          snapshot(event.state);
          directory.save(event.state);
          break;
        case "end": {
          directory.save(event.state);
          const result = await finish(experiment, directory, event, version);
          [status, reason] = [event.status, event.reason];
          directory.close(status, reason);
          yield event;
          yield result;
          return;
        }
      }
      yield event;
    }
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
    throw error;
  } finally {
    if (status === "failed") directory.close(status, reason);
  }
}

async function finish(
  experiment: Experiment,
  directory: RunDirectory,
  { status, reason, state }: TrainEvent & { type: "end" },
  version: string,
): Promise<RunResult> {
  const epochs = epochLines(directory.path);
  const test = epochs.at(-1)?.test ?? null;
  const seconds = epochs.reduce((sum, line) => sum + line.seconds, 0) / epochs.length;
  const left =
    status === "completed" || status === "stopped-by-verdict"
      ? await exportModel(experiment, directory, { state, test, version })
      : { model: null, certificate: null, refused: null, spectrum: null };
  return {
    type: "result",
    status,
    reason,
    run: directory.path,
    epochs: state.epoch,
    steps: state.step,
    test,
    secondsPerEpoch: epochs.length > 0 ? seconds : null,
    ...left,
  };
}

const epochLines = (path: string): EpochLine[] =>
  readFileSync(join(path, "metrics.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith('{"type":"epoch"'))
    .map((line) => JSON.parse(line) as EpochLine);

async function exportModel(
  { config, model, data, standardisation, features, classNames, options }: Experiment,
  directory: RunDirectory,
  { state, test, version }: { state: TrainingState; test: Metrics | null; version: string },
): Promise<Pick<RunResult, "model" | "certificate" | "refused" | "spectrum">> {
  const task = taskOf(data.train, model.outputs);
  const parameters = parametersOf(model, state);
  const tensors = await explicitTensors(model, parameters, standardisation, options.compile);
  const spectrum = config.model.kind === "sim" ? readSim(tensors, config.model.modes) : null;
  const run = {
    configSha256: configHash(config),
    seed: config.seed,
    version,
    epochs: state.epoch,
    steps: state.step,
    test,
  };
  const { bytes, certificate, refused } = writeModel(model, tensors, config, {
    about: {
      ...{ task, features, classNames },
      target: config.data.kind === "csv" ? config.data.target : null,
    },
    doc: `${config.model.kind}, trained by eigenflow ${version}`,
    metadata: {
      "eigenflow.run": JSON.stringify(run),
      ...(spectrum && { "eigenflow.spectrum": JSON.stringify(spectrum) }),
    },
  });
  if (certificate) directory.write("certificate.json", `${JSON.stringify(certificate, null, 2)}\n`);
  directory.write("model.onnx", bytes);
  return { model: join(directory.path, "model.onnx"), certificate, refused, spectrum };
}
