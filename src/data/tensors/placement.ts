import { DataError, UsageError } from "../../errors.ts";
import { type Bytes, withFile } from "./bytes.ts";
import { decode, elementSize, isDirect, type Widened, widened } from "./elements.ts";
import type { TensorEntry, TensorFile } from "./tensor-file.ts";

/** Where the numbers of a tensor lie: entry (i₀, i₁, …) is element offset + Σ i_d stride_d. */
export interface Placement {
  readonly entry: TensorEntry;
  readonly path: string;
  readonly strides: readonly number[]; // in elements
  readonly offset: number; // of the first entry, in elements
  readonly bigEndian: boolean;
  /** The bytes of the elements, in the open file. */
  payload(file: Bytes): Bytes | Promise<Bytes>;
}

/** A file whose tensors can be read into arrays that are at hand, several in one go. */
export interface PlacedFile extends TensorFile {
  /** @throws UsageError  for a name that is not in the file */
  place(name: string): Placement;
}

export const isPlaced = (file: TensorFile): file is PlacedFile => "place" in file;

/** Entries first … of a tensor, as many as `out` takes. */
export interface Part {
  readonly placement: Placement;
  readonly first: number;
  readonly out: Widened;
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((n, size) => n * size, 1);

/** Strides of entries that lie end to end, row-major, or column-major as Fortran has them. */
export function stridesOf(shape: readonly number[], fortran = false): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let k = 0; k < shape.length; k++) {
    const d = fortran ? k : shape.length - 1 - k;
    strides[d] = stride;
    stride *= shape[d];
  }
  return strides;
}

/** Assembles a file from where its tensors lie. */
export function placedFile(
  about: Pick<TensorFile, "path" | "kind" | "opaque">,
  placements: readonly Placement[],
): PlacedFile {
  const byName = new Map(placements.map((placement) => [placement.entry.name, placement]));
  const place = (name: string) => {
    const placement = byName.get(name);
    if (placement !== undefined) return placement;
    const names = placements.slice(0, 20).map(({ entry }) => entry.name);
    const more = placements.length > 20 ? `, and ${placements.length - 20} more` : "";
    throw new UsageError(
      `${about.path}: no tensor ${JSON.stringify(name)}`,
      `it holds ${names.length > 0 ? names.join(", ") + more : "none"}`,
    );
  };
  return {
    ...about,
    tensors: placements.map(({ entry }) => entry),
    place,
    read: (name, first, count) => readPlaced(place(name), first, count),
  };
}

async function readPlaced(
  placement: Placement,
  first = 0,
  count = sizeOf(placement.entry.shape) - first,
): Promise<Widened> {
  const { entry, path } = placement;
  const total = sizeOf(entry.shape);
  const whole = (n: number) => Number.isSafeInteger(n) && n >= 0;
  if (!whole(first) || !whole(count) || first + count > total)
    throw new UsageError(
      `${path}: entries ${first} … ${first + count - 1} of ${JSON.stringify(entry.name)}`,
      `it has ${total}`,
    );
  if (count > longest)
    throw new UsageError(
      `${path}: ${count} entries of ${JSON.stringify(entry.name)} at once`,
      `read at most ${longest} at a time`,
    );
  const out = widened(entry.dtype, count);
  await readParts([{ placement, first, out }]);
  return out;
}

/** 16 GiB of float64. */
const longest = 2 ** 31;

/** Reads parts of tensors of one file, which is opened once. @throws DataError  when it ends before */
export async function readParts(parts: readonly Part[]): Promise<void> {
  if (parts.length === 0) return;
  await withFile(parts[0].placement.path, async (file) => {
    for (const part of parts) await readPart(part, file);
  });
}

/** Elements decoded at a time, or fetched around scattered ones. */
const chunk = 2 ** 17;

