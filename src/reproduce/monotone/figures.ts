import type { Figure } from "../../report/figure.ts";
import { type CountRow, tolerances } from "./counts.ts";

/** Iterations of every splitting, ours over those in print. */
export function countsFigure(counts: readonly CountRow[], draws: number): Figure {
  const panels = [...new Set(counts.map(({ m }) => m))].map((m) => {
    const rows = counts.filter((row) => row.m === m && row.published.includes("/"));
    return {
      title: `m = ${m}`,
      x: { label: "iterations in print", scale: "log" as const },
      y: { label: "ours, median", scale: "log" as const },
      marks: [
        {
          type: "line" as const,
          role: "faint" as const,
          x: [5, 3000],
          y: [5, 3000],
          dash: "dashed" as const,
        },
        ...(["Peaceman", "forward"] as const).flatMap((family, f) =>
          tolerances.map((_, k) => {
            const shown = rows.filter(
              (row) => row.method.startsWith(family) && row.ours[k] !== null,
            );
            return {
              type: "dots" as const,
              role: f,
              name: `${family === "forward" ? "forward–backward" : "Peaceman–Rachford"}, to ${k === 0 ? "1e-2" : "1e-6"}`,
              x: shown.map(({ published }) => Number(published.split("/")[k])),
              y: shown.map(({ ours }) => ours[k]!),
              filled: shown.map(() => k === 1),
            };
          }),
        ),
      ],
    };
  });
  return {
    schema: "eigenflow/figure@1",
    name: "monotone-iterations",
    title: "Iterations of the splittings",
    caption: `Iterations to a relative change of z of 1e-2 (rings) and 1e-6 (discs) on random monotone layers of width 87: medians of ${draws} draws against one layer in print.`,
    alt: `Iterations of Peaceman–Rachford and forward–backward splitting, ours against those in print: the points lie near the diagonal, Peaceman–Rachford below 50 to 1e-6 at its best steps, forward–backward up to thousands for m = 0.1.`,
    size: "page",
    panels,
  };
}
