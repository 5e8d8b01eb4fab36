import { statSync } from "node:fs";
import { readJsonLines } from "../../data/run/json.ts";
import { rateChanges } from "../../data/run/merge.ts";
import { openRun } from "../../data/run/open-run.ts";
import { movedBeside, pickSeries } from "../../data/run/pick.ts";
import type { OpenedRun } from "../../data/run/run.ts";
import { readTable } from "../../data/run/table.ts";
import { InputError } from "../../errors.ts";
import { snapshotFiles } from "../../koopman/snapshots/snapshot-files.ts";
import { type SnapshotSource, snapshotSource } from "../../koopman/snapshots/snapshot-source.ts";
import type { SeriesInput } from "../../koopman/verdict/analysis.ts";
import type { WeightsTensor } from "../../koopman/verdict/weights.ts";

export interface SeriesChoice {
  readonly of: "loss" | "val";
  readonly column?: string;
}

/** Snapshots of weights as an analysis takes them. */
export interface WeightsInput {
  readonly source: string;
  readonly kind: string;
  readonly data: SnapshotSource;
  readonly roundoff: number | null; // of half precision, else that of the source's type
  readonly steps: readonly number[];
  readonly tensors: readonly WeightsTensor[];
}

/** A series of a run. @throws InputError, DataError  as `openRun` and `pickSeries` */
export const seriesOf = async (path: string, choice: SeriesChoice): Promise<SeriesInput> =>
  chosen(await openRun(path), choice);

/** The same of the text of a log. @throws DataError  as the readers and `pickSeries` */
export function seriesIn(text: string, path: string, choice: SeriesChoice): SeriesInput {
  const log = path.endsWith(".jsonl") ? readJsonLines(text, path) : readTable(text, path);
  const { source } = log;
  const series = rateChanges(log.series);
  return chosen(
    { path, kind: source.kind, sources: [source], series, snapshots: [], caveats: [] },
    choice,
  );
}

function chosen(run: OpenedRun, { of, column }: SeriesChoice): SeriesInput {
  const series = pickSeries(run, of, column);
  const source = run.sources.find(({ path }) => path === series.source);
  const moved = movedBeside(run, series);
  return {
    ...series,
    ...(moved && { moved }),
    kind: source?.kind ?? run.kind,
    caveats: [...run.caveats, ...(source?.caveats ?? []), ...series.caveats],
  };
}

/**
 * Snapshots of the weights of a run, or of a file with a matrix, one snapshot a column.
 *
 * @throws InputError  when there are none
 * @throws DataError  as `openRun` and `snapshotSource`
 */
export async function weightsOf(path: string): Promise<WeightsInput> {
  if (!isFolder(path) && path.endsWith(".npy")) {
    const data = await snapshotFiles(path);
    const tensors = [{ name: "", shape: [data.rows], first: 0, count: data.rows }];
    const steps = Array.from({ length: data.cols }, (_, i) => i);
    return { source: path, kind: "npy", data, roundoff: roundoffOf(data), steps, tensors };
  }
  const run = await openRun(path);
  if (run.snapshots.length === 0)
    throw new InputError(`${path}: holds no snapshots of the weights`, {
      hint: "save them every few epochs: docs/is-my-training-converging.md has six lines for it",
    });
  const data = snapshotSource(run.snapshots.map(({ files }) => files));
  let first = 0;
  const tensors = data.entries.map(({ name, shape }) => {
    const count = shape.reduce((product, n) => product * n, 1);
    first += count;
    return { name, shape, first: first - count, count };
  });
  const steps = run.snapshots.map(({ step }) => step);
  return { source: path, kind: run.kind, data, roundoff: roundoffOf(data), steps, tensors };
}

/** Half a unit in the last place, of the coarsest type of half precision. */
function roundoffOf({ entries }: SnapshotSource): number | null {
  if (entries.some(({ dtype }) => dtype === "bfloat16")) return 2 ** -9;
  return entries.some(({ dtype }) => dtype === "float16") ? 2 ** -12 : null;
}

/** @throws InputError  when there is nothing at the path */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (cause) {
    throw new InputError(`${path}: no such file or directory`, { cause });
  }
}
