import * as Plot from "@observablehq/plot";
import type { BandMark, DotsMark, LineMark, Mark } from "../figure.ts";
import { drawCells } from "./draw-cells.ts";
import type { Scale } from "./scale.ts";
import { clipLine, inside, type Point, thinBand, thinDots, thinLine } from "./simplify.ts";
import { colourOf, dashOf, markerOf, type Theme } from "./theme.ts";

/** A panel as its marks see it: all is drawn in shares of the axes, so that a log axis is a line. */
export interface Ground {
  readonly x: Scale;
  readonly y: Scale;
  readonly theme: Theme;
  /** So many columns of points a line keeps. */
  readonly columns: number;
  /** Radius of the largest sized dot, in px. */
  readonly largest: number;
}

/** A mark of the figure as marks of Plot. */
export function drawMark(mark: Mark, ground: Ground): Plot.Markish[] {
  const { x, y, theme } = ground;
  const stroke = colourOf(mark.role, theme);
  switch (mark.type) {
    case "line":
      return [drawLine(mark, ground)];
    case "band":
      return [drawBand(mark, ground)];
    case "dots":
      return drawDots(mark, ground);
    case "rule": {
      const dashes = { strokeDasharray: dashOf(mark.role, mark.dash) || undefined };
      if (mark.x !== undefined) return across(x.share(mark.x), { stroke, ...dashes }, Plot.ruleX);
      return across(y.share(mark.y!), { stroke, ...dashes }, Plot.ruleY);
    }
    case "bars": {
      const base = Math.min(1, Math.max(0, y.domain[0] > 0 ? 0 : y.share(0)));
      const places = mark.x.map(x.share).sort((a, b) => a - b);
      const gaps = places.slice(1).map((place, i) => place - places[i]);
      const half = 0.4 * Math.min(0.2, ...gaps.filter((gap) => gap > 0));
      const bars = mark.x.map((at, i) => [x.share(at), clamp(y.share(mark.y[i]))]);
      return [
        Plot.rect(bars, {
          x1: ([at]: number[]) => at - half,
          x2: ([at]: number[]) => at + half,
          y1: () => base,
          y2: ([, top]: number[]) => top,
          fill: stroke,
        }),
      ];
    }
    case "circle": {
      const turn = Array.from({ length: 121 }, (_, k) => (k * Math.PI) / 60);
      const points = turn.map(
        (angle): Point => [
          x.share(mark.x + mark.r * Math.cos(angle)),
          y.share(mark.y + mark.r * Math.sin(angle)),
        ],
      );
      return [path(clipLine(points), stroke, dashOf(mark.role, mark.dash), 1)];
    }
    case "ticks": {
      const places = mark.x.map((at) => [x.share(at), 0]).filter(([at]) => inside([at, 0]));
      return [
        Plot.dot(places, {
          symbol: "times",
          r: 3,
          stroke,
          strokeWidth: 1.3,
          dy: -5,
        }),
      ];
    }
    case "cells":
      return [drawCells(mark, ground)];
    case "text":
      return []; // placed with the other texts, where their widths are known
  }
}

const clamp = (share: number) => Math.min(1, Math.max(0, share));

function across(
  at: number,
  options: { stroke: string; strokeDasharray?: string },
  rule: typeof Plot.ruleX | typeof Plot.ruleY,
): Plot.Markish[] {
  return at < -1e-9 || at > 1 + 1e-9 ? [] : [rule([at], options)];
}

/** One path for all pieces of a line: a row without numbers lifts the pen. */
const path = (
  pieces: readonly (readonly Point[])[],
  stroke: string,
  dashes: string,
  width: number,
) =>
  Plot.line(pieces.flatMap((piece) => [...piece, [Number.NaN, Number.NaN] as const]).slice(0, -1), {
    stroke,
    strokeWidth: width,
    strokeLinejoin: "round",
    ...(dashes !== "" && { strokeDasharray: dashes }),
  });

function drawLine(mark: LineMark, { x, y, theme, columns }: Ground) {
  const points = mark.x.map((at, i): Point | null => {
    const value = mark.y[i];
    return value === null ? null : [x.share(at), y.share(value)];
  });
  const pieces = clipLine(points).map((piece) => thinLine(piece, columns));
  const thin = mark.weight === "thin";
  const line = path(
    pieces,
    colourOf(mark.role, theme),
    dashOf(mark.role, mark.dash),
    thin ? 0.7 : 1.7,
  );
  return line;
}

function drawBand(mark: BandMark, { x, y, theme, columns }: Ground) {
  const rows = mark.x
    .map((at, i) => [x.share(at), y.share(mark.low[i]), y.share(mark.high[i])] as const)
    .filter(([at]) => inside([at, 0]));
  return Plot.area(thinBand(rows, columns), {
    x1: ([at]: readonly number[]) => at,
    y1: ([, low]: readonly number[]) => clamp(low),
    y2: ([, , high]: readonly number[]) => clamp(high),
    fill: colourOf(mark.role, theme),
    fillOpacity: 0.18,
  });
}

const usualRadius = 2.6;

function drawDots(mark: DotsMark, { x, y, theme, columns, largest }: Ground): Plot.Markish[] {
  const most = Math.max(...(mark.size ?? [1]));
  const all = mark.x.map((at, i) => {
    const role = mark.groups?.[i] ?? mark.role;
    const share = mark.size && most > 0 ? Math.max(0, mark.size[i]) / most : 1;
    return {
      x: x.share(at),
      y: y.share(mark.y[i]),
      // The area tells the size; below 1.6 px a dot could not be seen to be hollow.
      r: mark.size ? Math.max(1.6, largest * Math.sqrt(share)) : usualRadius,
      role,
      filled: mark.filled?.[i] ?? true,
      marker: mark.marker ?? markerOf(role),
    };
  });
  const dots = thinDots(
    all.filter((dot) => inside([dot.x, dot.y])),
    columns,
    ({ role, filled, marker, r }) => `${role} ${filled} ${marker} ${Math.round(r)}`,
  ).sort((a, b) => b.r - a.r); // small ones stay visible on large ones
  const looks = [...new Set(dots.map(({ filled, marker }) => `${filled} ${marker}`))];
  return looks.map((look) => {
    const own = dots.filter(({ filled, marker }) => `${filled} ${marker}` === look);
    const colour = ({ role }: (typeof dots)[number]) => colourOf(role, theme);
    const [{ filled, marker }] = own;
    return Plot.dot(own, {
      x: "x",
      y: "y",
      r: { value: "r", scale: null },
      symbol: marker,
      stroke: { value: colour, scale: null },
      strokeWidth: 1.2,
      ...(filled
        ? { fill: { value: colour, scale: null }, fillOpacity: 0.75 }
        : { fill: theme.paper, fillOpacity: 0.35 }),
    });
  });
}
