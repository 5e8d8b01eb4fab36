import { DataError } from "../../errors.ts";
import { withRate } from "./merge.ts";
import { type Column, numberOf, put, seriesOfColumns } from "./rows.ts";
import { counted, type ReadLog, type Series } from "./run.ts";

type Row = Readonly<Record<string, unknown>>;

/** What `json.dump` of Python writes: JSON with NaN, Infinity and -Infinity. @throws SyntaxError */
function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
    // NaN as text: `numberOf` knows it. An open string runs to the end, so that this stays linear.
    const plain = text.replace(/"(?:[^"\\]|\\[\s\S])*(?:"|$)|-?Infinity|NaN/g, (word) => {
      if (word.startsWith('"')) return word;
      return word === "NaN" ? '"NaN"' : word.replace("Infinity", "1e999");
    });
    return JSON.parse(plain);
  }
}

const isRow = (value: unknown): value is Row =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * A log of one JSON object a line; numbers in objects are called by the path to them, a.b. A last line
 * that is cut short is left out. Of our own `metrics.jsonl` the "epoch" lines make the series, and the
 * "step" lines others, below "step."; null is there a number that was not finite.
 *
 * @throws DataError  for a line that is no object, or no number at all
 */
export function readJsonLines(text: string, path: string): ReadLog {
  const caveats: string[] = [];
  const rows: Row[] = [];
  const lines = text.replace(/^\uFEFF/, "").split("\n");
  lines.forEach((line, i) => {
    if (line.trim() === "") return;
    try {
      const row = parsePythonJson(line);
      if (!isRow(row)) throw new SyntaxError("no object");
      rows.push(row);
    } catch (cause) {
      if (i < lines.length - 1 || rows.length === 0)
        throw new DataError(`${path}:${i + 1}: no JSON object`, { cause });
      caveats.push(`line ${i + 1} is cut short and left out: the log is still being written`);
    }
  });
  const own = rows.some(({ type }) => type === "epoch" || type === "step");
  const series = own ? ownSeries(rows, path) : seriesOfColumns(columnsOf(rows), path);
  if (series.length === 0) throw new DataError(`${path}: has no numbers`);
  const kind = own ? "eigenflow-metrics" : "jsonl";
  const summary = `${counted(series.length, "series")}, ${counted(rows.length, "line")}`;
  return { source: { kind, path, summary, caveats }, series };
}

/** Series of epochs, told where the rate that the steps log changes; then those of the steps. */
function ownSeries(rows: readonly Row[], path: string): Series[] {
  const steps = rows.filter(({ type }) => type === "step");
  const of = (some: readonly Row[], counter: string) =>
    seriesOfColumns(columnsOf(some, [counter], Number.NaN), path);
  const epochs = of(
    rows.filter(({ type }) => type === "epoch"),
    "epoch",
  );
  // The last rate of each epoch.
  const rate = of(
    steps.map(({ epoch, rate }) => ({ epoch, learning_rate: rate })),
    "epoch",
  ).map((one) => ({ ...one, name: "rate" }));
  return [
    ...epochs.map((one) => withRate(one, rate[0])),
    ...of(steps, "step").map((one) => ({ ...one, name: `step.${one.name}` })),
  ];
}

/**
 * Numbers by the path to them.
 *
 * @param counters  the only names that may count steps; else all that usually do
 * @param missing  what null stands for; undefined: nothing
 */
export function columnsOf(
  rows: readonly Row[],
  counters?: readonly string[],
  missing?: number,
): Map<string, Column> {
  const columns = new Map<string, Column>();
  rows.forEach((row, i) => {
    const visit = (object: Row, prefix: string, depth: number) => {
      for (const [key, value] of Object.entries(object)) {
        const name = prefix + key;
        if (counters !== undefined && /^(step|epoch)$/.test(name) && !counters.includes(name))
          continue;
        const number =
          typeof value === "number"
            ? value
            : typeof value === "string" && /^[+-]?(nan|inf(inity)?)$/i.test(value)
              ? numberOf(value)
              : value === null
                ? missing
                : undefined;
        if (typeof number === "number") put(columns, name, i, number);
        else if (isRow(value) && depth < 8) visit(value, `${name}.`, depth + 1);
      }
    };
    visit(row, "", 0);
  });
  return columns;
}

/**
 * The `log_history` of a Hugging Face Trainer: rows of training and of evaluation, told apart by their
 * names, merged by step.
 *
 * @throws DataError  for anything else
 */
export function readTrainerState(text: string, path: string): ReadLog {
  let state: unknown;
  try {
    state = parsePythonJson(text);
  } catch (cause) {
    throw new DataError(`${path}: is no JSON`, { cause });
  }
  const history = isRow(state) ? state.log_history : undefined;
  if (!Array.isArray(history) || !history.every(isRow))
    throw new DataError(`${path}: has no log_history; wanted the state of a Trainer`, {
      hint: "logs in JSON are read as JSON Lines, one object a line",
    });
  const series = seriesOfColumns(columnsOf(history), path);
  if (series.length === 0) throw new DataError(`${path}: its log_history is empty`);
  const summary = `${counted(series.length, "series")}, ${counted(history.length, "row")}`;
  const caveats = [
    "Trainer replaces losses that are NaN or infinite by an average before it logs them, unless logging_nan_inf_filter=False",
  ];
  return { source: { kind: "hf-trainer-state", path, summary, caveats }, series };
}
