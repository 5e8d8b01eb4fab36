import { join } from "node:path";
import { type Experiment, experimentOf } from "../../config/experiment.ts";
import { configHash, formatConfig, type LoadedConfig, loadConfig } from "../../config/load.ts";
import { flagOverride, type Override, parseOverride } from "../../config/overrides.ts";
import { type RunResult, startRun, trainRun } from "../../config/run.ts";
import { counted } from "../../data/run/run.ts";
import { DataError, InternalError, NumericError, UsageError } from "../../errors.ts";
import { loadBackend } from "../../runtime/backend.ts";
import { stepsPerEpoch } from "../../training/batches.ts";
import { layoutOf } from "../../training/flat.ts";
import { type RunDirectory, readRun, resumeRun } from "../../training/run-directory.ts";
import { signalCodes } from "../output/exit.ts";
import { type Interrupt, listen } from "../output/interrupt.ts";
import { grouped } from "../output/numbers.ts";
import { note, type Outcome, printResult } from "../output/output.ts";
import { forLine, type ProgressMode, progress } from "../output/progress.ts";
import { version } from "../output/version.ts";
import { reportRun } from "./run-report.ts";
import { solverAdvice, trainedText } from "./trained.ts";

export interface TrainFlags {
  readonly set: readonly string[];
  readonly resume?: string;
  readonly out?: string;
  readonly seed?: string;
  readonly threads?: string;
  readonly device?: string;
  readonly printConfig?: true;
  readonly dryRun?: true;
  readonly jsonl?: true;
  readonly quiet?: true;
  readonly progress: ProgressMode;
}

/** `eigenflow train CONFIG`, or `eigenflow train --resume RUN`. */
export async function train(path: string | undefined, flags: TrainFlags): Promise<Outcome> {
  const loaded = await configOf(path, flags);
  const { config, originOf } = loaded;
  if (flags.printConfig) return { document: { config }, text: formatConfig(config, originOf) };
  if (flags.dryRun) return plan(await experimentOf(config));

  await loadBackend(config.device);
  const interrupt = listen();
  try {
    const experiment = await experimentOf(config);
    const directory = flags.resume ? resumeRun(flags.resume) : await startRun(experiment, version);
    return await follow(experiment, directory, flags, interrupt);
  } finally {
    interrupt.release();
  }
}

/** The configuration asked for; with --resume, which must be that of the run. */
async function configOf(path: string | undefined, flags: TrainFlags): Promise<LoadedConfig> {
  const { set, resume } = flags;
  const overrides: Override[] = set.map(parseOverride);
  for (const key of ["seed", "threads", "device", "out"] as const) {
    const value = flags[key];
    if (value !== undefined) overrides.push(flagOverride(key, value));
  }
  if (resume === undefined) {
    if (path !== undefined) return loadConfig(path, overrides);
    throw new UsageError("no configuration is given", "npx eigenflow train CONFIG.yaml");
  }
  const run = readRun(resume);
  const loaded = await loadConfig(path ?? join(resume, "config.resolved.yaml"), overrides);
  if (configHash(loaded.config) !== run.configSha256) {
    throw new DataError(`${resume}: this is not the configuration that the run was begun with`, {
      hint: `a run goes on as it began: npx eigenflow train --resume ${resume}`,
    });
  }
  if (["non-finite", "solver-failed", "given-up"].includes(run.status)) {
    throw new DataError(`${resume}: the run ended with ${run.status}: ${run.reason}`, {
      hint: "it would end so again; begin a new one with another rate, m or solver",
    });
  }
  return loaded;
}

/** What a run would do. */
function plan({ config, model, data }: Experiment): Outcome {
  const { epochs, batch } = config.train;
  const parameters = layoutOf(model.initialise(config.seed)).size;
  const steps = epochs * stepsPerEpoch(data.train.count, batch);
  const rows = { train: data.train.count, test: data.test.count };
  const { inputs, outputs } = model;
  return {
    document: { dryRun: true, config, rows, inputs, outputs, parameters, steps },
    text: [
      `data   ${config.data.kind}: ${grouped(rows.train)} rows to train, ${grouped(rows.test)} to test`,
      `model  ${config.model.kind}: ${counted(inputs, "input")}, ${counted(outputs, "output")}, ${counted(parameters, "parameter")}`,
      `train  ${counted(epochs, "epoch")} of batch ${batch}: ${counted(steps, "step")}`,
      "nothing was written",
    ].join("\n"),
  };
}

async function follow(
  experiment: Experiment,
  directory: RunDirectory,
  { jsonl, quiet, progress: mode }: TrainFlags,
  { signal, received }: Interrupt,
): Promise<Outcome> {
  for (const message of directory.damaged)
    note(`warning: checkpoint ${message}; the one before is used`);
  if (!quiet && mode !== "jsonl" && mode !== "none") note(`run ${directory.path}`);
  const shown = progress(quiet ? "none" : mode);
  let result: RunResult | undefined;
  try {
    for await (const event of trainRun(experiment, directory, { version, signal })) {
      if (jsonl) forLine(event, printResult);
      shown.show(event);
      if (event.type === "result") result = event;
    }
  } finally {
    shown.done();
  }
  if (result === undefined) throw new InternalError("a run ended without a result");
  // A run that was stopped has not ended: it goes on, and is reported then.
  const page = result.status === "stopped" ? null : await reportRun(experiment, directory, result);
  return outcomeOf(result, {
    text: !jsonl,
    stop: received(),
    page,
    kind: experiment.config.model.kind,
  });
}

function outcomeOf(
  result: RunResult,
  {
    text,
    stop,
    page,
    kind,
  }: { text: boolean; stop: keyof typeof signalCodes | null; page: string | null; kind: string },
): Outcome {
  const { type: _, refused, ...rest } = result;
  const document = { ...rest, ...(page && { report: page }) };
  const { run, status, reason, steps } = result;
  const resume = `npx eigenflow train --resume ${run}`;
  switch (status) {
    case "completed":
    case "stopped-by-verdict":
      return {
        document: { ...document, refused: refused?.message },
        text: text ? trainedText(result, page, kind) : "",
        ...(refused && { failure: refused }),
      };
    case "stopped":
      return {
        document: { ...document, resume },
        text: "",
        stopped: {
          message: `stopped after step ${grouped(steps)}; the checkpoint is written`,
          hint: `go on with: ${resume}`,
          exitCode: signalCodes[stop ?? "SIGINT"],
        },
      };
    case "given-up":
      return {
        document,
        text: "",
        failure: new NumericError(
          `training was given up by the verdict: ${reason}`,
          `start from other weights, a smaller train.rate, or with stop.restarts; the last state is in ${join(run, "checkpoints")}`,
        ),
      };
    case "non-finite":
    case "solver-failed":
      return {
        document,
        text: "",
        failure: new NumericError(
          `training ended with ${status}: ${reason}`,
          `lower train.rate or set train.clipNorm${status === "solver-failed" ? `; or ${solverAdvice(kind)}; train.unconvergedLimit: 1 lets it go on` : ""}; ` +
            `the last good state is in ${join(run, "checkpoints")}`,
        ),
      };
  }
}
