import { statSync } from "node:fs";
import { join } from "node:path";
import { DataError, InputError } from "../errors.ts";
import { parseDelimited } from "./delimited.ts";
import { readText } from "./files.ts";

export type LossKind = "loss" | "val";

/** One number an epoch, as a training log has it. */
export interface LossSeries {
  readonly source: string;
  readonly column: string;
  readonly values: Float64Array;
  /** What the log may have done to the numbers. */
  readonly warnings: readonly string[];
}

/** Names under which logs keep a loss, the first that is there is taken. */
const usual: Readonly<Record<LossKind, readonly string[]>> = {
  loss: ["train.loss", "loss", "train_loss", "train/loss", "train_loss_epoch", "training_loss"],
  val: [
    "test.loss",
    "val_loss",
    "val/loss",
    "valid_loss",
    "validation_loss",
    "eval_loss",
    "test_loss",
  ],
};

/**
 * The loss of a training run: of a run directory of ours, a JSON Lines file (one object a line, of ours the
 * "epoch" lines), or a CSV file with a header, where blank cells are epochs without this value.
 *
 * @param column  name of the column or key (dots lead into objects); the usual ones unless given
 * @throws InputError  for a path that cannot be read
 * @throws DataError  for a column that is not there, a cell that is no number, or no value at all
 */
export async function readLosses(
  path: string,
  { of = "loss", column }: { readonly of?: LossKind; readonly column?: string } = {},
): Promise<LossSeries> {
  const file = isDirectory(path) ? join(path, "metrics.jsonl") : path;
  const text = await readText(file);
  const records = file.endsWith(".csv") ? fromCsv(text, file) : fromJsonLines(text, file);
  const wanted = column === undefined ? usual[of] : [column];
  const found = wanted.find((name) => records.some((record) => cellOf(record, name) !== undefined));
  if (found === undefined) {
    const names = [...new Set(records.flatMap((record) => Object.keys(record)))].join(", ");
    throw new DataError(`${file} has no column ${wanted.map((name) => `"${name}"`).join(" or ")}`, {
      hint: `name one with --column; there are: ${names}`,
    });
  }
  const cells = records.map((record) => cellOf(record, found));
  const present = cells.filter((cell) => cell !== undefined && cell !== null && cell !== "");
  const values = Float64Array.from(present, (cell) => numberOf(cell, file, found));
  if (values.length === 0) throw new DataError(`${file}: column "${found}" has no value`);
  const blank = records.length - values.length;
  const warnings =
    blank > 0 ? [`${blank} of ${records.length} rows have no "${found}" and were left out`] : [];
  return { source: file, column: found, values, warnings };
}

type Row = Readonly<Record<string, unknown>>;

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (cause) {
    throw new InputError(`${path}: no such file or directory`, { cause });
  }
}

function fromCsv(text: string, source: string): Row[] {
  const { columns, rows } = parseDelimited(text, source);
  return rows.map(({ cells }) =>
    Object.fromEntries(columns.map((name, i) => [name, cells[i].trim()])),
  );
}

function fromJsonLines(text: string, source: string): Row[] {
  const lines = text.split("\n");
  const records: Row[] = [];
  lines.forEach((line, i) => {
    if (line.trim() === "") return;
    try {
      const record: unknown = JSON.parse(line);
      if (typeof record !== "object" || record === null) throw new SyntaxError("no object");
      records.push(record as Row);
    } catch (cause) {
      // A job that is still running, or was killed, leaves half a line at the end.
      if (i === lines.length - 1 && records.length > 0) return;
      throw new DataError(`${source}:${i + 1}: no JSON object`, { cause });
    }
  });
  const epochs = records.filter(({ type }) => type === "epoch");
  return epochs.length > 0 ? epochs : records;
}

/** The value under a name, or under its parts. */
function cellOf(record: Row, name: string): unknown {
  if (Object.hasOwn(record, name)) return record[name];
  let value: unknown = record;
  for (const part of name.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part))
      return undefined;
    value = (value as Row)[part];
  }
  return value;
}

function numberOf(cell: unknown, source: string, column: string): number {
  if (typeof cell === "number") return cell;
  const text = String(cell).trim();
  if (/^[+-]?nan$/i.test(text)) return Number.NaN;
  if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  const number = Number(text);
  if (text === "" || Number.isNaN(number))
    throw new DataError(`${source}: "${text}" in column "${column}" is no number`);
  return number;
}
