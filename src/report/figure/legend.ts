import type { Figure, Mark, Role } from "../figure.ts";
import { regionOpacity } from "./draw-cells.ts";
import { fit, widthOf } from "./text-size.ts";
import { colourOf, dashOf, markerOf, type Theme } from "./theme.ts";

/** An entry of a legend, placed: its sample at x, its text behind it. */
export interface Entry {
  readonly mark: Mark;
  readonly text: string;
  readonly x: number;
  readonly y: number;
}

export const sampleWidth = 18;
export const legendSize = 9.5;
const lineHeight = 13;

/** The named marks of a figure, one entry for equal names, in rows of a width. */
export function legendOf({ panels }: Figure, width: number): { entries: Entry[]; height: number } {
  const named = new Map<string, Mark>();
  for (const mark of panels.flatMap((panel) => panel.marks)) {
    if (mark.name && !named.has(mark.name)) named.set(mark.name, mark);
  }
  let [x, y] = [0, 0];
  const entries = [...named].map(([name, mark]) => {
    const text = fit(name, width - sampleWidth - 6, legendSize);
    const taken = sampleWidth + 5 + widthOf(text, legendSize);
    if (x > 0 && x + taken > width) [x, y] = [0, y + lineHeight];
    const entry = { mark, text, x, y };
    x += taken + 12;
    return entry;
  });
  return { entries, height: entries.length === 0 ? 0 : y + lineHeight };
}

type Attributes = Readonly<Record<string, string | number>>;

/** The sample of an entry as elements, its middle at y = 0. */
export function sampleOf(mark: Mark, theme: Theme): readonly (readonly [string, Attributes])[] {
  const stroke = colourOf(mark.role, theme);
  const dashes = (role: Role, dash?: "solid" | "dashed" | "dotted"): Attributes => {
    const pattern = dashOf(role, dash);
    return pattern === "" ? {} : { "stroke-dasharray": pattern };
  };
  const bar = { x1: 0, x2: sampleWidth, y1: 0, y2: 0, stroke };
  switch (mark.type) {
    case "line":
      return [
        [
          "line",
          {
            ...bar,
            "stroke-width": mark.weight === "thin" ? 0.7 : 1.7,
            ...dashes(mark.role, mark.dash),
          },
        ],
      ];
    case "rule":
    case "circle":
      return [["line", { ...bar, "stroke-width": 1, ...dashes(mark.role, mark.dash) }]];
    case "band":
      return [
        [
          "rect",
          { x: 0, y: -4, width: sampleWidth, height: 8, fill: stroke, "fill-opacity": 0.25 },
        ],
      ];
    case "bars":
      return [["rect", { x: 4, y: -4, width: 9, height: 8, fill: stroke }]];
    case "cells": {
      const opacity = mark.groups ? regionOpacity : 1;
      const box = { x: 4, y: -4, width: 9, height: 8, fill: stroke, "fill-opacity": opacity };
      return [["rect", box]];
    }
    case "ticks":
      return [["path", { d: "M6,-3L12,3M12,-3L6,3", stroke, "stroke-width": 1.3 }]];
    case "text":
      return [];
    case "dots": {
      const hollow = mark.filled?.every((filled) => !filled) ?? false;
      const look = { fill: hollow ? "none" : stroke, stroke, "stroke-width": 1.2 };
      const marker = mark.marker ?? markerOf(mark.role);
      if (marker === "square") return [["rect", { x: 6, y: -3, width: 6, height: 6, ...look }]];
      if (marker === "circle") return [["circle", { cx: 9, cy: 0, r: 3, ...look }]];
      return [["path", { d: shapes[marker], ...look }]];
    }
  }
}

const shapes = {
  triangle: "M9,-3.6L12.4,2.6L5.6,2.6Z",
  diamond: "M9,-4.2L12,0L9,4.2L6,0Z",
  star: "M9,-4L10,-1.3L12.9,-1.2L10.6,0.6L11.4,3.3L9,1.7L6.6,3.3L7.4,0.6L5.1,-1.2L8,-1.3Z",
  cross: "M7.8,-3.6H10.2V-1.2H12.6V1.2H10.2V3.6H7.8V1.2H5.4V-1.2H7.8Z",
  wye: "M9,-0.5L12,2.5L11,3.5L9,1.4L7,3.5L6,2.5ZM8.2,0.5V-4H9.8V0.5Z",
} as const;
