import { isHalf, widened, widenedType } from "../../data/tensors/elements.ts";
import { chooseTensors, type TensorChoice } from "../../data/tensors/parameters.ts";
import { isPlaced, type Part, readParts, sizeOf } from "../../data/tensors/placement.ts";
import type { TensorEntry, TensorFile } from "../../data/tensors/tensor-file.ts";
import { refuseUnknown } from "../../errors/suggest.ts";
import { DataError } from "../../errors.ts";
import type { Reals, TallSource } from "../../linalg/tall-source.ts";

export interface SnapshotOptions {
  /** A tensor's name, a pattern with *, a regular expression, or several; else the parameters. */
  readonly tensors: TensorChoice | readonly TensorChoice[];
}

/** Snapshots in files. `entries`: what a snapshot consists of, end to end. */
export interface SnapshotSource extends TallSource {
  readonly entries: readonly TensorEntry[];
  readonly caveats: readonly string[];
}

/** A tensor of a snapshot: entries at … at + count − 1 of its column. */
interface Stretch {
  readonly file: TensorFile;
  readonly entry: TensorEntry;
  readonly at: number;
  readonly count: number;
}

/**
 * Opened files, one list for each snapshot, as a matrix of which the snapshots are the columns: chosen
 * floating tensors end to end by name, float32 unless one is float64. Blocks are read by byte ranges, so
 * that only the block is in memory.
 *
 * @throws UsageError  for unknown options, or a choice that matches nothing
 * @throws DataError  for no snapshot, or snapshots that are not alike
 */
export function snapshotSource(
  files: readonly (readonly TensorFile[])[],
  options: Partial<SnapshotOptions> = {},
): SnapshotSource {
  refuseUnknown("snapshotSource", options, ["tensors"]);
  if (files.length === 0 || files.some((list) => list.length === 0))
    throw new DataError("no snapshots");
  const columns = files.map((list) => stretchesOf(list, options.tensors));
  const [first] = columns;
  const like = describe(first);
  const odd = columns.findIndex((column) => describe(column) !== like);
  if (odd >= 0) throw unlike(files[odd][0], columns[odd], files[0][0], first);
  const rows = first.reduce((sum, { count }) => sum + count, 0);
  if (rows === 0)
    throw new DataError(`${files[0][0].path}: holds no floating numbers`, {
      hint: "snapshots are of floating tensors",
    });
  const entries = first.map(({ entry }) => entry);
  const single = entries.every(({ dtype }) => widenedType(dtype) === "float32");
  return {
    rows,
    cols: files.length,
    dtype: single ? "float32" : "float64",
    order: "columns",
    entries,
    caveats: caveatsOf(entries),
    async read(from, count) {
      const length = files.length * count;
      const block = single ? new Float32Array(length) : new Float64Array(length);
      // One snapshot after another: as many files open at once could exceed what the system allows.
      for (const [j, column] of columns.entries())
        await readColumn(column, from, block.subarray(j * count, (j + 1) * count));
      return block;
    },
  };
}

function stretchesOf(files: readonly TensorFile[], choice?: SnapshotOptions["tensors"]): Stretch[] {
  const owners = new Map<TensorEntry, TensorFile>();
  for (const file of files) for (const entry of file.tensors) owners.set(entry, file);
  let at = 0;
  return chooseTensors([...owners.keys()], choice)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((entry) => {
      const count = sizeOf(entry.shape);
      at += count;
      return { file: owners.get(entry)!, entry, at: at - count, count };
    });
}

const textOf = ({ entry: { name, dtype, shape } }: Stretch) =>
  `${name} ${dtype}[${shape.join(", ")}]`;
const describe = (column: readonly Stretch[]) => column.map(textOf).join(", ");

/** The first tensor in which two snapshots differ, or the number of them. */
function unlike(
  file: TensorFile,
  column: readonly Stretch[],
  other: TensorFile,
  first: readonly Stretch[],
): DataError {
  const i = first.findIndex((stretch, k) => column[k] && textOf(column[k]) !== textOf(stretch));
  const [here, there] =
    i >= 0
      ? [textOf(column[i]), textOf(first[i])]
      : [`${column.length} tensors`, `${first.length}`];
  return new DataError(`${file.path} holds ${here}, but ${other.path} ${there}`, {
    hint: "snapshots of one run have the same tensors; choose those that all have",
  });
}

/** What reduced precision does to differences of snapshots. */
export function caveatsOf(entries: readonly TensorEntry[]): string[] {
  const half = entries.filter(({ dtype }) => isHalf(dtype));
  if (half.length === 0) return [];
  const worst = half.some(({ dtype }) => dtype === "bfloat16") ? "0.4 %" : "0.05 %";
  return [
    `${half.length} of ${entries.length} tensors are in half precision, rounded to ${worst}: ` +
      "smaller changes between snapshots are lost, and residuals cannot be smaller",
  ];
}

/** Entries first … of a column, as many as `out` takes. */
async function readColumn(column: readonly Stretch[], first: number, out: Reals): Promise<void> {
  const parts = new Map<string, Part[]>(); // by path: each file is opened once
  for (const { file, entry, at, count } of column) {
    const [from, to] = [Math.max(at, first), Math.min(at + count, first + out.length)];
    if (from >= to) continue;
    const target = out.subarray(from - first, to - first);
    if (!isPlaced(file)) {
      target.set(await file.read(entry.name, from - at, to - from));
      continue;
    }
    const placement = file.place(entry.name);
    const list = parts.get(placement.path) ?? [];
    list.push({ placement, first: from - at, out: target });
    parts.set(placement.path, list);
  }
  for (const list of parts.values()) await readParts(list);
}

/** A matrix in a file, [rows × snapshots], as it lies there: by rows, or by columns as Fortran has it. */
export function matrixSource(file: TensorFile, entry: TensorEntry): SnapshotSource {
  const [rows, cols] = entry.shape;
  const placement = isPlaced(file) ? file.place(entry.name) : null;
  const dtype = widenedType(entry.dtype);
  const about = { rows, cols, dtype, entries: [entry], caveats: caveatsOf([entry]) };
  if (placement !== null && placement.strides[0] === 1 && placement.strides[1] === rows) {
    const turned = { ...placement, entry: { ...entry, shape: [cols, rows] }, strides: [rows, 1] };
    return {
      ...about,
      order: "columns",
      async read(first, count) {
        const block = widened(entry.dtype, cols * count);
        const parts = Array.from({ length: cols }, (_, j) => ({
          placement: turned,
          first: j * rows + first,
          out: block.subarray(j * count, (j + 1) * count),
        }));
        await readParts(parts);
        return block;
      },
    };
  }
  return {
    ...about,
    order: "rows",
    read: (first, count) => file.read(entry.name, first * cols, count * cols),
  };
}
