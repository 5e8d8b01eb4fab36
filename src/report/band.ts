import * as Plot from "@observablehq/plot";
import { DataError, ShapeError } from "../errors.ts";
import { type Axis, linearAxis, logAxis, plotScale, share } from "./axis.ts";
import { apart } from "./labels.ts";
import { colour, ink, paper, textWidth } from "./style.ts";
import { type Frame, type Label, margins, svg } from "./svg.ts";

/** A quantity over x: its middle and, where given, a band around it. */
export interface BandSeries {
  readonly name: string;
  readonly x: ArrayLike<number>;
  readonly middle: ArrayLike<number>;
  readonly low?: ArrayLike<number>;
  readonly high?: ArrayLike<number>;
  /** Single points beside the line, such as published values: rings of the series' colour. */
  readonly points?: readonly { readonly x: number; readonly y: number }[];
}

export interface BandOptions extends Frame {
  readonly xLabel: string;
  readonly yLabel: string;
  readonly yScale?: "log" | "linear";
}

/**
 * Median and band of several series over x, each labelled at the end of its line. On a log axis
 * zeros stand at its lower end, marked 0. A value that is NaN or infinite breaks the line, and a
 * cross at the upper edge says where.
 *
 * @throws DataError  for no series, or none with a number to draw
 * @throws ShapeError  for a series whose arrays differ in length
 */
export function bandPlot(
  series: readonly BandSeries[],
  { xLabel, yLabel, yScale = "log", ...frame }: BandOptions,
): string {
  if (series.length === 0) throw new DataError("bandPlot: no series to draw");
  series.forEach(requireLengths);
  const values = series.flatMap(({ middle, low, high, points = [] }) => [
    ...numbers(middle),
    ...numbers(low),
    ...numbers(high),
    ...points.map(({ y }) => y),
  ]);
  const y = (yScale === "log" ? logAxis : linearAxis)(values, "bandPlot");
  const x = linearAxis(
    series.flatMap((one) => [...numbers(one.x), ...(one.points ?? []).map((point) => point.x)]),
    "bandPlot",
    0,
  );
  const { width = 680, height = 400 } = frame;
  const marginRight = 20 + Math.max(...series.map(({ name }) => textWidth(name, 11.5, true)));
  const names = endLabels(series, x, y, [width - marginRight, height]);
  const marks = [
    Plot.ruleY([y.domain[0]], { stroke: ink }),
    ...series.map((one, i) => bandMark(one, y, colour(i))),
    ...series.map((one, i) => lineMark(one, y, colour(i))),
    ...series.map((one, i) => crossMark(one, y, colour(i))),
    ...series.map((one, i) => pointMark(one, y, colour(i))),
  ];
  return svg(
    frame,
    describe(series, xLabel, yLabel),
    {
      marginRight,
      x: plotScale(x, xLabel),
      y: { ...plotScale(y, yLabel, 54), grid: true },
      marks,
    },
    names,
  );
}

/**
 * The name of each series where its line ends: beside the frame, moved apart, or within it where a
 * line ends well before the others.
 */
function endLabels(
  series: readonly BandSeries[],
  x: Axis,
  y: Axis,
  [right, height]: readonly [number, number],
): Label[] {
  const [top, bottom] = [margins.top, height - margins.bottom];
  const labels = series.map(({ name, x: at, middle }, i) => {
    const last = numbers(middle).findLastIndex(Number.isFinite);
    const along = last < 0 ? 1 : share(x, at[last]);
    const down = last < 0 ? top : bottom - (bottom - top) * share(y, middle[last]);
    const inside = along < 0.85;
    const px = inside ? margins.left + (right - margins.left) * along : right;
    return { x: px + 8, y: down, text: name, fill: colour(i), bold: true, inside };
  });
  const beside = labels.filter(({ inside }) => !inside);
  const places = apart(
    beside.map((label) => label.y),
    15,
    [top, bottom],
  );
  return labels.map(({ inside, ...label }, i) => {
    const rank = labels.slice(0, i).filter((other) => !other.inside).length;
    return { ...label, y: 4 + (inside ? Math.min(label.y, bottom - 8) : places[rank]) };
  });
}

const numbers = (values: ArrayLike<number> = []): number[] => Array.from(values);

function requireLengths({ name, x, middle, low, high }: BandSeries): void {
  for (const other of [middle, low ?? x, high ?? x]) {
    if (other.length !== x.length) {
      throw new ShapeError(`series "${name}": ${other.length} values at ${x.length} places`);
    }
  }
  if ((low === undefined) !== (high === undefined)) {
    throw new ShapeError(`series "${name}" has one edge of a band: low and high, or neither`);
  }
}

/** NaN, which breaks a line, for what is not finite. */
const shown = (axis: Axis, value: number) => (Number.isFinite(value) ? axis.place(value) : NaN);

function lineMark({ x, middle }: BandSeries, y: Axis, stroke: string) {
  const points = numbers(x).map((at, i) => [at, shown(y, middle[i])]);
  return Plot.line(points, { stroke, strokeWidth: 2 });
}

function bandMark({ x, middle, low = middle, high = middle }: BandSeries, y: Axis, fill: string) {
  const rows = numbers(x).map((at, i) => [at, shown(y, low[i]), shown(y, high[i])]);
  const [x1, y1, y2] = [0, 1, 2].map((column) => (row: number[]) => row[column]);
  return low === middle ? null : Plot.area(rows, { x1, y1, y2, fill, fillOpacity: 0.16 });
}

function crossMark({ x, middle }: BandSeries, y: Axis, stroke: string) {
  const lost = numbers(x).filter((_, i) => !Number.isFinite(middle[i]));
  const points = lost.map((at) => [at, y.domain[1]]);
  return points.length === 0 ? null : Plot.dot(points, { symbol: "times", stroke, r: 3.5 });
}

function pointMark({ points = [] }: BandSeries, y: Axis, stroke: string) {
  const placed = points.map((point) => [point.x, y.place(point.y)]);
  if (placed.length === 0) return null;
  return Plot.dot(placed, { r: 3.5, stroke, fill: paper, strokeWidth: 1.5 });
}

/** What the picture shows, in words. */
function describe(series: readonly BandSeries[], xLabel: string, yLabel: string): string {
  const lines = series.map(({ name, x, middle }) => {
    const at = numbers(middle).findLastIndex(Number.isFinite);
    if (at < 0) return `${name}: no finite value.`;
    return `${name}: from ${brief(middle[0])} at ${brief(x[0])} to ${brief(middle[at])} at ${brief(x[at])}.`;
  });
  return [`${yLabel} over ${xLabel}.`, ...lines].join(" ");
}

const brief = (x: number) => String(Number(x.toPrecision(3)));
