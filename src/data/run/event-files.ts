import { basename } from "node:path";
import { seriesOf } from "./order.ts";
import { counted, type ReadLog, type Series, type Snapshot } from "./run.ts";
import {
  type EventFile,
  eventTensors,
  readEventFile,
  type StoredTensor,
  type TimedPoint,
} from "./tensorboard.ts";

/** An event file, and what stands before the names of its series. */
export interface NamedEventFile {
  readonly path: string;
  readonly under: string; // the folder below the run, "" for its own
}

/**
 * The series of all event files of a run. Files of one folder that follow each other in time are one
 * run that was resumed; those that were written at the same time stay apart.
 *
 * @param path  what to call them together
 * @throws InputError, DataError  as `readEventFile`
 */
export async function readEventFiles(
  path: string,
  files: readonly NamedEventFile[],
): Promise<ReadLog> {
  const read: (EventFile & { under: string })[] = [];
  for (const { path: file, under } of files) read.push({ ...(await readEventFile(file)), under });
  read.sort((a, b) => (a.began || 0) - (b.began || 0) || (a.path < b.path ? -1 : 1));
  const series: Series[] = [];
  const names = new Map<string, { file: EventFile; points: readonly TimedPoint[] }[]>();
  for (const file of read)
    for (const [tag, points] of file.scalars) {
      const name = nameOf(tag, file.under);
      names.set(name, [...(names.get(name) ?? []), { file, points }]);
    }
  for (const [name, parts] of names) {
    const strands = strandsOf(parts);
    strands.forEach((strand, i) => {
      const source = strand.length === 1 ? strand[0].file.path : path;
      const caveats =
        strands.length > 1
          ? [`${strands.length} files that were written at the same time have this name`]
          : [];
      const full = i === 0 ? name : `${name} (${basename(strand[0].file.path)})`;
      const points = strand.flatMap((part) => part.points);
      const made = seriesOf(full, source, points, caveats);
      if (made.values.length > 0) series.push(made);
    });
  }
  const others = read.reduce((sum, file) => sum + file.others, 0);
  const tensors = read.reduce((sum, file) => sum + file.tensors.length, 0);
  return {
    source: {
      kind: "tensorboard",
      path,
      summary: [
        counted(read.length, "event file"),
        counted(series.length, "series"),
        ...(tensors > 0 ? [counted(tensors, "tensor")] : []),
        ...(others > 0 ? [`${others} images, histograms or texts not read`] : []),
      ].join(", "),
      caveats: read.flatMap((file) =>
        file.caveats.map((caveat) => `${basename(file.path)} ${caveat}`),
      ),
    },
    series,
    snapshots: snapshotsOf(read),
  };
}

/**
 * `SummaryWriter.add_scalars("loss", { train })` writes the tag "loss" into the folder "loss_train":
 * that series is loss/train. Others are called by folder and tag.
 */
function nameOf(tag: string, under: string): string {
  if (under === "") return tag;
  const prefix = `${tag.replaceAll("/", "_")}_`;
  return under.startsWith(prefix) ? `${tag}/${under.slice(prefix.length)}` : `${under}/${tag}`;
}

/** Parts that follow each other in time, end to end. */
function strandsOf<T extends { readonly file: EventFile }>(parts: readonly T[]): T[][] {
  const strands: T[][] = [];
  for (const part of parts) {
    const free = strands.find(
      (strand) => !(strand[strand.length - 1].file.ended > part.file.began),
    );
    if (free === undefined) strands.push([part]);
    else free.push(part);
  }
  return strands;
}

/** Tensors by step; a file that was begun later replaces what has its steps and above. */
function snapshotsOf(files: readonly EventFile[]): Snapshot[] {
  let snapshots: Snapshot[] = [];
  for (const { path, tensors } of files) {
    if (tensors.length === 0) continue;
    const bySteps = new Map<number, StoredTensor[]>();
    for (const tensor of tensors) {
      const stored = bySteps.get(tensor.step);
      if (stored === undefined) bySteps.set(tensor.step, [tensor]);
      else stored.push(tensor);
    }
    const steps = [...bySteps].sort(([a], [b]) => a - b);
    snapshots = snapshots.filter(({ step }) => step < steps[0][0]);
    for (const [step, stored] of steps)
      snapshots.push({ step, path, files: [eventTensors(path, stored)] });
  }
  return snapshots;
}