async function readPart({ placement, first, out }: Part, file: Bytes): Promise<void> {
  const { entry, strides, offset, bigEndian } = placement;
  if (out.length === 0) return;
  const payload = await placement.payload(file);
  if (!endToEnd(entry.shape, strides)) return readScattered(placement, payload, first, out);
  const size = elementSize[entry.dtype];
  if (isDirect(entry.dtype, bigEndian, out)) {
    const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
    return payload.readInto(bytes, (offset + first) * size);
  }
  for (let done = 0; done < out.length; done += chunk) {
    const target = out.subarray(done, done + chunk);
    const bytes = new Uint8Array(target.length * size);
    await payload.readInto(bytes, (offset + first + done) * size);
    decode(bytes, entry.dtype, bigEndian, target);
  }
}

/** Do the entries lie row-major without a gap? An axis of one entry may have any stride. */
export function endToEnd(shape: readonly number[], strides: readonly number[]): boolean {
  const plain = stridesOf(shape);
  return shape.every((size, d) => size === 1 || strides[d] === plain[d]);
}

/** Of a transposed, sliced or expanded tensor: element numbers are sorted, and neighbours read together. */
async function readScattered(
  { entry, strides, offset, bigEndian }: Placement,
  payload: Bytes,
  first: number,
  out: Widened,
): Promise<void> {
  const size = elementSize[entry.dtype];
  for (let done = 0; done < out.length; done += 4 * chunk) {
    const target = out.subarray(done, done + 4 * chunk);
    const places = elementNumbers(entry.shape, strides, offset, first + done, target.length);
    const order = Uint32Array.from(places, (_, i) => i).sort((a, b) => places[a] - places[b]);
    for (let from = 0; from < order.length; ) {
      const begin = places[order[from]];
      let to = from + 1;
      // A gap of a page costs less than a read.
      while (
        to < order.length &&
        places[order[to]] - places[order[to - 1]] <= 4096 / size &&
        places[order[to]] - begin < 8 * chunk
      )
        to++;
      const count = places[order[to - 1]] - begin + 1;
      const bytes = new Uint8Array(count * size);
      await payload.readInto(bytes, begin * size);
      const elements = widened(entry.dtype, count);
      decode(bytes, entry.dtype, bigEndian, elements);
      for (let i = from; i < to; i++) target[order[i]] = elements[places[order[i]] - begin];
      from = to;
    }
  }
}

function elementNumbers(
  shape: readonly number[],
  strides: readonly number[],
  offset: number,
  first: number,
  count: number,
): Float64Array {
  const index = new Array<number>(shape.length);
  let rest = first;
  for (let d = shape.length - 1; d >= 0; d--) {
    index[d] = rest % shape[d];
    rest = Math.floor(rest / shape[d]);
  }
  let place = offset + index.reduce((sum, i, d) => sum + i * strides[d], 0);
  return Float64Array.from({ length: count }, () => {
    const here = place;
    for (let d = shape.length - 1; d >= 0; d--) {
      place += strides[d];
      if (++index[d] < shape[d]) break;
      place -= index[d] * strides[d];
      index[d] = 0;
    }
    return here;
  });
}

/**
 * The placement itself, once it is known that all of its elements lie within `elements`.
 *
 * @throws DataError  when one does not, or when more entries are claimed than could be stored
 */
export function checked(placement: Placement, elements: number): Placement {
  const { entry, strides, offset, path } = placement;
  const count = sizeOf(entry.shape);
  const fail = (what: string) =>
    new DataError(
      `${path}: tensor ${JSON.stringify(entry.name)}, ${entry.dtype}[${entry.shape.join(", ")}], ${what}`,
    );
  const whole = (n: number) => Number.isSafeInteger(n) && n >= 0;
  if (strides.length !== entry.shape.length || ![...entry.shape, ...strides, offset].every(whole))
    throw fail("has a shape, strides or an offset that no tensor has");
  if (!whole(count)) throw fail("has too many entries");
  const last = entry.shape.reduce((sum, size, d) => sum + (size - 1) * strides[d], offset);
  if (count > 0 && !(last < elements))
    throw fail(`reaches element ${last} of ${elements} in its storage`);
  // Entries that share elements: a scalar that was expanded, windows that overlap.
  if (count > Math.max(elements, expandable))
    throw fail(`has ${count} entries of ${elements} elements`);
  return placement;
}

const expandable = 2 ** 26;
