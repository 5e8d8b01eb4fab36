import type { Mark, Panel, RuleMark } from "../figure.ts";
import { type RuleLabel, ruleLabels } from "./rule-labels.ts";
import { type Scale, scaleOf, type Tick } from "./scale.ts";
import { widthOf } from "./text-size.ts";

export const tickSize = 9.5;
/** Height of a row of text. */
export const row = 12;

/** The scales of a panel and how much room stands around its marks. */
export interface Layout {
  readonly x: Scale;
  readonly y: Scale;
  readonly yTicks: readonly Tick[];
  readonly labels: readonly RuleLabel[]; // of the labelled rules
  readonly left: number;
  readonly top: number;
  readonly bottom: number;
  readonly right: number;
}

const right = 8;

/**
 * Room and scales for a panel of this width.
 *
 * @param atLeast  px to the left of its marks, such as those of the panel above
 * @throws DataError  for an axis without numbers
 */
export function layoutOf(panel: Panel, width: number, atLeast = 0): Layout {
  let x = scaleOf(panel.x, valuesOf(panel.marks, "x"), panel.equal ? 0.06 : 0.02);
  let y = scaleOf(panel.y, valuesOf(panel.marks, "y"), 0.06);
  if (panel.equal) [x, y] = sameLengths(panel, x, y);
  const yTicks = within(y.ticks(5));
  const texts = yTicks.map(({ text }) => widthOf(text, tickSize));
  const left = Math.max(atLeast, Math.ceil(12 + Math.max(0, ...texts)));
  const inner = width - left - right;
  const labels = ruleLabels(
    rules(panel).map((mark) => ({
      at: x.share(mark.x!) * inner,
      width: Math.min(inner, widthOf(mark.label!, tickSize)),
    })),
    inner,
  );
  const heads = (panel.title ? row + 3 : 0) + (panel.y.label === "" ? 0 : row + 1);
  const top = 6 + heads + row * Math.max(0, ...labels.map((label) => label.row + 1));
  return { x, y, yTicks, labels, left, top, right, bottom: panel.x.label === "" ? 20 : 33 };
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

export const within = (ticks: readonly Tick[]) =>
  ticks.filter(({ at }) => at >= -1e-9 && at <= 1 + 1e-9);
export const rules = ({ marks }: Panel) =>
  marks.filter(
    (mark): mark is RuleMark => mark.type === "rule" && mark.x !== undefined && !!mark.label,
  );
