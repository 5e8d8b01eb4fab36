import { DataError } from "../../errors.ts";
import { type Bytes, take, withFile } from "./bytes.ts";
import { openNpy, openNpz } from "./numpy.ts";
import type { PlacedFile } from "./placement.ts";
import { openSafetensors } from "./safetensors.ts";
import { openShards } from "./shards.ts";
import type { TensorFile } from "./tensor-file.ts";
import { openTorch, pickleOf } from "./torch.ts";
import { readZip } from "./zip.ts";

/**
 * Opens a file of tensors, whatever its name, by what it holds: safetensors, a checkpoint of
 * torch.save, .npy or .npz, or the index of a checkpoint in several files. Only what says where the
 * tensors lie is read; nothing is executed.
 *
 * @throws InputError  when it cannot be read
 * @throws DataError  for another format, or a malformed file
 */
export async function openTensors(path: string): Promise<TensorFile> {
  return (await withFile(path, openOne)) ?? (await openShards(path, openShard));
}

async function openShard(path: string): Promise<PlacedFile> {
  const file = await withFile(path, openOne);
  // Else an index could name itself.
  if (file === null) throw new DataError(`${path}: an index within an index`);
  return file;
}

/** null: an index, whose files are to be opened. */
async function openOne(file: Bytes): Promise<PlacedFile | null> {
  const head = await take(file, 0, Math.min(file.length, 16));
  const starts = (...bytes: number[]) => bytes.every((byte, i) => head[i] === byte);
  if (starts(0x93, 0x4e, 0x55, 0x4d)) return openNpy(file);
  if (starts(0x50, 0x4b, 3, 4) || starts(0x50, 0x4b, 5, 6)) return openArchive(file);
  // The length of the header, then "{".
  if (head[8] === 0x7b && head[6] === 0 && head[7] === 0) return openSafetensors(file);
  if (file.length > 1 && head[0] === 0x7b) return null;
  throw foreign(file, head);
}

async function openArchive(archive: Bytes): Promise<PlacedFile> {
  const entries = await readZip(archive);
  const pickle = pickleOf(entries);
  if (pickle !== null) return openTorch(archive, entries, pickle);
  if (entries.some(({ name }) => name.endsWith(".npy"))) return openNpz(archive, entries);
  throw new DataError(`${archive.source}: a zip archive without tensors`, {
    hint: "neither data.pkl of torch.save nor an .npy file is in it",
  });
}

/** What to do with a file of another kind, by its first bytes. */
function foreign({ source, length }: Bytes, head: Uint8Array): DataError {
  const text = String.fromCharCode(...head);
  if (length === 0) return new DataError(`${source}: is empty`);
  if (text.startsWith("\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19"))
    return new DataError(`${source}: a checkpoint in the format of torch.save before 1.6`, {
      hint: "write it anew, once, in Python: torch.save(torch.load(path), path)",
    });
  if (head[0] === 0x80 && head[1] <= 5)
    return new DataError(`${source}: a bare pickle of Python`, {
      hint: "write its tensors by torch.save, numpy.savez or safetensors",
    });
  if (text.startsWith("\x89HDF"))
    return new DataError(`${source}: is HDF5, which is not read`, {
      hint: "write its arrays by numpy.savez",
    });
  return new DataError(`${source}: no tensors are found in it`, {
    hint: "safetensors, torch.save, .npy and .npz are read",
  });
}
