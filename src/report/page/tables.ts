import type { ReportTable } from "../content.ts";
import { centreOf, csvOf, toCsv } from "../figure/to-csv.ts";
import type { Figure, Mark } from "../figure.ts";
import { html, type Markup } from "./markup.ts";

type Cell = string | number | boolean | null | undefined;

/** A number with as many digits as are read: six. The CSV has them all. */
export const shown = (cell: Cell): string => {
  if (typeof cell !== "number") return cell === null || cell === undefined ? "" : String(cell);
  if (!Number.isFinite(cell)) return String(cell);
  const size = Math.abs(cell);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return cell.toExponential(3).replace("-", "−");
  return String(Number(cell.toPrecision(6))).replace("-", "−");
};

/** A link that holds a file: nothing is fetched. Only what a data: URI cannot hold is encoded. */
const csvLink = (name: string, csv: string): Markup => {
  const data = csv
    .replaceAll("\r\n", "\n")
    .replaceAll(/[^\w,.\-:;()/@|*=+~]/gu, encodeURIComponent);
  return html`<a download="${name}.csv" href="data:text/csv;charset=utf-8,${data}">${name}.csv</a>`;
};

function tableOf(caption: string, columns: readonly string[], rows: readonly (readonly Cell[])[]) {
  const numeric = columns.map((_, i) => rows.some((row) => typeof row[i] === "number"));
  const cell = (tag: "td" | "th", value: Cell, i: number): Markup => {
    const text = shown(value);
    if (tag === "th") {
      return numeric[i]
        ? html`<th class="n" scope="col">${text}</th>`
        : html`<th scope="col">${text}</th>`;
    }
    return numeric[i] ? html`<td class="n">${text}</td>` : html`<td>${text}</td>`;
  };
  return html`<div class="scroll"><table><caption>${caption}</caption>
<thead><tr>${columns.map((name, i) => cell("th", name, i))}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((value, i) => cell("td", value, i))}</tr>`)}</tbody></table></div>`;
}

/** A table of a section, with its CSV. */
export const reportTable = ({ name, caption, columns, rows }: ReportTable): Markup =>
  html`${tableOf(caption, columns, rows)}<p class="faint">Data: ${csvLink(name, csvOf(columns, rows))}</p>`;

/** So many points of a mark are in the page's table; all are in the CSV. */
const most = 60;

/** The data of a figure as a table that a screen reader can walk, long marks at even distances. */
export function figureTable(figure: Figure, figuresIn: string | null): Markup {
  const many = figure.panels.length > 1;
  const rows = figure.panels.flatMap((panel, p) =>
    panel.marks.flatMap((mark) => {
      const place = [...(many ? [panel.title ?? `panel ${p + 1}`] : []), mark.name ?? mark.type];
      return pointsOf(mark).map((cells) => [...place, ...cells]);
    }),
  );
  const [{ x, y }] = figure.panels;
  const columns = [...(many ? ["panel"] : []), "mark", x.label || "x", y.label || "y", "remark"];
  return html`<details><summary>Data of this figure</summary>
${tableOf(figure.title, columns, rows)}<p class="faint">${figureCsv(figure, figuresIn)}</p></details>`;
}

/** So many bytes of one CSV go into the page, or else it would grow with the length of the run. */
const largestCsv = 60_000;
const fewerPoints = 400;

function figureCsv(figure: Figure, figuresIn: string | null): Markup {
  const csv = toCsv(figure);
  const link = (text: string) => csvLink(figure.name, text);
  if (csv.length <= largestCsv) return html`All of it: ${link(csv)}`;
  const panels = figure.panels.map((panel) => ({
    ...panel,
    marks: panel.marks.map((mark) => thinned(mark, fewerPoints)),
  }));
  return html`At most ${fewerPoints} points of each mark, with the extremes: ${link(toCsv({ ...figure, panels }))}${figuresIn === null ? "" : `; all are in ${figuresIn}/${figure.name}.csv`}.`;
}

/** A line with fewer points, the lowest and the highest of each stretch among them. */
function thinned(mark: Mark, points: number): Mark {
  if (mark.type !== "line" || mark.x.length <= points) return mark;
  const stretch = Math.ceil((4 * mark.x.length) / points);
  const kept: number[] = [];
  for (let first = 0; first < mark.x.length; first += stretch) {
    const run = mark.y.slice(first, first + stretch);
    const by = (better: (a: number, b: number) => boolean) =>
      run.reduce<number>((best, value, i) => {
        const other = run[best];
        return value !== null && (other === null || better(value, other)) ? i : best;
      }, 0);
    const four = [0, by((a, b) => a < b), by((a, b) => a > b), run.length - 1];
    kept.push(...[...new Set(four)].sort((a, b) => a - b).map((i) => first + i));
  }
  return { ...mark, x: kept.map((i) => mark.x[i]), y: kept.map((i) => mark.y[i]) };
}

/** Indices at even distances, the first and the last among them. */
function spread({ length }: ArrayLike<unknown>): number[] {
  if (length <= most) return Array.from({ length }, (_, i) => i);
  return Array.from({ length: most }, (_, k) => Math.round((k * (length - 1)) / (most - 1)));
}

/** x, y and a remark for points of a mark. */
function pointsOf(mark: Mark): Cell[][] {
  switch (mark.type) {
    case "line":
    case "bars":
      return spread(mark.x).map((i) => [mark.x[i], mark.y[i], null]);
    case "dots":
      return spread(mark.x).map((i) => [
        mark.x[i],
        mark.y[i],
        mark.filled?.[i] === false ? "hollow" : null,
      ]);
    case "band":
      return spread(mark.x).map((i) => [mark.x[i], mark.low[i], `to ${shown(mark.high[i])}`]);
    case "cells":
      return spread({ length: mark.rows * mark.columns }).map((k) => {
        const { x, y } = centreOf(mark, k);
        const { values, groups, colours } = mark;
        const of = colours?.[k] ?? values?.[k] ?? groups?.[k];
        return [x, y, typeof of === "number" ? shown(of) : of];
      });
    case "ticks":
      return spread(mark.x).map((i) => [mark.x[i], null, "not finite"]);
    case "rule":
      return [[mark.x, mark.y, mark.label]];
    case "text":
      return [[mark.x, mark.y, mark.text]];
    case "circle":
      return [[mark.x, mark.y, `radius ${shown(mark.r)}`]];
  }
}
