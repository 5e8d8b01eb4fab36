import { refuseUnknown } from "../../errors/suggest.ts";
import { DataError, InputError, UsageError } from "../../errors.ts";
import { cellsOf, columnOf, numberHint, whyNot } from "../csv.ts";
import { type Delimited, type DelimitedRow, parseDelimited } from "../delimited.ts";
import { readCells } from "../table-file.ts";
import { isTimestamp, secondsOf } from "./clock.ts";
import { checkNames, type Experiment, experimentOf, fewestSamples } from "./experiment.ts";
import { interpolateMissing, onGrid, samplingOf } from "./sampling.ts";

/** Which columns of a file are what, and how it is sampled. */
export interface Roles {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Seconds between rows; else from the column `time`. */
  readonly sampleTime?: number;
  /** The column of times: numbers of seconds, or timestamps in ISO 8601. */
  readonly time?: string;
  /** A column that numbers or names the experiments in the file; rows of one stand together. */
  readonly experiment?: string;
  /** What to do with blank cells and NaN: refuse them, or draw a straight line across. */
  readonly missing?: "refuse" | "interpolate";
  /** What to do with times at unequal steps: refuse them, or interpolate to equal ones. */
  readonly irregular?: "refuse" | "resample";
}

const known = ["inputs", "outputs", "sampleTime", "time", "experiment", "missing", "irregular"];

/**
 * The experiments in CSV text with a header: one, or as many as the column `experiment` tells apart.
 *
 * @param source  what to call the text in errors
 * @throws UsageError  for roles that contradict one another, or neither `sampleTime` nor `time`
 * @throws DataError  naming line and column, for a column that is not there, a cell that is no number,
 *   missing values, columns of unequal lengths or times at unequal steps (unless asked to mend
 *   those), fewer than 10 rows, or an output that never changes
 */
export function parseExperiments(text: string, source: string, roles: Roles): Experiment[] {
  checkRoles(source, roles);
  if (text.startsWith("PAR1"))
    throw new DataError(`${source}: is Parquet, which is no text`, {
      hint: "read the file by readExperiments",
    });
  return experimentsIn(parseDelimited(text, source), source, roles);
}

/** @throws UsageError  for roles that are unknown or contradict one another */
function checkRoles(source: string, roles: Roles): void {
  refuseUnknown("experiment", roles, known);
  checkNames(source, roles.inputs, roles.outputs);
}

function experimentsIn(table: Delimited, source: string, roles: Roles): Experiment[] {
  if (roles.sampleTime === undefined && roles.time === undefined) {
    const clock = table.columns.find((name) => /^(t|time|seconds|timestamp)\b/i.test(name));
    throw new UsageError(
      `${source}: neither a sample time nor a column of times is given`,
      clock === undefined
        ? "give sampleTime in seconds"
        : `"${clock}" looks like the column of times`,
    );
  }
  return groupsOf(table, source, roles.experiment).map(({ name, rows }) =>
    experimentFrom({ ...table, rows }, name, source, roles),
  );
}

/** `parseExperiments` of files in CSV or Parquet, one after the other. @throws InputError  for one that cannot be read */
export async function readExperiments(
  paths: readonly string[],
  roles: Roles,
): Promise<Experiment[]> {
  if (paths.length === 0) throw new UsageError("no file of data is given; wanted one or several");
  const all: Experiment[] = [];
  for (const path of paths) {
    checkRoles(path, roles);
    const { inputs, outputs, time, experiment } = roles;
    const asked = [...inputs, ...outputs, time, experiment].filter((name) => name !== undefined);
    all.push(...experimentsIn(await readCells(path, asked), path, roles));
  }
  return all;
}

/**
 * The one experiment in a file; else as `parseExperiments`.
 *
 * @throws InputError  for a file that cannot be read, or that holds several
 */
export async function readExperiment(path: string, roles: Roles): Promise<Experiment> {
  const all = await readExperiments([path], roles);
  if (all.length === 1) return all[0];
  throw new InputError(`${path}: holds ${all.length} experiments, one is wanted`, {
    hint: "read it by readExperiments",
  });
}

/** Signals of a file by name, row after row, without a time. */
export interface Signals {
  readonly count: number;
  readonly values: Float64Array; // [count × names]
  readonly warnings: readonly string[];
}

/**
 * Columns of a file in CSV or Parquet, such as the inputs of a simulation.
 *
 * @throws InputError, DataError  as `readExperiments`, for a file or a cell
 */
export async function readSignals(
  path: string,
  names: readonly string[],
  missing: "refuse" | "interpolate" = "refuse",
): Promise<Signals> {
  const table = await readCells(path, names);
  checkEnds(table, path, names);
  const read = names.map((name) => column(table, path, name, missing));
  const whole = read.map(({ values }) => interpolateMissing(values, undefined));
  const count = table.rows.length;
  const empty = whole.findIndex((values) => values.some(Number.isNaN));
  if (empty >= 0)
    throw new DataError(`${path}: column "${names[empty]}" has fewer than two numbers`, {
      hint: "two at least are wanted for a line between",
    });
  return {
    count,
    values: Float64Array.from(
      { length: count * names.length },
      (_, k) => whole[k % names.length][Math.floor(k / names.length)],
    ),
    warnings: mended(path, names, read),
  };
}

