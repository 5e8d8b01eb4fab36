import { storedIn } from "../stored.ts";
import { type Preset, planRuns } from "./plan.ts";
import type { RunRecord } from "./record.ts";
import { recordsOf } from "./records.ts";
import { type Replay, replay } from "./replay.ts";
import { costOf, type Scores, scoresOf } from "./score.ts";
import { type Row, rowsOf, verdictTables } from "./table.ts";
import { type Truth, truthRules } from "./truth.ts";

/** One run of the study in short. */
export interface RunSummary {
  readonly id: string;
  readonly part: "train" | "held-out";
  readonly rate: number;
  readonly truth: Truth;
  readonly at40: string; // the first verdict
  readonly stop: number | null; // epoch of the first confirmed stop, by either loss
  readonly by: string | null;
  readonly cost: number | null; // points of accuracy lost there
}

/** The study as plain data. */
export interface VerdictStudy {
  readonly settings: { readonly preset: string; readonly seed: number; readonly epochs: number };
  readonly rules: Readonly<Record<Truth, string>>;
  readonly scores: Readonly<Record<"all" | "train" | "held-out", Scores>>;
  readonly rows: readonly Row[];
  readonly runs: readonly RunSummary[];
}

export interface StudyOptions {
  readonly preset: string;
  readonly plan: Preset;
  readonly seed: number;
  /** Where the record of each run is kept. */
  readonly folder: string;
  readonly progress: (part: string) => void;
}

/**
 * Trains the runs of a preset to their full length, asks for the verdict as if each were still going on,
 * and counts how often it was right. Runs that are stored already are not trained again.
 */
export async function verdictStudy({
  preset,
  plan,
  seed,
  folder,
  progress,
}: StudyOptions): Promise<{ readonly study: VerdictStudy; readonly tables: string }> {
  const stored = storedIn<RunRecord>(folder);
  const records = await recordsOf(planRuns(plan, seed), { seed, stored, progress });
  const replays: Replay[] = [];
  for (const [i, record] of records.entries()) {
    if (i % 20 === 0) progress(`verdicts of runs ${i + 1} to ${Math.min(i + 20, records.length)}`);
    replays.push(replay(record));
  }
  const of = (part: string) => replays.filter(({ record }) => record.plan.part === part);
  const scores = {
    all: scoresOf(replays),
    train: scoresOf(of("train")),
    "held-out": scoresOf(of("held-out")),
  };
  const settings = { preset, seed, epochs: plan.epochs };
  const rows = rowsOf(scores.all);
  return {
    study: { settings, rules: truthRules, scores, rows, runs: replays.map(summaryOf) },
    tables: `${verdictTables(scores, settings)}\n`,
  };
}

function summaryOf(one: Replay): RunSummary {
  const { record, truth, train, stopByEither: stop } = one;
  return {
    id: record.plan.id,
    part: record.plan.part,
    rate: record.plan.rate,
    truth,
    at40: train[0].decision,
    stop: stop?.epoch ?? null,
    by: stop === null ? null : `${stop.by} ${stop.decision}`,
    cost: stop === null ? null : Number(costOf(one, stop).toFixed(2)),
  };
}
