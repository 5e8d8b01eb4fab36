import { type Point, seriesOf } from "./order.ts";
import type { Series } from "./run.ts";

/** Numbers by name, each with the row it stands in; rows that lack a name have no entry there. */
export interface Column {
  readonly rows: number[];
  readonly values: number[];
}
export type Columns = ReadonlyMap<string, Column>;

export function put(columns: Map<string, Column>, name: string, row: number, value: number): void {
  let column = columns.get(name);
  if (column === undefined) {
    column = { rows: [], values: [] };
    columns.set(name, column);
  }
  // A name that stands twice in a row keeps its last value.
  if (column.rows.at(-1) === row) column.values[column.values.length - 1] = value;
  else {
    column.rows.push(row);
    column.values.push(value);
  }
}

/** Names under which logs count steps, the finest first. */
const stepNames = [
  "step",
  "_step",
  "global_step",
  "globalstep",
  "trainer/global_step",
  "iteration",
  "iter",
  "batch",
  "epoch",
];

/**
 * A series for each column of numbers but those that count steps. Its steps are the first such column
 * that goes up over its rows; the first of them where none does; the number of its row without any.
 */
export function seriesOfColumns(
  columns: Columns,
  source: string,
  { continues = false }: { readonly continues?: boolean } = {},
): Series[] {
  const lower = new Map([...columns.keys()].map((name) => [name.toLowerCase(), name]));
  const counters = stepNames.flatMap((name) => lower.get(name) ?? []);
  const stepAt = counters.map((name) => {
    const { rows, values } = columns.get(name)!;
    return new Map(rows.map((row, i) => [row, values[i]]));
  });
  const names = [...columns.keys()].filter((name) => !counters.includes(name));
  return names.map((name) => {
    const { rows, values } = columns.get(name)!;
    const full = stepAt.filter((steps) => rows.every((row) => steps.has(row)));
    const rising = full.find((steps) =>
      rows.every((row, i) => i === 0 || steps.get(row)! > steps.get(rows[i - 1])!),
    );
    const steps = rising ?? full[0] ?? stepAt[0];
    const points: Point[] = rows.map((row, i) => ({
      step: steps === undefined ? row : (steps.get(row) ?? Number.NaN),
      value: values[i],
    }));
    return seriesOf(name, source, points, rounding(values), { continues });
  });
}

/** Says so where a log keeps few decimals: below them a curve is flat that may not be. */
function rounding(values: readonly number[]): string[] {
  const finite = values.filter(Number.isFinite);
  if (new Set(finite).size < 10) return [];
  const whole = (scale: number) =>
    finite.every((x) => Math.abs(x * scale - Math.round(x * scale)) <= 1e-9 * Math.abs(x * scale));
  if (whole(1)) return [];
  const decimals = [1, 2, 3, 4].find((digits) => whole(10 ** digits));
  return decimals === undefined
    ? []
    : [`rounded to ${decimals} decimal${decimals === 1 ? "" : "s"}`];
}

/** A number as text of a log has it; null for a blank, undefined for anything else. */
export function numberOf(text: string): number | null | undefined {
  const word = text.trim();
  if (/^(|none|null|n\/?a|-+)$/i.test(word)) return null;
  if (/^[+-]?nan$/i.test(word)) return Number.NaN;
  if (/^[+-]?inf(inity)?$/i.test(word)) return word.startsWith("-") ? -Infinity : Infinity;
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(word) ? Number(word) : undefined;
}
