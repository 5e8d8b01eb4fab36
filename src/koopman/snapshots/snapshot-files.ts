import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { openTensors } from "../../data/tensors/open.ts";
import { chooseTensors } from "../../data/tensors/parameters.ts";
import { readShardIndex } from "../../data/tensors/shards.ts";
import type { TensorFile } from "../../data/tensors/tensor-file.ts";
import { refuseUnknown } from "../../errors/suggest.ts";
import { DataError, InputError } from "../../errors.ts";
import {
  matrixSource,
  type SnapshotOptions,
  type SnapshotSource,
  snapshotSource,
} from "./snapshot-source.ts";

/** Endings of files with tensors; of those in a folder of one checkpoint the first that is there. */
const endings = ["safetensors", "ckpt", "pt", "pth", "bin", "npz", "npy"];
/** What trainers put beside the weights. */
const beside = /^(optimizer|optim|scheduler|scaler|training_args|rng_state|random_states)\b/;

/**
 * Snapshots on disk, never all in memory: a file with one matrix, whose columns they are (rows ×
 * snapshots), or a directory of safetensors, checkpoints of torch.save, .npy or .npz, one for each, in the
 * order of the numbers in their names. A checkpoint may be in several files, with their index, or in a
 * directory of its own. What is taken of each is said by `tensors`, else its parameters.
 *
 * @throws InputError  for a path that cannot be read, or a directory without such files
 * @throws UsageError, DataError  as `openTensors` and `snapshotSource`
 */
export async function snapshotFiles(
  path: string,
  options: Partial<SnapshotOptions> = {},
): Promise<SnapshotSource> {
  refuseUnknown("snapshotFiles", options, ["tensors"]);
  const info = await stat(path).catch((cause) => {
    throw new InputError(`${path}: no such file or directory`, { cause });
  });
  if (!info.isDirectory()) return matrixFile(path, options);
  const snapshots = await listSnapshots(path);
  if (snapshots.length === 0)
    throw new InputError(`${path}: holds no snapshots`, {
      hint: `one file for each: ${endings.map((ending) => `.${ending}`).join(", ")}`,
    });
  const opened: TensorFile[][] = [];
  // One after another, as they are read.
  for (const paths of snapshots) {
    const files: TensorFile[] = [];
    for (const one of paths) files.push(await openTensors(one));
    opened.push(files);
  }
  return snapshotSource(opened, options);
}

async function matrixFile(
  path: string,
  options: Partial<SnapshotOptions>,
): Promise<SnapshotSource> {
  const file = await openTensors(path);
  const chosen = chooseTensors(file.tensors, options.tensors);
  if (chosen.length !== 1) {
    throw new DataError(`${path}: holds ${chosen.length} tensors, where one matrix is wanted`, {
      hint: "choose one, with a snapshot in each column, or give a directory with a file for each",
    });
  }
  const [entry] = chosen;
  if (entry.shape.length !== 2 || entry.shape.includes(0))
    throw new DataError(`${path}: an array of shape [${entry.shape.join(", ")}]`, {
      hint: "a matrix is wanted, one snapshot a column",
    });
  return matrixSource(file, entry);
}

/** The files of each snapshot in a directory, or in directories within it. */
async function listSnapshots(path: string): Promise<string[][]> {
  const found = await readdir(path, { withFileTypes: true });
  const inOrder = (names: readonly string[]) =>
    names.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const files = await checkpointFiles(
    path,
    found.filter((entry) => !entry.isDirectory()).map(({ name }) => name),
  );
  if (files.length > 0) return inOrder(files).map((name) => [join(path, name)]);

  const folders = inOrder(found.filter((entry) => entry.isDirectory()).map(({ name }) => name));
  const snapshots: string[][] = [];
  for (const folder of folders) {
    const inside = await checkpointFiles(join(path, folder), await readdir(join(path, folder)));
    const index = inside.filter((name) => name.endsWith(".index.json"));
    const ending = endings.find((one) => inside.some((name) => name.endsWith(`.${one}`)));
    const chosen = index.length > 0 ? index : inside.filter((name) => name.endsWith(`.${ending}`));
    if (chosen.length > 0) snapshots.push(inOrder(chosen).map((name) => join(path, folder, name)));
  }
  return snapshots;
}

/** Files with tensors and indices of such; files that an index names count as that. */
async function checkpointFiles(path: string, names: readonly string[]): Promise<string[]> {
  const isIndex = (name: string) => name.endsWith(".index.json");
  const shards = new Set<string>();
  for (const name of names.filter(isIndex))
    for (const shard of (await readShardIndex(join(path, name))).values()) shards.add(shard);
  return names.filter(
    (name) =>
      isIndex(name) ||
      (endings.some((ending) => name.endsWith(`.${ending}`)) &&
        !shards.has(name) &&
        !beside.test(name)),
  );
}
