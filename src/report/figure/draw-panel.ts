import * as Plot from "@observablehq/plot";
import type { Panel, TextMark } from "../figure.ts";
import { drawMark } from "./draw-marks.ts";
import { type Layout, row, rules, tickSize, within } from "./panel-layout.ts";
import type { Scale, Tick } from "./scale.ts";
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
      y2: top - 2 - row * layout.labels[i].row - (layout.labels[i].row > 0 ? 7 : 6),
      stroke: colourOf(mark.role, theme),
      "stroke-width": 0.8,
    })),
  };
}

function wordsOf(
  panel: Panel,
  { x, y, left, top, labels }: Layout,
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
    const text = fit(mark.label!, inner.width, tickSize);
    words.push({
      x: x0 + labels[i].from,
      y: y0 - 3 - row * labels[i].row,
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

/** As many ticks as there is room for their texts; of one count all, or every second. */
function fitting(
  of: (count: number) => readonly Tick[],
  most: number,
  width: number,
): readonly Tick[] {
  const clash = (ticks: readonly Tick[]) =>
    ticks.some((tick, i) => {
      const next = ticks[i + 1];
      if (!next) return false;
      const half = (widthOf(tick.text, tickSize) + widthOf(next.text, tickSize)) / 2;
      return Math.abs(next.at - tick.at) * width < half + 7;
    });
  for (let count = most; count > 1; count--) {
    const ticks = of(count);
    const halves = [0, 1].map((rest) => ticks.filter((_, i) => i % 2 === rest));
    const found = [ticks, ...halves].find((some) => some.length > 1 && !clash(some));
    if (found) return found;
  }
  return of(1);
}

/** Every so many-th tick, so that there are no more than asked. */
const thinned = (ticks: readonly Tick[], most: number): readonly Tick[] => {
  const every = Math.max(1, Math.ceil(ticks.length / Math.max(1, most)));
  return ticks.filter((_, i) => i % every === 0);
};
