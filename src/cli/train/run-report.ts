import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Experiment } from "../../config/experiment.ts";
import { formatConfig } from "../../config/load.ts";
import type { RunResult } from "../../config/run.ts";
import type { EpochMetrics, TrainedRun } from "../../report/run-report.ts";
import { type RunDirectory, readRun } from "../../training/run-directory.ts";
import { note } from "../output/output.ts";

const file = "report.html";

/**
 * Leaves report.html in the folder of a run that has ended, and its path. A run is not lost for want of a
 * picture: where the report fails, a warning says so and null is returned.
 */
export async function reportRun(
  experiment: Experiment,
  directory: RunDirectory,
  result: RunResult,
): Promise<string | null> {
  try {
    // Drawing takes half a second to load, which only a run that has ended pays.
    const [{ runReport }, { reportPage }] = await Promise.all([
      import("../../report/run-report.ts"),
      import("../../report/page.ts"),
    ]);
    directory.write(file, reportPage(runReport(trainedRun(experiment, result))));
    return join(directory.path, file);
  } catch (error) {
    note(`warning: no ${file}: ${error instanceof Error ? error.message : error}`);
    return null;
  }
}

interface Line {
  readonly type: string;
  readonly step: number;
  readonly rate: number;
}

function trainedRun({ config, model, data }: Experiment, result: RunResult): TrainedRun {
  const { run, status, reason, test, certificate, refused, spectrum } = result;
  const { seed, versions, name } = readRun(run);
  const metrics = readFileSync(join(run, "metrics.jsonl"), "utf8");
  const lines = metrics
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
  const epochs = lines.filter(({ type }) => type === "epoch") as unknown as EpochMetrics[];
  // Where a run began again from other weights, only its last beginning leads to the model.
  const begun = epochs.findLastIndex(({ epoch }, i) => i > 0 && epoch <= epochs[i - 1].epoch);
  const classes = test?.accuracy === undefined ? 1 : model.outputs;
  return {
    name,
    status,
    reason,
    model: config.model.kind,
    epochs: epochs.slice(Math.max(0, begun)),
    rates: lines.filter(({ type }) => type === "step").map(({ step, rate }) => ({ step, rate })),
    testRows: data.test.count,
    reference: classes > 1 ? Math.log(classes) : null,
    certificate,
    refused: refused?.message ?? null,
    spectrum,
    reproduce: {
      command: "npx eigenflow train config.resolved.yaml",
      versions,
      seeds: { "of everything random": seed },
      inputs: [{ path: "config.resolved.yaml", sha256: digest(formatConfig(config)) }],
      files: [{ name: "config.resolved.yaml", text: formatConfig(config) }],
    },
  };
}

const digest = (text: string) => createHash("sha256").update(text).digest("hex");
