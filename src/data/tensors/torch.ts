import { DataError } from "../../errors.ts";
import { type Bytes, take } from "./bytes.ts";
import { elementSize } from "./elements.ts";
import { unpickle } from "./pickle.ts";
import type { PickleTensor } from "./pickle-values.ts";
import { checked, type PlacedFile, type Placement, placedFile } from "./placement.ts";
import type { TensorFile } from "./tensor-file.ts";
import { torchContents } from "./torch-contents.ts";
import { torchRules } from "./torch-rules.ts";
import type { ZipEntry } from "./zip.ts";

/** A checkpoint of torch.save, with the numbers that stand beside its tensors. */
export interface TorchFile extends PlacedFile {
  readonly numbers: ReadonlyMap<string, number>;
}

/** The numbers of a checkpoint, `epoch` and `global_step` for two, by name; none in other files. */
export const checkpointNumbers = (file: TensorFile): ReadonlyMap<string, number> =>
  "numbers" in file ? (file as TorchFile).numbers : new Map();

/** Where the pickle of a checkpoint lies; null in an archive that is none. */
export const pickleOf = (entries: readonly ZipEntry[]): ZipEntry | null =>
  entries.find(({ name }) => /^[^/]+\/data\.pkl$/.test(name)) ?? null;

/**
 * A checkpoint as torch.save writes it since 1.6: a zip archive of a pickle and the storages that its
 * tensors view. Names of nested dicts are joined by dots.
 *
 * @throws DataError  for a malformed pickle, or a tensor that reaches out of its storage
 */
export async function openTorch(
  archive: Bytes,
  entries: readonly ZipEntry[],
  pickle: ZipEntry,
): Promise<TorchFile> {
  const path = archive.source;
  const folder = pickle.name.slice(0, -"data.pkl".length);
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  if (pickle.length > longestPickle)
    throw new DataError(`${path}: a pickle of ${pickle.length} bytes, at most ${longestPickle}`, {
      hint: "save the state_dict alone",
    });
  const bytes = await take(await pickle.open(archive), 0, pickle.length);
  const { value, foreign } = unpickle(bytes, `${path}: ${pickle.name}`, torchRules);
  const { tensors, numbers } = torchContents(value, path);
  const bigEndian = await isBigEndian(archive, byName.get(`${folder}byteorder`));

  const placements: Placement[] = [];
  const unread: string[] = [];
  for (const [name, tensor] of tensors) {
    if (tensor.dtype === null) unread.push(`${name} (${tensor.type})`);
    else
      placements.push(placeIn(path, name, tensor, byName.get(folderOf(folder, tensor)), bigEndian));
  }
  const about = { path, kind: "torch", opaque: [...foreign, ...unread] } as const;
  return { ...placedFile(about, placements), numbers };
}

const longestPickle = 2 ** 27;

const folderOf = (folder: string, { storage }: PickleTensor) => `${folder}data/${storage.key}`;

function placeIn(
  path: string,
  name: string,
  { dtype, storage, offset, shape, strides }: PickleTensor,
  entry: ZipEntry | undefined,
  bigEndian: boolean,
): Placement {
  const what = `${path}: tensor ${JSON.stringify(name)}`;
  if (entry === undefined)
    throw new DataError(`${what}: its storage ${JSON.stringify(storage.key)} is missing`);
  const size = elementSize[dtype!];
  const stated = storage.type === "untyped" ? storage.length : storage.length * size;
  if (!(stated <= entry.length))
    throw new DataError(`${what}: a storage of ${stated} bytes, but ${entry.length} are there`);
  const placement: Placement = {
    entry: { name, dtype: dtype!, shape },
    path,
    strides,
    offset,
    bigEndian,
    payload: (file) => entry.open(file),
  };
  return checked(placement, Math.floor(stated / size));
}

async function isBigEndian(archive: Bytes, record: ZipEntry | undefined): Promise<boolean> {
  if (record === undefined) return false; // before 2.1, and then always little
  const text = new TextDecoder().decode(
    await take(await record.open(archive), 0, Math.min(record.length, 64)),
  );
  if (text !== "little" && text !== "big")
    throw new DataError(`${archive.source}: a byte order of ${JSON.stringify(text)}`);
  return text === "big";
}
