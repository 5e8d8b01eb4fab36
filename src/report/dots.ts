import * as Plot from "@observablehq/plot";
import { DataError } from "../errors.ts";
import { narrowLogAxis, plotScale, xAxisMark } from "./axis.ts";
import { legend } from "./labels.ts";
import { colour, ink, symbol, textWidth } from "./style.ts";
import { type Frame, type Label, margins, svg } from "./svg.ts";

/** One number for a row (a problem) and a series (a solver); `remark` stands beside the dot. */
export interface Dot {
  readonly row: string;
  readonly series: string;
  readonly value: number;
  readonly remark?: string;
}

/**
 * Numbers side by side: a row for each problem, a symbol for each series, on a log axis. A value that
 * is not finite is not drawn; `remark` of a dot marks what its number leaves out.
 *
 * @throws DataError  where no value is positive and finite
 */
export function dotPlot(
  dots: readonly Dot[],
  { xLabel, ...frame }: Frame & { readonly xLabel: string },
): string {
  const rows = [...new Set(dots.map(({ row }) => row))];
  const names = [...new Set(dots.map(({ series }) => series))];
  const x = narrowLogAxis(
    dots.map(({ value }) => value),
    "dotPlot",
  );
  const finite = dots.filter(({ value }) => Number.isFinite(value));
  if (rows.length === 0) throw new DataError("dotPlot: no dots to draw");
  const { width = 760 } = frame;
  const top = margins.top + 18;
  const rowHeight = 16 + 11 * names.length;
  const height = top + margins.bottom + rowHeight * rows.length;
  const marginLeft = 24 + Math.max(...rows.map((row) => textWidth(row, 11.5)));
  // Within its row every series has a line of its own, so that equal numbers do not hide each other.
  const offset = (series: string) => (names.indexOf(series) + 1 - (names.length + 1) / 2) * 11;
  const rowLabels = rows.map(
    (row, k): Label => ({
      x: marginLeft - 10,
      y: top + rowHeight * (k + 0.5) + 4,
      text: row,
      anchor: "end",
    }),
  );
  return svg(
    { ...frame, width, height },
    finite
      .map(
        ({ row, series, value, remark }) =>
          `${row}, ${series}: ${value}${remark ? ` (${remark})` : ""}.`,
      )
      .join(" "),
    {
      marginTop: top,
      marginLeft,
      marginRight: 56,
      x: plotScale(x, xLabel),
      y: { domain: [0, rows.length], reverse: true, axis: null },
      marks: [
        Plot.gridX([...(x.ticks ?? [])]),
        xAxisMark(x, xLabel),
        Plot.ruleY(rows.map((_, k) => k).concat(rows.length), { stroke: ink, strokeOpacity: 0.2 }),
        ...names.flatMap((series, i) => {
          const own = finite.filter((dot) => dot.series === series);
          const place = {
            x: (dot: Dot) => x.place(dot.value),
            y: (dot: Dot) => rows.indexOf(dot.row) + 0.5 + offset(series) / rowHeight,
          };
          return [
            Plot.dot(own, { ...place, r: 3.4, symbol: symbol(i), fill: colour(i) }),
            Plot.text(
              own.filter(({ remark }) => remark !== undefined),
              {
                ...place,
                text: "remark",
                dx: 8,
                textAnchor: "start",
                fontSize: 9.5,
                fill: colour(i),
              },
            ),
          ];
        }),
      ],
    },
    [
      ...rowLabels,
      ...legend(
        names.map((name, i) => ({ name, fill: colour(i) })),
        16,
        margins.top + 2,
      ),
    ],
  );
}
