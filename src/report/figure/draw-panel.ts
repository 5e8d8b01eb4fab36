import * as Plot from "@observablehq/plot";
import type { Mark, Panel, RuleMark, TextMark } from "../figure.ts";
import { drawMark } from "./draw-marks.ts";
import { type Scale, scaleOf, type Tick } from "./scale.ts";
import { fit, widthOf } from "./text-size.ts";
import { colourOf, type Theme } from "./theme.ts";

/** Where a panel stands in the figure, in px. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A text of the figure, in px from its upper left corner. */
export interface Words {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly fill: string;
  readonly size: number;
  readonly anchor?: "start" | "middle" | "end";
  readonly bold?: boolean;
  /** On the marks: with an edge in the colour of the ground. */
  readonly halo?: true;
}

/** A panel ready to be put in the figure: what Plot is to draw, the texts, and the area of its marks. */
export interface Drawn {
  readonly options: Plot.PlotOptions;
  readonly words: readonly Words[];
  /** Lines from a rule up to its label, where that stands in a higher row. */
  readonly leaders: readonly Readonly<Record<string, string | number>>[];
}

export const tickSize = 9.5;
const row = 12;

/** The scales of a panel and how much room stands around its marks. */
export interface Layout {
  readonly x: Scale;
  readonly y: Scale;
  readonly yTicks: readonly Tick[];
  readonly labelRows: readonly number[]; // of the labelled rules, the row that each stands in
  readonly left: number;
  readonly top: number;
  readonly bottom: number;
  readonly right: number;
}

const right = 8;

/** Room and scales for a panel of this width. @throws DataError  for an axis without numbers */
export function layoutOf(panel: Panel, width: number): Layout {
  let x = scaleOf(panel.x, valuesOf(panel.marks, "x"), panel.equal ? 0.06 : 0.02);
  let y = scaleOf(panel.y, valuesOf(panel.marks, "y"), 0.06);
  if (panel.equal) [x, y] = sameLengths(panel, x, y);
  const yTicks = within(y.ticks(5));
  const left = Math.ceil(12 + Math.max(0, ...yTicks.map(({ text }) => widthOf(text, tickSize))));
  const labelRows = rowsOf(rules(panel), x, width - left - right);
  const heads = (panel.title ? row + 3 : 0) + (panel.y.label === "" ? 0 : row + 1);
  const top = 6 + heads + row * Math.max(0, ...labelRows.map((one) => one + 1));
  return { x, y, yTicks, labelRows, left, top, right, bottom: panel.x.label === "" ? 20 : 33 };
}

/** The height of a panel of this width: as high as wide where scales are equal. */
export const heightOf = (panel: Panel, layout: Layout, width: number, ratio: number): number => {
  const inner = width - layout.left - layout.right;
  return Math.round(layout.top + layout.bottom + inner * (panel.equal ? 1 : ratio));
};

/** The larger extent on both axes, so that a square panel has equal scales. */
function sameLengths({ x: X, y: Y }: Panel, x: Scale, y: Scale): [Scale, Scale] {
  const lengths = [x, y].map(({ domain: [low, high] }) => high - low);
  const most = Math.max(...lengths);
  const grown = ({ domain: [low, high] }: Scale) => {
    const middle = (low + high) / 2;
    return [middle - most / 2, middle + most / 2] as const;
  };
  return [scaleOf({ ...X, domain: grown(x) }, [], 0), scaleOf({ ...Y, domain: grown(y) }, [], 0)];
}

/** All numbers that an axis must cover. */
function valuesOf(marks: readonly Mark[], axis: "x" | "y"): number[] {
  const found: number[] = [];
  const take = (values: readonly (number | null)[]) => {
    for (const value of values) if (value !== null) found.push(value);
  };
  for (const mark of marks) {
    switch (mark.type) {
      case "band":
        if (axis === "x") take(mark.x);
        else for (const side of [mark.low, mark.high]) take(side);
        break;
      case "rule":
        if (mark[axis] !== undefined) found.push(mark[axis]);
        break;
      case "circle":
        found.push(mark[axis] - mark.r, mark[axis] + mark.r);
        break;
      case "ticks":
        if (axis === "x") take(mark.x);
        break;
      case "text":
        found.push(mark[axis]);
        break;
      default:
        take(mark[axis]);
        if (mark.type === "bars" && axis === "y" && mark.y.every((value) => value >= 0))
          if (!mark.y.some((value) => value === 0)) found.push(Math.min(...mark.y));
    }
  }
  return found;
}

