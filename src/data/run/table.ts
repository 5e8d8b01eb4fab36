import { basename } from "node:path";
import { DataError } from "../../errors.ts";
import { type Column, numberOf, put, seriesOfColumns } from "./rows.ts";
import { counted, type ReadLog } from "./run.ts";

/**
 * A log as a table: cells between commas, semicolons (then also with a decimal comma), tabs, bars or
 * spaces, below a header of names; without one, columns are called "column 1", …. Unlike a dataset it may
 * have blank cells and lines, comments (#), a header that is repeated where a run was resumed, columns
 * without a name (pandas' index), and end inside a line. Text columns are left out.
 *
 * Lightning's `metrics.csv`, Keras' CSVLogger and exports of W&B are known by their columns.
 *
 * @throws DataError  for a row of another length, an open quotation mark, or no number at all; with a
 *   caveat only, for a column of numbers that has something else in it
 */
export function readTable(text: string, path: string): ReadLog {
  const caveats: string[] = [];
  const lines = linesOf(text, path);
  if (lines.length === 0)
    throw new DataError(`${path}: is empty`, {
      hint: "a log has a header of names and a row for each step; eigenflow watch --follow waits for one that is still to be written",
    });
  const split = splitter(lines.slice(0, 2).map((line) => line.text));
  let names = split(lines[0].text, lines[0].line, path);
  const bare = names.every((name) => typeof numberOf(name) === "number");
  names = names.map((name, i) => (bare || name === "" ? `column ${i + 1}` : name));
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new DataError(`${path}:1: two columns are called "${twice}"`);

  const columns = new Map<string, Column>();
  const odd = new Map<string, string>();
  const pending = text.endsWith("\n") ? -1 : lines.length - 1;
  let [rows, commas, repeated] = [0, false, 0];
  for (let i = bare ? 0 : 1; i < lines.length; i++) {
    const { line, text: row } = lines[i];
    if (!bare && row === lines[0].text) {
      repeated++;
      continue;
    }
    const cells = split(row, line, path);
    if (cells.length !== names.length) {
      if (i === pending && cells.length < names.length) {
        caveats.push(`line ${line} is cut short and left out: the log is still being written`);
        continue;
      }
      throw new DataError(
        `${path}:${line}: ${counted(cells.length, "cell")} where the header has ${names.length}`,
        {
          hint: "a column that was added later needs a header of its own, and a blank in older rows",
        },
      );
    }
    if (i === pending) caveats.push(`line ${line} has no end: its last number may be cut short`);
    cells.forEach((cell, j) => {
      const comma = split.decimalComma && /^[+-]?\d*,\d+(e[+-]?\d+)?$/i.test(cell);
      commas ||= comma;
      const value = numberOf(comma ? cell.replace(",", ".") : cell);
      if (typeof value === "number" && !(commas && !comma && cell.includes(".")))
        put(columns, names[j], rows, value);
      else if (value !== null && !odd.has(names[j]))
        odd.set(names[j], `"${cell.slice(0, 60)}" in line ${line} is no number`);
    });
    rows++;
  }
  if (repeated > 0) caveats.push(`the header stands ${repeated} more times: the log was continued`);
  for (const [name, why] of odd) {
    if (!columns.delete(name)) continue;
    caveats.push(`column "${name}" is left out: ${why}`);
  }
  if (columns.size === 0) {
    const [name, why] = [...odd][0] ?? ["", ""];
    const about =
      why === "" ? (rows === 0 ? "a header but no rows" : "no number") : "no column of numbers";
    throw new DataError(`${path}: has ${about}${why && `; column "${name}": ${why}`}`, {
      hint: why.includes("tensor(") ? "log float(loss), not the tensor" : undefined,
    });
  }
  const kind = kindOf(names, path);
  const whole = seriesOfColumns(kind === "wandb-csv" ? ofWandb(columns) : columns, path, {
    continues: kind === "keras-csv",
  });
  const series = whole.map((one) => {
    const blank = rows - one.values.length;
    const caveat = `${blank} of ${rows} rows have no "${one.name}": merged by step`;
    return blank > 0 ? { ...one, caveats: [caveat, ...one.caveats] } : one;
  });
  if (kind === "wandb-csv")
    caveats.push(
      "W&B exports are samples: run.history() gives 500 points unless asked for more, and spikes may be missing; run.scan_history() gives all",
    );
  const summary = `${counted(series.length, "series")}, ${counted(rows, "row")}`;
  return { source: { kind, path, summary, caveats }, series };
}

