import { existsSync } from "node:fs";
import { join } from "node:path";
import { pickSeries } from "../data/run/pick.ts";
import type { OpenedRun } from "../data/run/run.ts";
import { DataError } from "../errors.ts";
import { spacingOf } from "../koopman/spacing.ts";
import type { Observable } from "./analyze.ts";

/** How much each kind of evidence can tell, the weakest first. */
export const ladder = [
  "series only: the spectrum of the delayed loss, rates and oscillations",
  "gradient or weight norms beside them",
  "projections of the weights: the spectrum of the training dynamics",
  "full checkpoints: modes of each layer",
  "a run that can be run again: intervals by restarts",
] as const;

export interface Evidence {
  readonly of: Observable;
  readonly level: number; // 1 … 5
  readonly means: string;
  readonly command: string;
  /** What would make it tell more. */
  readonly remarks: readonly string[];
}

/** What can be analysed of a run, and how far each can be trusted. */
export function evidenceOf(run: OpenedRun, path: string): Evidence[] {
  const again = run.kind === "eigenflow" && existsSync(join(path, "config.resolved.yaml"));
  const norms = run.series.some(({ name }) => /(grad|weight|param).*norm/i.test(name));
  const out: Evidence[] = [];
  const add = (of: Observable, level: number, remarks: string[]) => {
    const command = `eigenflow analyze ${path}${of === "loss" ? "" : ` --of ${of}`}`;
    out.push({ of, level, means: ladder[level - 1], command, remarks });
  };
  for (const of of ["loss", "val"] as const) {
    const found = picked(run, of);
    if (found === null) continue;
    const remarks = [];
    if (found.values.length < 40)
      remarks.push(`only ${found.values.length} values: a spectrum needs 40`);
    if (!spacingOf(found.steps).even) remarks.push("unevenly spaced");
    add(of, norms ? 2 : 1, remarks);
  }
  if (run.snapshots.length > 0) {
    const tensors = run.snapshots[0].files.flatMap((file) => file.tensors);
    const whole = tensors.length > 1;
    const remarks = [];
    if (run.snapshots.length < 40)
      remarks.push(`only ${run.snapshots.length} snapshots: 40 are wanted, save them more often`);
    if (!spacingOf(run.snapshots.map(({ step }) => step)).even) remarks.push("unevenly spaced");
    add("weights", again ? 5 : whole ? 4 : 3, remarks);
  }
  return out;
}

function picked(run: OpenedRun, of: "loss" | "val") {
  try {
    return pickSeries(run, of);
  } catch (error) {
    if (error instanceof DataError) return null;
    throw error;
  }
}
