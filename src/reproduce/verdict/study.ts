import type { Reproduction } from "../reproduction.ts";
import { storedIn } from "../stored.ts";
import { planRuns, presets } from "./plan.ts";
import type { RunRecord } from "./record.ts";
import { recordsOf } from "./records.ts";
import { type Replay, replay } from "./replay.ts";
import { costOf, type Scores, scoresOf } from "./score.ts";
import { type Row, rowsOf, verdictSections } from "./table.ts";
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

/** Verdicts on training runs, against what became of them. */
export const trainingVerdict: Reproduction = {
  name: "training-verdict",
  title: "The verdict on training runs, against what became of them",
  about:
    "Trains networks on MNIST subsets from good and bad starts to their full length, asks for the verdict as if each were still going on, and counts how often it was right. What is wanted was set before the study.",
  seed: 2021,
  run: async ({ preset, seed, folder, progress }) => {
    const plan = presets[preset];
    const stored = storedIn<RunRecord>(folder);
    const records = await recordsOf(planRuns(plan, seed), { seed, stored, progress });
    const replays: Replay[] = [];
    for (const [i, record] of records.entries()) {
      if (i % 20 === 0)
        progress(`verdicts of runs ${i + 1} to ${Math.min(i + 20, records.length)}`);
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
    const runs = replays.map(summaryOf);
    return {
      lines: rows.map(({ name, wanted, ours, verdict }) => ({
        what: name,
        published: wanted,
        ours,
        standing: verdict,
      })),
      sections: verdictSections(scores, settings),
      figures: [],
      data: { settings, rules: truthRules, scores, rows, runs } satisfies VerdictStudy,
    };
  },
};

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
