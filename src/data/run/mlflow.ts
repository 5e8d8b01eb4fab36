import { DataError } from "../../errors.ts";
import { type Point, seriesOf } from "./order.ts";
import { numberOf } from "./rows.ts";
import { counted, type ReadLog, type Series } from "./run.ts";

/** A metric of MLflow's file store: `<run>/metrics/<name>`, one `time value step` a line. */
export interface MetricFile {
  readonly path: string;
  readonly name: string;
  readonly text: string;
}

/**
 * The metrics of a run in MLflow's file store; of a value logged twice at a step the last is kept.
 *
 * @param path  what to call them together
 * @throws DataError  for a line that is none such, but for a last one that is cut short
 */
export function readMlflow(path: string, files: readonly MetricFile[]): ReadLog {
  const series = files.map(readMetric).filter(({ values }) => values.length > 0);
  if (series.length === 0) throw new DataError(`${path}: its metrics are empty`);
  const summary = counted(series.length, "series");
  return { source: { kind: "mlflow", path, summary, caveats: [] }, series };
}

function readMetric({ path, name, text }: MetricFile): Series {
  const points: Point[] = [];
  const caveats: string[] = [];
  const lines = text.split("\n");
  lines.forEach((line, i) => {
    if (line.trim() === "") return;
    const [time, value, step = "0", ...more] = line.trim().split(/\s+/).map(numberOf);
    const good = [time, value, step].every((n) => n !== undefined && n !== null);
    if (good && more.length === 0) points.push({ step: Number(step), value: Number(value) });
    else if (i === lines.length - 1)
      caveats.push(`line ${i + 1} is cut short and left out: the log is still being written`);
    else throw new DataError(`${path}:${i + 1}: wanted "time value step"`);
  });
  return seriesOf(name, path, points, caveats);
}
