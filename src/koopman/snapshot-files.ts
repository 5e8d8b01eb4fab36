import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseNpyHeader } from "../data/npy.ts";
import { parseSafetensorsHeader } from "../data/safetensors-header.ts";
import { DataError, InputError } from "../errors.ts";
import type { Reals, TallSource } from "../linalg/tall-source.ts";

/** Entries that lie end to end in a file, and which part of a snapshot they are. */
interface Stretch {
  readonly at: number; // its first entry in the snapshot
  readonly count: number;
  readonly byte: number; // where it begins in the file
  readonly size: 4 | 8; // bytes an entry
}

interface SnapshotFile {
  readonly path: string;
  readonly stretches: readonly Stretch[];
  readonly description: string; // what must be alike in all
}

/**
 * Snapshots on disk, never all in memory: one `.npy` file whose columns they are (rows × snapshots), or
 * a directory with one file a snapshot, `.npy` or `.safetensors`, in the order of the numbers in their
 * names. A snapshot of several tensors is all those of float32 and float64, end to end by name; others
 * (counters, masks) are left out.
 *
 * @throws InputError  for a path that cannot be read, or a directory without such files
 * @throws DataError  for a malformed file, or snapshots that are not alike
 */
export async function snapshotFiles(path: string): Promise<TallSource> {
  const info = await stat(path).catch((cause) => {
    throw new InputError(`${path}: no such file or directory`, { cause });
  });
  if (!info.isDirectory()) return matrixFile(path);
  const names = (await readdir(path)).filter((name) => /\.(npy|safetensors)$/.test(name));
  if (names.length === 0)
    throw new InputError(`${path}: holds no snapshots`, {
      hint: "one .npy or .safetensors file for each",
    });
  names.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const files = await Promise.all(names.map((name) => describe(join(path, name))));
  const odd = files.find(({ description }) => description !== files[0].description);
  if (odd !== undefined)
    throw new DataError(
      `${odd.path} holds ${odd.description}, but ${files[0].path} ${files[0].description}`,
    );
  return sourceOf(files);
}

/** A matrix [rows × snapshots] in one file. */
async function matrixFile(path: string): Promise<TallSource> {
  const { type, fortran, shape, start } = parseNpyHeader(await headOf(path, 0), path);
  if (shape.length !== 2 || shape.includes(0))
    throw new DataError(`${path}: an array of shape [${shape.join(", ")}]`, {
      hint: "a matrix is wanted, one snapshot a column",
    });
  const size = sizeOf(type, path);
  const [rows, cols] = shape;
  await requireBytes(path, start + rows * cols * size);
  if (fortran) {
    const files = Array.from({ length: cols }, (_, j) => ({
      path,
      stretches: [{ at: 0, count: rows, byte: start + j * rows * size, size }],
      description: "",
    }));
    return sourceOf(files);
  }
  return {
    rows,
    cols,
    dtype: size === 4 ? "float32" : "float64",
    order: "rows",
    async read(first, count) {
      const block = arrayOf(size, count * cols);
      const whole = { at: 0, count: rows * cols, byte: start, size };
      await readInto(block, path, [whole], first * cols);
      return block;
    },
  };
}

async function describe(path: string): Promise<SnapshotFile> {
  if (path.endsWith(".npy")) {
    const { type, shape, start } = parseNpyHeader(await headOf(path, 0), path);
    const size = sizeOf(type, path);
    const count = shape.reduce((product, n) => product * n, 1);
    await requireBytes(path, start + count * size);
    return {
      path,
      stretches: [{ at: 0, count, byte: start, size }],
      description: `${type} [${shape.join(", ")}]`,
    };
  }
  const head = await headOf(path, 8);
  const length = new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);
  if (length > BigInt(head.length - 8))
    throw new DataError(`${path}: at byte 0: a header of ${length} bytes, but the file ends`);
  const start = 8 + Number(length);
  const { spans } = parseSafetensorsHeader(head.subarray(8, start), path);
  const floats = spans.filter(({ code }) => code === "F32" || code === "F64");
  const half = spans.find(({ code }) => code === "F16" || code === "BF16");
  if (half !== undefined)
    throw new DataError(`${path}: tensor ${JSON.stringify(half.name)} is ${half.code}`, {
      hint: "save snapshots in float32: in half precision their differences are rounding",
    });
  let at = 0;
  const stretches = floats
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, code, shape, begin, end }): Stretch => {
      const size = code === "F32" ? 4 : 8;
      const count = shape.reduce((product, n) => product * n, 1);
      if (end - begin !== count * size)
        throw new DataError(
          `${path}: tensor ${JSON.stringify(name)}, ${code}[${shape}], has ${end - begin} bytes`,
        );
      at += count;
      return { at: at - count, count, byte: start + begin, size };
    });
  await requireBytes(path, Math.max(start, ...spans.map(({ end }) => start + end)));
  const description = floats.map(({ name, code, shape }) => `${name} ${code}[${shape}]`).join(", ");
  return { path, stretches, description: description || "no float32 or float64 tensor" };
}

