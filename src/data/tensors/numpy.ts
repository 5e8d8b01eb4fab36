import { DataError } from "../../errors.ts";
import { ElementTypeError, type NpyHeader, parseNpyHeader } from "../npy.ts";
import { type Bytes, part, take } from "./bytes.ts";
import { elementSize } from "./elements.ts";
import {
  checked,
  type PlacedFile,
  type Placement,
  placedFile,
  sizeOf,
  stridesOf,
} from "./placement.ts";
import type { TensorDType } from "./tensor-file.ts";
import type { ZipEntry } from "./zip.ts";

/** One array of np.save, under the name "array". @throws DataError  as `parseNpyHeader` */
export async function openNpy(file: Bytes): Promise<PlacedFile> {
  const about = { path: file.source, kind: "npy", opaque: [] } as const;
  return placedFile(about, [await arrayIn(file, "array", file.source, (open) => open)]);
}

/**
 * The arrays of np.savez and np.savez_compressed, by their names. Those that are none of numbers are
 * listed as opaque: objects would have to be executed.
 *
 * @throws DataError  for a malformed array, or when there is none of numbers
 */
export async function openNpz(archive: Bytes, entries: readonly ZipEntry[]): Promise<PlacedFile> {
  const path = archive.source;
  const placements: Placement[] = [];
  const opaque: string[] = [];
  let refused: DataError | null = null;
  for (const entry of entries) {
    const name = entry.name.replace(/\.npy$/, "");
    if (name === entry.name) {
      opaque.push(name);
      continue;
    }
    const bytes = await entry.open(archive);
    try {
      placements.push(await arrayIn(bytes, name, path, (open) => entry.open(open)));
    } catch (error) {
      if (!(error instanceof ElementTypeError)) throw error;
      refused ??= error;
      opaque.push(name);
    }
  }
  if (placements.length === 0 && refused !== null) throw refused;
  return placedFile({ path, kind: "npz", opaque }, placements);
}

async function arrayIn(
  bytes: Bytes,
  name: string,
  path: string,
  open: (file: Bytes) => Bytes | Promise<Bytes>,
): Promise<Placement> {
  const { type, bigEndian, fortran, shape, start } = parseNpyHeader(
    await headOf(bytes),
    bytes.source,
  );
  const dtype = types[type];
  const length = sizeOf(shape) * elementSize[dtype];
  if (start + length > bytes.length)
    throw new DataError(
      `${bytes.source}: ends at byte ${bytes.length}, ${start + length} are stated`,
    );
  const placement: Placement = {
    entry: { name, dtype, shape },
    path,
    strides: stridesOf(shape, fortran),
    offset: 0,
    bigEndian,
    payload: async (file) => part(await open(file), start, length),
  };
  return checked(placement, sizeOf(shape));
}

const types: Readonly<Record<NpyHeader["type"], TensorDType>> = {
  f8: "float64",
  f4: "float32",
  f2: "float16",
  i8: "int64",
  i4: "int32",
  i2: "int16",
  i1: "int8",
  u1: "uint8",
  b1: "bool",
};

/** A header is some hundred bytes long; NumPy itself reads none beyond 10,000 unless it is told to. */
const longestHeader = 2 ** 20;

/** The first bytes, as many as hold the header, whose length stands within the first 12. */
async function headOf(bytes: Bytes): Promise<Uint8Array> {
  const first = await take(bytes, 0, Math.min(bytes.length, 512));
  if (first.length < 12) return first;
  const view = new DataView(first.buffer);
  const stated = first[6] === 1 ? 10 + view.getUint16(8, true) : 12 + view.getUint32(8, true);
  if (stated <= first.length || stated > longestHeader) return first;
  return take(bytes, 0, Math.min(bytes.length, stated));
}
