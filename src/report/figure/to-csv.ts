import type { CellsMark, Figure, Mark } from "../figure.ts";
import { checkFigure } from "./check.ts";

export const columns = [
  "panel",
  "mark",
  "type",
  "name",
  "x",
  "y",
  "low",
  "high",
  "size",
  "filled",
  "group",
  "text",
  "value",
] as const;

type Row = Partial<Record<(typeof columns)[number], Cell>>;

/**
 * The data of a figure as CSV (RFC 4180), a row for each point of each mark; blank where a line breaks.
 * Numbers are written so that reading them gives the same bits.
 */
export function toCsv(figure: Figure): string {
  checkFigure(figure);
  const rows: Row[] = [];
  figure.panels.forEach((panel, p) => {
    panel.marks.forEach((mark, m) => {
      for (const row of rowsOf(mark)) {
        const head = { panel: panel.title ?? p + 1, mark: m + 1, type: mark.type, name: mark.name };
        rows.push({ ...head, ...row });
      }
    });
  });
  return csvOf(
    columns,
    rows.map((row) => columns.map((column) => row[column])),
  );
}

type Cell = string | number | boolean | null | undefined;

/** A header and rows as CSV. */
export const csvOf = (header: readonly string[], rows: readonly (readonly Cell[])[]): string =>
  [header, ...rows].map((row) => `${row.map(cell).join(",")}\r\n`).join("");

function rowsOf(mark: Mark): Row[] {
  switch (mark.type) {
    case "line":
    case "bars":
      return mark.x.map((x, i) => ({ x, y: mark.y[i] }));
    case "band":
      return mark.x.map((x, i) => ({ x, low: mark.low[i], high: mark.high[i] }));
    case "dots":
      return mark.x.map((x, i) => ({
        x,
        y: mark.y[i],
        size: mark.size?.[i],
        filled: mark.filled?.[i],
        group: mark.groups?.[i],
      }));
    case "cells":
      return Array.from({ length: mark.rows * mark.columns }, (_, k) => ({
        ...centreOf(mark, k),
        group: mark.groups?.[k],
        text: mark.colours?.[k],
        value: mark.values?.[k],
      }));
    case "ticks":
      return mark.x.map((x) => ({ x }));
    case "rule":
      return [{ x: mark.x, y: mark.y, text: mark.label }];
    case "text":
      return [{ x: mark.x, y: mark.y, text: mark.text }];
    case "circle":
      return [{ x: mark.x, y: mark.y, size: mark.r }];
  }
}

/** The middle of cell k of a lattice. */
export function centreOf({ x, y, rows, columns }: CellsMark, k: number): { x: number; y: number } {
  const middle = ([low, high]: readonly [number, number], i: number, count: number) =>
    low + ((high - low) * (i + 0.5)) / count;
  return { x: middle(x, k % columns, columns), y: middle(y, Math.floor(k / columns), rows) };
}

function cell(value: Cell): string {
  if (value === undefined || value === null) return "";
  const text = Object.is(value, -0) ? "-0" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
