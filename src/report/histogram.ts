import * as Plot from "@observablehq/plot";
import { median } from "../data/quantiles.ts";
import { DataError } from "../errors.ts";
import { linearAxis, narrowLogAxis, plotScale, xAxisMark } from "./axis.ts";
import { colour, faint, ink, textWidth } from "./style.ts";
import { type Frame, type Label, margins, svg } from "./svg.ts";

/** Iterations of one solver on several problems; NaN or infinite where it did not converge. */
export interface Counts {
  readonly name: string;
  readonly iterations: ArrayLike<number>;
}

/**
 * How many iterations each solver took, one histogram under another on one axis, with its median and
 * how many problems it solved. Each is as tall as its own fullest bin. Where the counts span more than
 * a factor of 20 the axis is logarithmic.
 *
 * @throws DataError  for no solver, one without problems, or no problem solved by any
 */
export function iterationHistogram(
  solvers: readonly Counts[],
  { xLabel = "evaluations of f", height, ...frame }: Frame & { readonly xLabel?: string },
): string {
  const solved = solvers.map(({ name, iterations }) => {
    if (iterations.length === 0)
      throw new DataError(`iterationHistogram: "${name}" has no problem`);
    return Array.from(iterations).filter(Number.isFinite);
  });
  const all = solved.flat();
  if (all.length === 0) throw new DataError("iterationHistogram: nothing converged");
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const wide = least >= 1 && most > spanned * least;
  const edges = edgesOf(least, most, wide);
  const x = (wide ? narrowLogAxis : linearAxis)(edges, "iterationHistogram");
  const bars = solved.flatMap((counts, row) =>
    barsOf(counts, edges).map((bar) => ({ ...bar, row })),
  );
  const tall = height ?? margins.top + margins.bottom + 64 * solvers.length;
  const marginLeft = 20 + Math.max(...solvers.map(({ name }) => textWidth(name, 11.5, true)));
  const rowHeight = (tall - margins.top - margins.bottom) / solvers.length;

  const labels = solvers.flatMap(({ name, iterations }, row): Label[] => {
    const y = margins.top + rowHeight * (row + 1) - 4;
    const remark =
      solved[row].length === 0
        ? `none of ${iterations.length} converged`
        : `median ${Number(median(solved[row]).toPrecision(3))}, ${solved[row].length} of ${iterations.length} converged`;
    return [
      { x: marginLeft - 10, y, text: name, fill: colour(row), anchor: "end", bold: true },
      {
        x: (frame.width ?? 680) - 16,
        y: y - rowHeight + 20,
        text: remark,
        fill: faint,
        anchor: "end",
      },
    ];
  });
  return svg(
    { ...frame, height: tall },
    labels.map(({ text }) => text).join(". "),
    {
      marginLeft,
      marginRight: 16,
      x: plotScale(x, xLabel),
      y: { domain: [0, 1.5], axis: null },
      fy: { domain: solvers.map((_, row) => row), axis: null, padding: 0 },
      marks: [
        xAxisMark(x, xLabel),
        Plot.rect(bars, {
          fy: "row",
          x1: "from",
          x2: "to",
          y1: 0,
          y2: "share",
          insetLeft: 0.5,
          insetRight: 0.5,
          fill: ({ row }) => colour(row),
        }),
        Plot.ruleY([0], { stroke: ink }),
      ],
    },
    labels,
  );
}

/** A range wider than this factor needs a log axis. */
const spanned = 20;
const bins = 40;

/** Edges between whole numbers, so that bins hold one number each where there is room. */
function edgesOf(least: number, most: number, wide: boolean): number[] {
  const start = Math.floor(least);
  const step = Math.max(1, niceStep((most - least) / bins));
  const ratio = (most / least) ** (1 / bins);
  const edges = [start - 0.5];
  for (let at = start; at <= most; ) {
    at = wide ? Math.max(at + 1, Math.round(at * ratio)) : at + step;
    edges.push(at - 0.5);
  }
  return edges;
}

/** The bins that hold something, by how full they are beside the fullest. */
function barsOf(counts: readonly number[], edges: readonly number[]) {
  const full = edges.slice(1).map((to, k) => ({
    from: edges[k],
    to,
    count: counts.filter((x) => x >= edges[k] && x < to).length,
  }));
  const fullest = Math.max(...full.map(({ count }) => count));
  return full
    .filter(({ count }) => count > 0)
    .map(({ from, to, count }) => ({ from, to, share: count / fullest }));
}

/** The next of 1, 2, 5, 10, 20, … that is not below x. */
function niceStep(x: number): number {
  const unit = 10 ** Math.floor(Math.log10(Math.max(x, 1e-300)));
  return [1, 2, 5, 10].map((k) => k * unit).find((step) => step >= x * (1 - 1e-9)) ?? x;
}
