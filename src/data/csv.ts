import { nearestFirst } from "../errors/suggest.ts";
import { DataError, UsageError } from "../errors.ts";
import type { Dataset, Targets } from "./dataset.ts";
import { type Delimited, parseDelimited } from "./delimited.ts";
import { readText } from "./files.ts";
import { readCells } from "./table-file.ts";

/** Which columns of a file are what. */
export interface CsvColumns {
  readonly inputs: readonly string[];
  readonly target: string;
  readonly task: "classes" | "values";
  /** Names of classes 0, 1, …, from the data a model was trained on; else those in the file. */
  readonly classNames?: readonly string[];
}

export interface CsvDataset {
  readonly dataset: Dataset;
  readonly classNames: readonly string[]; // [classes]; empty for the task "values"
}

/** Numbers in named columns. */
export interface Table {
  readonly columns: readonly string[];
  readonly count: number;
  readonly rows: Float64Array; // [count × columns], row-major
}

/**
 * A dataset from CSV text with a header. Class names are numbered in the order of their numbers, or
 * else of their letters, so that the order of the rows does not matter.
 *
 * @param source  what to call the text in errors
 * @throws UsageError  for no inputs, or a column with two parts to play
 * @throws DataError  naming line and column, for a column that is not there, a blank cell, one that
 *   is no number or too large for float32, an unknown class, or a malformed file
 */
export function parseCsv(text: string, source: string, wanted: CsvColumns): CsvDataset {
  const { inputs, target, task } = wanted;
  if (inputs.length === 0) throw new UsageError(`${source}: no input columns are named`);
  const twice = [...inputs, target].find((name, i, all) => all.indexOf(name) < i);
  if (twice !== undefined) throw new UsageError(`${source}: column "${twice}" is named twice`);

  const table = parseDelimited(text, source);
  const base = {
    name: source,
    features: Float32Array.from(numbers(table, source, inputs, Math.fround)),
    count: table.rows.length,
    width: inputs.length,
  };
  if (task === "values") {
    const values = Float32Array.from(numbers(table, source, [target], Math.fround));
    const targets: Targets = { kind: "values", values, width: 1 };
    return { dataset: { ...base, targets }, classNames: [] };
  }
  const names = texts(table, source, target);
  const classNames = wanted.classNames ?? [...new Set(names)].sort(byNumberOrLetter(names));
  const labelOf = new Map(classNames.map((name, label) => [name, BigInt(label)]));
  const labels = BigInt64Array.from(names, (name, i) => {
    const label = labelOf.get(name);
    if (label !== undefined) return label;
    const known = classNames.map((known) => `"${known}"`).join(", ");
    throw new DataError(
      `${source}:${table.rows[i].line}: column "${target}": class "${name}" is none of ${known}`,
    );
  });
  const targets: Targets = { kind: "classes", labels, classes: classNames.length };
  return { dataset: { ...base, targets }, classNames };
}

/** `parseCsv` of a file. @throws InputError  when it cannot be read */
export const readCsv = async (path: string, columns: CsvColumns): Promise<CsvDataset> =>
  parseCsv(await readText(path), path, columns);

/**
 * A table of numbers from CSV text with a header.
 *
 * @param wanted  the columns to read, in this order; else all
 * @throws DataError  naming line and column, for a column that is not there, a cell that is no finite
 *   number, or a malformed file
 */
export function parseTable(text: string, source: string, wanted?: readonly string[]): Table {
  return tableFrom(parseDelimited(text, source), source, wanted);
}

function tableFrom(table: Delimited, source: string, wanted?: readonly string[]): Table {
  const columns = wanted ?? table.columns;
  const rows = numbers(table, source, columns, Number);
  return { columns, count: table.rows.length, rows };
}

/** `parseTable` of a file, CSV or Parquet. @throws InputError  when it cannot be read */
export const readTable = async (path: string, wanted?: readonly string[]): Promise<Table> =>
  tableFrom(await readCells(path, wanted), path, wanted);

