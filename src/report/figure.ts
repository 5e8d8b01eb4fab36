import { checkFigure } from "./figure/check.ts";

/**
 * What a mark stands for, which decides its colour: a series by its number (0 … 7; each with its own
 * dash and marker too), "ink" for what the reader looks at, "faint" for what only helps, "alarm".
 */
export type Role = number | "ink" | "faint" | "alarm";
export type Dash = "solid" | "dashed" | "dotted";
export type Marker = "circle" | "square" | "triangle" | "diamond" | "star" | "cross" | "wye";

/** A scale. Without a domain it covers its data; a log axis has zero and below on its lower end. */
export interface FigureAxis {
  readonly label: string;
  readonly scale: "linear" | "log";
  readonly domain?: readonly [number, number];
}

interface Named {
  readonly role: Role;
  /** Stands in the legend, once for equal names. */
  readonly name?: string;
}

/** A line through points in order; null breaks it. */
export interface LineMark extends Named {
  readonly type: "line";
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
  readonly dash?: Dash; // that of the role unless given
  readonly weight?: "thin" | "thick";
}
/** The region between two curves. */
export interface BandMark extends Named {
  readonly type: "band";
  readonly x: readonly number[];
  readonly low: readonly number[];
  readonly high: readonly number[];
}
/** Points; all lists are as long as x. */
export interface DotsMark extends Named {
  readonly type: "dots";
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Areas relative to the largest. */
  readonly size?: readonly number[];
  /** Filled unless false. */
  readonly filled?: readonly boolean[];
  /** Points of one group share a colour and a marker, those of the series of that number. */
  readonly groups?: readonly number[];
  readonly marker?: Marker;
}
/** A line across the panel, at one x or one y. */
export interface RuleMark extends Named {
  readonly type: "rule";
  readonly x?: number;
  readonly y?: number;
  readonly label?: string;
  readonly dash?: Dash;
}
/** Bars from zero, or from the lower end of a log axis. */
export interface BarsMark extends Named {
  readonly type: "bars";
  readonly x: readonly number[];
  readonly y: readonly number[];
}
export interface TextMark extends Named {
  readonly type: "text";
  readonly x: number;
  readonly y: number;
  readonly text: string;
}
/** A circle in units of the data, in a panel of equal scales. */
export interface CircleMark extends Named {
  readonly type: "circle";
  readonly x: number;
  readonly y: number;
  readonly r: number;
  readonly dash?: Dash;
}
/** Marks on the lower edge: where a series has no number. */
export interface TicksMark extends Named {
  readonly type: "ticks";
  readonly x: readonly number[];
}
/**
 * A lattice of equal cells over [low, high] × [low, high]: heat maps, decision regions, pictures. Lists are
 * row by row from the lower edge, as long as rows · columns. `values` shade the colour of the role, or of
 * the group; where `colours` are given they alone count.
 */
export interface CellsMark extends Named {
  readonly type: "cells";
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly rows: number;
  readonly columns: number;
  /** From 0, the bare paper, to 1, the full colour. */
  readonly values?: readonly number[];
  /** Classes, each in the colour of the series of that number. */
  readonly groups?: readonly number[];
  /** "#rrggbb", the same in every theme. */
  readonly colours?: readonly string[];
}
export type Mark =
  | LineMark
  | BandMark
  | DotsMark
  | RuleMark
  | BarsMark
  | TextMark
  | CircleMark
  | TicksMark
  | CellsMark;

export interface Panel {
  readonly title?: string;
  readonly x: FigureAxis;
  readonly y: FigureAxis;
  /** One unit is equally long on both axes. */
  readonly equal?: boolean;
  readonly marks: readonly Mark[];
}

/** A figure with its data, as plain JSON: drawn by `toSvg` and `toPng`, written by `toCsv`. */
export interface Figure {
  readonly schema: "eigenflow/figure@1";
  /** Of its files: letters, digits and hyphens. */
  readonly name: string;
  readonly title: string;
  /** What is seen and what was done, to be copied under the figure. */
  readonly caption: string;
  /** The same for those who cannot see it, with the numbers that matter. */
  readonly alt: string;
  /** Width on paper: "column" 3.3 in, "page" 6.9 in. */
  readonly size: "column" | "page";
  /** Panels in one row; unless given, as many as there is room for. */
  readonly columns?: number;
  readonly panels: readonly Panel[];
}

/**
 * A figure from JSON.
 *
 * @throws DataError  naming the place of what is unknown, missing, not finite or of another length
 */
export function parseFigure(value: unknown): Figure {
  return checkFigure(value);
}
