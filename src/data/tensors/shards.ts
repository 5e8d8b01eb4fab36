import { dirname, join } from "node:path";
import { DataError } from "../../errors.ts";
import { readText } from "../files.ts";
import { isPlaced, type PlacedFile, type Placement, placedFile } from "./placement.ts";
import type { TensorFile } from "./tensor-file.ts";

/** Which of the files beside an index each tensor is in. */
export type ShardMap = ReadonlyMap<string, string>;

/**
 * The index of a checkpoint in several files, as Hugging Face writes it: `*.safetensors.index.json`,
 * `pytorch_model.bin.index.json`.
 *
 * @throws InputError  when it cannot be read
 * @throws DataError  when it is no such index, or names a file elsewhere
 */
export async function readShardIndex(path: string): Promise<ShardMap> {
  const fail = (what: string) =>
    new DataError(`${path}: ${what}`, { hint: '{"weight_map": {"tensor": "file", …}} is wanted' });
  const text = await readText(path);
  let map: unknown;
  try {
    map = (JSON.parse(text) as { weight_map?: unknown } | null)?.weight_map;
  } catch (cause) {
    throw new DataError(`${path}: is no JSON`, { cause });
  }
  if (typeof map !== "object" || map === null || Array.isArray(map)) throw fail("no weight_map");
  const shards = Object.entries(map).map(([name, file]): [string, string] => {
    // The index lies beside its files: a path would reach for others.
    if (typeof file !== "string" || !/^[^/\\]+$/.test(file) || file === ".." || file === ".")
      throw fail(
        `tensor ${JSON.stringify(name)} in ${JSON.stringify(file)}, which is no file name`,
      );
    return [name, file];
  });
  if (shards.length === 0) throw fail("an empty weight_map");
  return new Map(shards);
}

/**
 * A checkpoint in several files as if it were one. Every tensor that the index names must be where it
 * says.
 *
 * @param open  opens one of the files
 * @throws DataError  for a file or a tensor that is missing
 */
export async function openShards(
  path: string,
  open: (path: string) => Promise<PlacedFile>,
): Promise<PlacedFile> {
  const map = await readShardIndex(path);
  const files = new Map<string, { file: PlacedFile; names: ReadonlySet<string> }>();
  for (const name of new Set(map.values())) {
    const file = await open(join(dirname(path), name)).catch((cause) => {
      const damage = cause instanceof DataError ? `: ${cause.message}` : " is missing";
      throw new DataError(`${path}: its file ${name}${damage}`, {
        hint: "a checkpoint in several files needs all of them",
        cause,
      });
    });
    files.set(name, { file, names: new Set(file.tensors.map((entry) => entry.name)) });
  }
  const placements = [...map].map(([name, shard]) => {
    const { file, names } = files.get(shard)!;
    if (!names.has(name))
      throw new DataError(`${path}: no tensor ${JSON.stringify(name)} in ${shard}`);
    return file.place(name);
  });
  const opened = [...files.values()].map(({ file }) => file);
  const opaque = opened.flatMap((file) => file.opaque);
  return placedFile({ path, kind: opened[0].kind, opaque }, placements);
}

/**
 * Tensors of several opened files as if they were in one.
 *
 * @throws DataError  for a name that is in two of them, or no file
 */
export function joinTensors(files: readonly TensorFile[], path = files[0]?.path): TensorFile {
  if (files.length === 0) throw new DataError("no files to join");
  const owners = new Map<string, TensorFile>();
  for (const file of files) {
    for (const { name } of file.tensors) {
      const other = owners.get(name);
      if (other !== undefined)
        throw new DataError(`${file.path} and ${other.path} both hold ${JSON.stringify(name)}`);
      owners.set(name, file);
    }
  }
  const about = { path, kind: files[0].kind, opaque: files.flatMap(({ opaque }) => opaque) };
  if (files.every(isPlaced)) {
    const placements: Placement[] = files.flatMap((file) =>
      file.tensors.map(({ name }) => file.place(name)),
    );
    return placedFile(about, placements);
  }
  return {
    ...about,
    tensors: files.flatMap(({ tensors }) => tensors),
    // The first refuses what is in none.
    read: (name, first, count) => (owners.get(name) ?? files[0]).read(name, first, count),
  };
}
