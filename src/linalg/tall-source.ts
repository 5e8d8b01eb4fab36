import { DataError, ShapeError } from "../errors.ts";
import type { Matrix } from "./matrix.ts";

/** Rows of a tall matrix, in either precision. */
export type Reals = Float32Array | Float64Array;

/** A matrix too tall to decompose, and perhaps to hold: read in blocks of rows, several times. */
export interface TallSource {
  readonly rows: number;
  readonly cols: number;
  readonly dtype: "float32" | "float64";
  /** How a block of c rows is laid out: row by row [c × cols], or column by column [cols × c]. */
  readonly order: "rows" | "columns";
  /** Rows first … first + count − 1, in that order; not to be written to. */
  read(first: number, count: number): Reals | Promise<Reals>;
}

/** Rows of a matrix in memory, without a copy. */
export const tallMatrix = ({ rows, cols, data }: Matrix): TallSource => ({
  rows,
  cols,
  dtype: "float64",
  order: "rows",
  read: (first, count) => data.subarray(first * cols, (first + count) * cols),
});

/**
 * Snapshots in memory, one array each: the columns.
 *
 * @throws DataError  for no snapshot
 * @throws ShapeError  for snapshots of different lengths or element types
 */
export function tallSnapshots(snapshots: readonly Reals[]): TallSource {
  if (snapshots.length === 0 || snapshots[0].length === 0) throw new DataError("no snapshots");
  const [{ length: rows, constructor: kind }, cols] = [snapshots[0], snapshots.length];
  const odd = snapshots.findIndex((x) => x.length !== rows || x.constructor !== kind);
  if (odd >= 0)
    throw new ShapeError(
      `snapshot ${odd} is ${snapshots[odd].constructor.name} of ${snapshots[odd].length}, the first ` +
        `${kind.name} of ${rows}`,
    );
  const single = snapshots[0] instanceof Float32Array;
  return {
    rows,
    cols,
    dtype: single ? "float32" : "float64",
    order: "columns",
    read(first, count) {
      const block = single ? new Float32Array(cols * count) : new Float64Array(cols * count);
      snapshots.forEach((x, j) => {
        block.set(x.subarray(first, first + count), j * count);
      });
      return block;
    },
  };
}

/** Numbers in a block: 32 MB in float64, so that neither the calls nor the memory count. */
const blockNumbers = 2 ** 22;

export const blockRows = ({ rows, cols }: TallSource): number =>
  Math.max(1, Math.min(rows, Math.floor(blockNumbers / cols)));

/** Every block in turn; the next is read while one is worked on. */
export async function eachBlock(
  source: TallSource,
  work: (block: Reals, first: number, count: number) => Promise<void>,
): Promise<void> {
  const step = blockRows(source);
  const countAt = (first: number) => Math.min(step, source.rows - first);
  let next = Promise.resolve(source.read(0, countAt(0)));
  for (let first = 0; first < source.rows; first += step) {
    const block = await next;
    const after = first + step;
    if (after < source.rows) {
      next = Promise.resolve(source.read(after, countAt(after)));
      // Its failure is thrown where it is awaited, not as unhandled before.
      next.catch(() => {});
    }
    await work(block, first, countAt(first));
  }
}