function sourceOf(files: readonly SnapshotFile[]): TallSource {
  const [{ path, stretches }, cols] = [files[0], files.length];
  const rows = stretches.reduce((sum, { count }) => sum + count, 0);
  if (rows === 0) throw new DataError(`${path}: holds no numbers`);
  const size = stretches.every((stretch) => stretch.size === 4) ? 4 : 8;
  return {
    rows,
    cols,
    dtype: size === 4 ? "float32" : "float64",
    order: "columns",
    async read(first, count) {
      const block = arrayOf(size, cols * count);
      // One file after another: as many open at once could exceed what the system allows.
      for (let j = 0; j < cols; j++) {
        const part = block.subarray(j * count, (j + 1) * count);
        await readInto(part, files[j].path, files[j].stretches, first);
      }
      return block;
    },
  };
}

/** Entries first … of the stretches, as many as `out` takes. */
async function readInto(
  out: Reals,
  path: string,
  stretches: readonly Stretch[],
  first: number,
): Promise<void> {
  const file = await open(path);
  try {
    for (const { at, count, byte, size } of stretches) {
      const [from, to] = [Math.max(at, first), Math.min(at + count, first + out.length)];
      if (from >= to) continue;
      const place = out.subarray(from - first, to - first);
      const direct = out.BYTES_PER_ELEMENT === size;
      const target = direct ? place : arrayOf(size, to - from);
      const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
      let filled = 0;
      while (filled < bytes.length) {
        const position = byte + (from - at) * size + filled;
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, position);
        if (bytesRead === 0) throw new DataError(`${path}: ends at byte ${position}`);
        filled += bytesRead;
      }
      if (!direct) place.set(target);
    }
  } finally {
    await file.close();
  }
}

const arrayOf = (size: 4 | 8, length: number): Reals =>
  size === 4 ? new Float32Array(length) : new Float64Array(length);

function sizeOf(type: string, path: string): 4 | 8 {
  if (type !== "<f4" && type !== "<f8")
    throw new DataError(`${path}: elements of type ${type}; snapshots are float32 or float64`);
  return type === "<f4" ? 4 : 8;
}

/** The beginning of a file: enough for its header, whose length stands within the first bytes. */
async function headOf(path: string, fixed: 0 | 8): Promise<Uint8Array> {
  const file = await open(path).catch((cause) => {
    throw new InputError(`${path}: cannot be read`, { cause });
  });
  try {
    const { size } = await file.stat();
    const first = new Uint8Array(Math.min(size, 4096));
    await file.read(first, 0, first.length, 0);
    if (fixed === 0) return first;
    if (size < 8) throw new DataError(`${path}: at byte ${size}: the file ends inside 8 bytes`);
    const stated = new DataView(first.buffer).getBigUint64(0, true);
    const wanted = 8 + Number(stated > BigInt(size) ? 0n : stated);
    if (wanted <= first.length) return first;
    const all = new Uint8Array(Math.min(size, wanted));
    await file.read(all, 0, all.length, 0);
    return all;
  } finally {
    await file.close();
  }
}

async function requireBytes(path: string, wanted: number): Promise<void> {
  const { size } = await stat(path);
  if (size < wanted) throw new DataError(`${path}: ends at byte ${size}, ${wanted} are stated`);
}
