import type { SolverSummary } from "../../training/events.ts";
import { seriesFigure } from "../builders/series.ts";
import { percent } from "../builders/words.ts";
import type { ReportSection } from "../content.ts";
import type { EpochMetrics } from "../run-report.ts";

/** What the solver of an equilibrium model did; no section for other models. */
export function solverSection(epochs: readonly EpochMetrics[]): ReportSection[] {
  const parts = (
    [
      ["test, forward", (one: EpochMetrics) => one.test.forward],
      ["training, forward", (one: EpochMetrics) => one.train.forward],
      ["training, backward", (one: EpochMetrics) => one.train.backward],
    ] as const
  ).map(([name, of]) => ({ name, found: epochs.map(of) }));
  const there = parts.filter(({ found }) => found.some((summary) => summary !== undefined));
  if (there.length === 0) return [];
  const steps = epochs.map(({ epoch }) => epoch);
  const lines = (value: (summary: SolverSummary) => number) =>
    there.map(({ name, found }) => ({
      name,
      steps,
      values: found.map((summary) => (summary === undefined ? null : (value(summary) ?? null))),
    }));
  const shares = lines(({ unconverged }) => unconverged);
  const last = there.map(({ name, found }) => ({ name, summary: found[found.length - 1] }));
  const failing = last.filter(({ summary }) => (summary?.unconverged ?? 0) > 0);
  return [
    {
      title: "The solver",
      paragraphs: [
        failing.length === 0
          ? "In the last epoch every solve met its tolerance."
          : `Solves that did not meet their tolerance in the last epoch: ${failing
              .map(({ name, summary }) => `${name} ${percent(summary!.unconverged)}`)
              .join(", ")}.`,
      ],
      figures: [
        seriesFigure({
          name: "iterations",
          title: "Iterations of the solver",
          label: "mean iterations",
          series: lines(({ meanIterations }) => meanIterations),
        }),
        ...(shares.some(({ values }) => values.some((value) => value !== null && value > 0))
          ? [
              seriesFigure({
                name: "unconverged",
                title: "Solves that did not converge",
                label: "share of the samples",
                series: shares,
              }),
            ]
          : []),
      ],
      tables: [
        {
          name: "solver",
          caption: "The last epoch.",
          columns: ["solves", "mean iterations", "most", "unconverged, %", "of fixed length, %"],
          rows: last.map(({ name, summary }) => [
            name,
            summary?.meanIterations ?? null,
            summary?.mostIterations ?? null,
            summary === undefined ? null : 100 * summary.unconverged,
            summary?.truncated === undefined ? null : 100 * summary.truncated,
          ]),
        },
      ],
    },
  ];
}
