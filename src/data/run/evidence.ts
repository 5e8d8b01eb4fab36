import { parameterTensors } from "../tensors/parameters.ts";
import { findSeries } from "./pick.ts";
import type { OpenedRun } from "./run.ts";

/** How much each kind of evidence can tell, the weakest first. */
export const ladder = [
  "numbers alone: their spectrum, rates and oscillations",
  "norms of gradients or weights beside it",
  "one vector a snapshot, or a projection: the spectrum of the training dynamics",
  "tensors by name: the modes of each layer",
  "a run that can be run again: intervals by restarts as well",
] as const;

/** What one observable of a run can tell. */
export interface Evidence {
  readonly of: "loss" | "val" | "weights";
  readonly level: number; // 1 … 5, a rung of `ladder`
  readonly says: string;
  /** What would make it tell more; empty at the top. */
  readonly missing: readonly string[];
}

/** A window that a spectrum can be trusted of. */
const wanted = 40;

/** The rung of each observable that a run has: of the loss, the validation loss and the weights. */
export function evidence(run: OpenedRun): Evidence[] {
  const { snapshots, series } = run;
  const rung = (of: Evidence["of"], level: number, missing: string[]): Evidence => ({
    of,
    level,
    says: ladder[level - 1],
    missing,
  });
  const found: Evidence[] = [];
  const norms = series.some(({ name }) =>
    /(grad|gradient|weight|param(eter)?)s?(_?2)?[_./ -]*norm/i.test(name),
  );
  for (const of of ["loss", "val"] as const) {
    const values = findSeries(run, of)?.values.length;
    if (values === undefined) continue;
    const missing = [];
    if (values < wanted) missing.push(`only ${values} values: a spectrum needs ${wanted}`);
    if (!norms) missing.push("no norms of gradients or weights");
    if (snapshots.length === 0) missing.push("no snapshots of the weights");
    found.push(rung(of, norms ? 2 : 1, missing));
  }
  if (snapshots.length > 0) {
    const tensors = parameterTensors(snapshots[0].files.flatMap((file) => file.tensors)).length;
    const again = run.kind === "eigenflow";
    const missing = [];
    if (snapshots.length < wanted)
      missing.push(
        `only ${snapshots.length} snapshot${snapshots.length === 1 ? "" : "s"}: ${wanted} are wanted, ` +
          "save them more often",
      );
    if (tensors === 1 && !again) missing.push("no tensors by name");
    found.push(rung("weights", again ? 5 : tensors > 1 ? 4 : 3, missing));
  }
  return found;
}