const within = (ticks: readonly Tick[]) => ticks.filter(({ at }) => at >= -1e-9 && at <= 1 + 1e-9);
const rules = ({ marks }: Panel) =>
  marks.filter(
    (mark): mark is RuleMark => mark.type === "rule" && mark.x !== undefined && !!mark.label,
  );

/** Rows for the labels of rules, left to right, each in the first row where it fits. */
function rowsOf(marks: readonly RuleMark[], x: Scale, inner: number): number[] {
  const ends: number[] = [];
  const rows = marks.map(() => 0);
  const order = marks.map((_, i) => i).sort((a, b) => marks[a].x! - marks[b].x!);
  for (const i of order) {
    const [from, to] = labelExtent(marks[i], x, inner);
    let chosen = ends.findIndex((end) => end + 6 <= from);
    if (chosen < 0) chosen = ends.length;
    ends[chosen] = to;
    rows[i] = chosen;
  }
  return rows;
}

/** Where the label of a rule begins and ends, in px of the inner width: beside it, within the panel. */
function labelExtent(mark: RuleMark, x: Scale, inner: number): [number, number] {
  const width = Math.min(inner, widthOf(mark.label!, tickSize));
  const from = Math.min(Math.max(0, x.share(mark.x!) * inner + 3), inner - width);
  return [from, from + width];
}

/** A panel in its box. */
export function drawPanel(
  panel: Panel,
  layout: Layout,
  box: Box,
  theme: Theme,
  detail: number,
): Drawn {
  const { x, y, left, top, bottom } = layout;
  const inner = { width: box.width - left - layout.right, height: box.height - top - bottom };
  const xTicks = fitting(
    (count) => within(x.ticks(count)),
    panel.equal ? 5 : Math.max(2, Math.floor(inner.width / 52)),
    inner.width,
  );
  const yTicks = thinned(layout.yTicks, inner.height / 15);
  const ground = {
    x,
    y,
    theme,
    columns: Math.max(8, Math.round(inner.width * detail)),
    largest: Math.min(7, inner.width / 24),
  };
  const at = (ticks: readonly Tick[]) => ticks.map((tick) => tick.at);
  const texts = (ticks: readonly Tick[]) => ticks.map((tick) => tick.text);
  const axis = { tickSize: 3, tickPadding: 3, fontSize: tickSize, color: theme.faint, label: null };
  return {
    options: {
      width: box.width,
      height: box.height,
      marginLeft: left,
      marginRight: layout.right,
      marginTop: top,
      marginBottom: bottom,
      x: { type: "linear", domain: [0, 1], axis: null },
      y: { type: "linear", domain: [0, 1], axis: null },
      marks: [
        Plot.gridX(at(xTicks), { stroke: theme.grid, strokeOpacity: 1 }),
        Plot.gridY(at(yTicks), { stroke: theme.grid, strokeOpacity: 1 }),
        Plot.ruleY([0], { stroke: theme.faint }),
        Plot.ruleX([0], { stroke: theme.faint }),
        Plot.axisX(at(xTicks), { ...axis, text: texts(xTicks) }),
        Plot.axisY(at(yTicks), { ...axis, text: texts(yTicks) }),
        ...panel.marks.flatMap((mark) => drawMark(mark, ground)),
      ],
    },
    words: wordsOf(panel, layout, box, inner, theme),
    leaders: rules(panel).map((mark, i) => ({
      x1: left + x.share(mark.x!) * inner.width,
      x2: left + x.share(mark.x!) * inner.width,
      y1: top,
      y2: top - 2 - row * layout.labelRows[i] - (layout.labelRows[i] > 0 ? 7 : 6),
      stroke: colourOf(mark.role, theme),
      "stroke-width": 0.8,
    })),
  };
}