interface Group {
  readonly name: string;
  readonly rows: readonly DelimitedRow[];
}

function groupsOf({ columns, rows }: Delimited, source: string, by?: string): Group[] {
  if (by === undefined) return [{ name: source, rows }];
  const at = columnOf(columns, by, source);
  const groups: { label: string; rows: DelimitedRow[] }[] = [];
  for (const row of rows) {
    const label = row.cells[at].trim();
    const last = groups.at(-1);
    if (last?.label === label) last.rows.push(row);
    else if (!groups.some((group) => group.label === label)) groups.push({ label, rows: [row] });
    else
      throw new DataError(`${source}:${row.line}: experiment "${label}" begins a second time`, {
        hint: "rows of one experiment must stand together; sort the file by experiment and time",
      });
  }
  return groups.map(({ label, rows }) => ({ name: `${source} (${by} ${label})`, rows }));
}

function experimentFrom(table: Delimited, name: string, source: string, roles: Roles): Experiment {
  const { inputs, outputs, missing = "refuse" } = roles;
  checkEnds(table, source, [...inputs, ...outputs]);
  if (table.rows.length < fewestSamples)
    throw new DataError(
      `${name}: ${table.rows.length} rows; at least ${fewestSamples} are wanted, and some hundreds for a good model`,
      { hint: "measure longer, or at a shorter sample time" },
    );
  const columns = (names: readonly string[]) => names.map((n) => column(table, source, n, missing));
  const times = roles.time === undefined ? undefined : clock(table, source, roles.time);
  const sampling = samplingOf(name, times, roles.sampleTime, roles.irregular ?? "refuse");
  const signals = [...columns(inputs), ...columns(outputs)].map(({ values, gaps }) => ({
    values: onGrid(gaps > 0 ? interpolateMissing(values, times) : values, times, sampling),
    gaps,
  }));
  const count = signals[0].values.length;
  const pack = (from: number, width: number) =>
    Float64Array.from(
      { length: count * width },
      (_, k) => signals[from + (k % width)].values[Math.floor(k / width)],
    );
  const experiment = experimentOf({
    name,
    sampleTime: sampling.sampleTime,
    inputs,
    outputs,
    u: pack(0, inputs.length),
    y: pack(inputs.length, outputs.length),
  });
  const drawn = mended(name, [...inputs, ...outputs], signals);
  return { ...experiment, warnings: [...drawn, ...sampling.warnings, ...experiment.warnings] };
}

/** What was drawn where values are missing. */
const mended = (source: string, names: readonly string[], columns: readonly { gaps: number }[]) =>
  names.flatMap((name, i) => {
    const { gaps } = columns[i];
    return gaps > 0
      ? [
          `${source}: "${name}" lacks ${gaps} ${gaps === 1 ? "value" : "values"}, drawn as straight lines`,
        ]
      : [];
  });

/** Seconds, from numbers or from timestamps. */
function clock(table: Delimited, source: string, name: string): Float64Array {
  const at = columnOf(table.columns, name, source);
  const cells = table.rows.map(({ cells }) => cells[at].trim());
  if (!isTimestamp(cells[0])) return column(table, source, name, "refuse", true).values;
  return secondsOf(cells, (i) => `${source}:${table.rows[i].line}: column "${name}"`);
}

interface Column {
  readonly values: Float64Array; // NaN where missing
  readonly gaps: number;
}

function column(
  table: Delimited,
  source: string,
  name: string,
  missing: "refuse" | "interpolate",
  clock = false,
): Column {
  let gaps = 0;
  const values = Float64Array.from(cellsOf(table, name, source), (cell, i) => {
    const why = whyNot(cell, Number);
    if (why === undefined) return Number(cell);
    const blank = /^(nan|na|n\/a|null)?$/i.test(cell);
    if (blank && missing === "interpolate") {
      gaps++;
      return NaN;
    }
    const comma = /^[+-]?\d*,\d+/.test(cell);
    const hint = comma
      ? "numbers are written with a point; with a comma only where cells are kept apart by ; or tabs"
      : clock
        ? "times are numbers of seconds or such as 2026-01-31T12:00:05Z; or leave `time` out and give `sampleTime`"
        : blank
          ? 'missing: "interpolate" draws a line across; or cut the data there into two experiments'
          : numberHint;
    throw new DataError(`${source}:${table.rows[i].line}: column "${name}": ${why}`, { hint });
  });
  return { values, gaps };
}

/** @throws DataError  for a column that ends before the others, as spreadsheets write unequal lengths */
function checkEnds({ columns, rows }: Delimited, source: string, names: readonly string[]): void {
  const ends = names.map((name) => {
    const at = columnOf(columns, name, source);
    return rows.findLastIndex(({ cells }) => cells[at].trim() !== "");
  });
  const longest = Math.max(...ends);
  const short = ends.findIndex((end) => end < longest);
  if (short < 0) return;
  const long = ends.indexOf(longest);
  throw new DataError(
    `${source}: column "${names[short]}" has ${ends[short] + 1} values, "${names[long]}" has ${longest + 1}`,
    {
      hint: `cut the file to ${Math.min(...ends) + 1} rows, so that all are measured at the same times`,
    },
  );
}