/** The numbers [rows × names] of some columns; `round` gives the precision in which to be finite. */
function numbers(
  table: Delimited,
  source: string,
  names: readonly string[],
  round: (x: number) => number,
): Float64Array {
  const columns = names.map((name) => cellsOf(table, name, source));
  const out = new Float64Array(table.rows.length * names.length);
  table.rows.forEach(({ line }, i) => {
    columns.forEach((cells, j) => {
      out[i * names.length + j] = Number(cells[i]);
      const why = whyNot(cells[i], round);
      if (why === undefined) return;
      throw new DataError(`${source}:${line}: column "${names[j]}": ${why}`, { hint: numberHint });
    });
  });
  return out;
}

/**
 * The cells of a column of numbers; decimal commas are made points where they cannot stand between cells.
 *
 * @throws DataError  for a column that is not there, or points among decimal commas, which may be of thousands
 */
export function cellsOf(
  { columns, rows, decimalComma = false }: Delimited,
  name: string,
  source: string,
): string[] {
  const at = columnOf(columns, name, source);
  const given = rows.map(({ cells }) => cells[at].trim());
  const isComma = (cell: string) => cell.includes(",") && /^[+-]?\d*,\d+(e[+-]?\d+)?$/i.test(cell);
  if (!decimalComma || !given.some(isComma)) return given;
  return given.map((cell, i) => {
    if (isComma(cell)) return cell.replace(",", ".");
    if (!cell.includes(".") || whyNot(cell, Number) !== undefined) return cell;
    throw new DataError(
      `${source}:${rows[i].line}: column "${name}": "${cell}" has a point, other cells a decimal comma`,
      {
        hint: "write all numbers with a point, or all with a comma, and none with marks of thousands",
      },
    );
  });
}

/** What to do about a cell that is no number. */
export const numberHint =
  "correct the cell or leave the column out; numbers are written as 1.5 or 2e-3, with a point";

/** Whether a column holds names: cells, none of which is a number or stands for one that is missing. */
export const isTextColumn = (table: Delimited, name: string, source: string): boolean =>
  cellsOf(table, name, source).every((cell) => whyNot(cell, Number)?.endsWith("is not a number"));

/** Why a cell is no number, where Number() would take "" for 0 and "0x1F" for 31. */
export function whyNot(cell: string, round: (x: number) => number): string | undefined {
  if (cell === "") return "the cell is blank";
  if (/^[+-]?(nan|inf|infinity)$/i.test(cell)) return `${cell} is not finite`;
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell)) return `"${cell}" is not a number`;
  return Number.isFinite(round(Number(cell))) ? undefined : `${cell} is too large`;
}

/** The cells of one column, none of them blank. */
function texts({ columns, rows }: Delimited, source: string, name: string): string[] {
  const column = columnOf(columns, name, source);
  return rows.map(({ line, cells }) => {
    const cell = cells[column].trim();
    if (cell === "") throw new DataError(`${source}:${line}: column "${name}": the cell is blank`);
    return cell;
  });
}

function byNumberOrLetter(
  names: readonly string[],
): ((a: string, b: string) => number) | undefined {
  const numeric = names.every((name) => whyNot(name, Number) === undefined);
  // Equal numbers in two spellings, "1" and "1.0", still need an order.
  return numeric ? (a, b) => Number(a) - Number(b) || (a < b ? -1 : 1) : undefined;
}

/** The place of a column. @throws DataError  for one that is not there, with the nearest names */
export function columnOf(columns: readonly string[], name: string, source: string): number {
  const column = columns.indexOf(name);
  if (column >= 0) return column;
  const nearest = nearestFirst(name, columns).slice(0, 8);
  const others = columns.length > nearest.length ? `, … (${columns.length} in all)` : "";
  throw new DataError(`${source}:1: no column "${name}"`, {
    hint: `did you mean one of ${nearest.map((n) => `"${n}"`).join(", ")}${others}?`,
  });
}