interface Line {
  readonly line: number;
  readonly text: string;
}

function linesOf(text: string, path: string): Line[] {
  if (text.includes("\0")) throw new DataError(`${path}: is no text`);
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r\n?|\n/)
    .map((row, i) => ({ line: i + 1, text: row.trimEnd() }))
    .filter(({ text: row }) => row.trim() !== "" && !row.startsWith("#"));
}

interface Splitter {
  (row: string, line: number, path: string): string[];
  readonly decimalComma: boolean;
}

/** How the rows of a table are split, by what its first two lines have in common. */
function splitter([header, second = header]: readonly string[]): Splitter {
  const marks = [",", ";", "\t", "|"];
  const mark = marks.reduce((best, one) =>
    header.split(one).length > header.split(best).length ? one : best,
  );
  if (header.includes(mark))
    return Object.assign(
      (row: string, line: number, path: string) => cellsOf(row, mark, line, path),
      { decimalComma: mark !== "," },
    );
  const words = (row: string) => row.trim().split(/\s+/);
  const spaced = words(header).length > 1 && words(header).length === words(second).length;
  return Object.assign((row: string) => (spaced ? words(row) : [row.trim()]), {
    decimalComma: true,
  });
}

/** The cells of a row, quotation marks as in RFC 4180 but for line breaks. */
function cellsOf(row: string, mark: string, line: number, path: string): string[] {
  if (!row.includes('"')) return row.split(mark).map((cell) => cell.trim());
  const cells: string[] = [];
  for (let at = 0; at <= row.length; at++) {
    if (row[at] !== '"') {
      const end = row.indexOf(mark, at);
      cells.push(row.slice(at, end < 0 ? row.length : end).trim());
      at = end < 0 ? row.length : end;
      continue;
    }
    let cell = "";
    for (at++; ; at++) {
      const close = row.indexOf('"', at);
      if (close < 0) throw new DataError(`${path}:${line}: a quotation mark is never closed`);
      cell += row.slice(at, close);
      at = close + 1;
      if (row[at] !== '"') break;
      cell += '"';
    }
    if (at < row.length && row[at] !== mark)
      throw new DataError(`${path}:${line}: text after a closing quotation mark`);
    cells.push(cell.trim());
  }
  return cells;
}

function kindOf(names: readonly string[], path: string): string {
  const has = (name: string) => names.includes(name);
  if (
    names.some((name) => name.endsWith("__MIN")) ||
    (has("_step") && (has("_runtime") || has("_timestamp")))
  )
    return "wandb-csv";
  if (basename(path) === "metrics.csv" && has("step") && has("epoch")) return "lightning-csv";
  // Keras' CSVLogger writes the epoch first, then the logs by name; its counter starts again with each fit.
  if (names[0] === "epoch" && has("loss") && !has("step")) return "keras-csv";
  return "csv";
}

/** Columns of a W&B export: without its clocks and bands, by the metric where only one run is there. */
function ofWandb(columns: ReadonlyMap<string, Column>): Map<string, Column> {
  const kept = [...columns].filter(
    ([name]) => !/__(MIN|MAX)$|^_(runtime|timestamp|wandb)|^column \d+$/.test(name),
  );
  const runs = new Set(kept.flatMap(([name]) => /^(.+?) - /.exec(name)?.[1] ?? []));
  return new Map(
    kept.map(([name, column]) => [runs.size === 1 ? name.replace(/^.+? - /, "") : name, column]),
  );
}
