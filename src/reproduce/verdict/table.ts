import type { Reproduced, Standing } from "../reproduction.ts";
import { markdownTable } from "../tables.ts";
import { horizon } from "./replay.ts";
import { type Quantiles, ratio, type Scores, type Share } from "./score.ts";
import { type Truth, truthRules } from "./truth.ts";

/** One line of the study: what was asked for, what came out. */
export interface Row {
  readonly name: string;
  readonly wanted: string; // "" where nothing was promised
  readonly ours: string;
  readonly verdict: Standing;
}

/** The bars of the study, set before it was run. */
export const bars = {
  deadRestarted: 0.95,
  goodRestarted: 0.02,
  medianCost: 0.2, // points of accuracy
  saved: 0.4,
  escapeError: 0.1,
  covered: [0.75, 0.85], // of an interval of 80 %
} as const;

/** What the study promises beside what it found, line by line. */
export function rowsOf({
  runs,
  restarts,
  everRestarted,
  stopping,
  forecasts,
  covered,
  escapes,
  moving,
}: Scores): Row[] {
  const row = (name: string, wanted: string, ours: string, reached: boolean | null): Row => ({
    name,
    wanted,
    ours,
    verdict: reached === null ? "" : reached ? "reached" : "not reached",
  });
  const { dead, good, late, diverged } = restarts;
  const stops = (["train", "either"] as const).flatMap((which) => {
    const { told, cost, saved } = stopping[which];
    const by = which === "train" ? "the training loss" : "training or validation loss";
    return [
      row(`good runs told to stop by ${by}`, "", share(told), null),
      row(
        `accuracy lost by stopping when told by ${by}, points, median (90 %)`,
        `≤ ${bars.medianCost}`,
        quantiles(cost, 2),
        cost === null ? false : cost.median <= bars.medianCost,
      ),
      row(
        `epochs of good runs saved by ${by}`,
        `≥ ${percent(bars.saved)}`,
        share(saved),
        ratio(saved) >= bars.saved,
      ),
    ];
  });
  return [
    row(
      "dead starts told to start again by epoch 40",
      `≥ ${percent(bars.deadRestarted)}`,
      share(dead),
      dead.of === 0 ? null : ratio(dead) >= bars.deadRestarted,
    ),
    row("the same, knowing how far the weights moved", "", share(moving.restarts.dead), null),
    row("the same at any time, confirmed", "", share(everRestarted.dead), null),
    row(
      "good runs told to start again by epoch 40",
      `≤ ${percent(bars.goodRestarted)}`,
      share(good),
      good.of === 0 ? null : ratio(good) <= bars.goodRestarted,
    ),
    row("the same, knowing how far the weights moved", "", share(moving.restarts.good), null),
    row("the same at any time, confirmed", "", share(everRestarted.good), null),
    row("diverged runs told to start again by epoch 40", "", share(diverged), null),
    row("late runs told to start again by epoch 40", "", share(late), null),
    ...stops,
    ...forecasts.map(({ name, error }) =>
      row(
        `forecast error ${horizon} epochs ahead, ${name}, median (90 %)`,
        "",
        shares(error),
        null,
      ),
    ),
    row(
      `losses ${horizon} epochs on inside their 80 % forecast interval`,
      "80 ± 5 %",
      share(covered),
      covered.of === 0
        ? null
        : ratio(covered) >= bars.covered[0] && ratio(covered) <= bars.covered[1],
    ),
    row("late runs with an escape predicted at epoch 40", "", share(escapes.predicted), null),
    row(
      "escape time error predicted at epoch 40, median (90 %)",
      `≤ ${percent(bars.escapeError)}`,
      shares(escapes.error),
      escapes.error === null ? null : escapes.error.median <= bars.escapeError,
    ),
    row("the same, all predictions on the plateau", "", shares(escapes.errorAll), null),
    row(
      "runs",
      "",
      Object.entries(runs)
        .map(([truth, count]) => `${count} ${truth}`)
        .join(", "),
      null,
    ),
  ];
}

/** All runs beside the two parts, and the rules of what a run was. */
export function verdictSections(
  parts: Readonly<Record<"all" | "train" | "held-out", Scores>>,
  { epochs }: { readonly epochs: number },
): Reproduced["sections"] {
  const columns = [parts.all, parts.train, parts["held-out"]].map(rowsOf);
  const runs = Object.values(parts.all.runs).reduce((sum, n) => sum + n, 0);
  return [
    {
      heading: "What became of a run",
      text: [
        `${runs} runs of ${epochs} epochs each, the verdict asked after epochs 40, 45, … with what had been seen until then. What became of a run is decided from its whole length by rules fixed before any run was looked at; the first that holds counts:`,
        (Object.keys(truthRules) as Truth[])
          .map((truth) => `- **${truth}**: ${truthRules[truth]}`)
          .join("\n"),
      ].join("\n\n"),
    },
    {
      heading: "Where thresholds were chosen, and where not",
      text: markdownTable(
        ["measure", "wanted", "all runs", "verdict", "train part", "held-out part"],
        columns[0].map(({ name, wanted, ours, verdict }, i) => [
          name,
          wanted,
          ours,
          verdict,
          columns[1][i].ours,
          columns[2][i].ours,
        ]),
      ),
    },
  ];
}

const percent = (x: number, decimals = 0) => `${(100 * x).toFixed(decimals)} %`;
const share = (one: Share) =>
  one.of === 0 ? "none" : `${one.count} of ${one.of} (${percent(ratio(one), 1)})`;
const quantiles = (found: Quantiles | null, decimals: number) =>
  found === null
    ? "none"
    : `${found.median.toFixed(decimals)} (${found.high.toFixed(decimals)}), ${found.count}`;
const shares = (found: Quantiles | null) =>
  found === null
    ? "none"
    : `${percent(found.median, 1)} (${percent(found.high, 1)}), ${found.count}`;