function wordsOf(
  panel: Panel,
  { x, y, left, top, labelRows }: Layout,
  box: Box,
  inner: { width: number; height: number },
  theme: Theme,
): Words[] {
  const [x0, y0] = [box.x + left, box.y + top];
  const small = { size: tickSize, fill: theme.faint };
  const words: Words[] = [];
  let line = box.y + 11;
  if (panel.title) {
    const text = fit(panel.title, box.width - 8, 10, true);
    words.push({ x: box.x, y: line, text, size: 10, fill: theme.ink, bold: true });
    line += row + 3;
  }
  if (panel.y.label !== "")
    words.push({
      ...small,
      x: box.x,
      y: line,
      text: fit(panel.y.label, box.width - 8, tickSize),
    });
  if (panel.x.label !== "") {
    const text = fit(panel.x.label, box.width - 8, tickSize);
    const half = widthOf(text, tickSize) / 2;
    const middle = Math.min(x0 + inner.width / 2, box.x + box.width - half - 2);
    words.push({ ...small, x: middle, y: box.y + box.height - 5, text, anchor: "middle" });
  }
  rules(panel).forEach((mark, i) => {
    const [from] = labelExtent(mark, x, inner.width);
    const text = fit(mark.label!, inner.width, tickSize);
    words.push({
      x: x0 + from,
      y: y0 - 3 - row * labelRows[i],
      text,
      size: tickSize,
      fill: colourOf(mark.role, theme),
    });
  });
  for (const mark of panel.marks) {
    if (mark.type === "rule" && mark.y !== undefined && mark.label) {
      const share = y.share(mark.y);
      if (share < 0 || share > 1) continue;
      words.push({
        x: x0 + inner.width - 3,
        // Above its line, unless that is where the panel ends.
        y: y0 + inner.height * (1 - share) + (share > 0.9 ? 10 : -3),
        text: fit(mark.label, inner.width - 6, tickSize),
        size: tickSize,
        fill: colourOf(mark.role, theme),
        anchor: "end",
        halo: true,
      });
    }
    if (mark.type === "text") words.push(...textWords(mark, { x, y }, x0, y0, inner, theme));
  }
  return words;
}

/** A text beside its point: to the right, or to the left where it would leave the panel. */
function textWords(
  mark: TextMark,
  { x, y }: { x: Scale; y: Scale },
  x0: number,
  y0: number,
  inner: { width: number; height: number },
  theme: Theme,
): Words[] {
  const [u, v] = [x.share(mark.x), y.share(mark.y)];
  if (u < 0 || u > 1 || v < 0 || v > 1) return [];
  const text = fit(mark.text, inner.width, tickSize);
  const out = u * inner.width + widthOf(text, tickSize) + 6 > inner.width;
  return [
    {
      x: x0 + u * inner.width + (out ? -5 : 5),
      y: y0 + (1 - v) * inner.height + 3.3,
      text,
      size: tickSize,
      fill: colourOf(mark.role, theme),
      halo: true,
      ...(out && { anchor: "end" as const }),
    },
  ];
}

/** As many ticks as there is room for their texts. */
function fitting(of: (count: number) => readonly Tick[], most: number, width: number) {
  for (let count = most; count > 1; count--) {
    const ticks = of(count);
    const clash = ticks.some((tick, i) => {
      const next = ticks[i + 1];
      if (!next) return false;
      const half = (widthOf(tick.text, tickSize) + widthOf(next.text, tickSize)) / 2;
      return Math.abs(next.at - tick.at) * width < half + 7;
    });
    if (!clash) return ticks;
  }
  return of(1);
}

/** Every so many-th tick, so that there are no more than asked. */
const thinned = (ticks: readonly Tick[], most: number): readonly Tick[] => {
  const every = Math.max(1, Math.ceil(ticks.length / Math.max(1, most)));
  return ticks.filter((_, i) => i % every === 0);
};
