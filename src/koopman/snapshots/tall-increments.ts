import { UsageError } from "../../errors.ts";
import { eachBlock, type Reals, type TallSource } from "../../linalg/tall-source.ts";

/**
 * Differences of neighbouring snapshots, f_{i+1} − f_i [n × M−1], made block by block as they are read,
 * in float64: of float32 snapshots that are near each other they are exact.
 *
 * @throws UsageError  for fewer than 2 snapshots
 */
export function tallIncrements(source: TallSource): TallSource {
  const { rows, cols, order } = source;
  if (cols < 2) throw new UsageError(`increments of ${cols} snapshots`, "at least 2 are needed");
  const width = cols - 1;
  return {
    rows,
    cols: width,
    dtype: "float64",
    order,
    async read(first, count) {
      const block = await source.read(first, count);
      const out = new Float64Array(width * count);
      if (order === "columns") {
        for (let k = 0; k < out.length; k++) out[k] = block[k + count] - block[k];
      } else {
        for (let i = 0; i < count; i++) {
          for (let j = 0; j < width; j++) {
            const at = i * cols + j;
            out[i * width + j] = block[at + 1] - block[at];
          }
        }
      }
      return out;
    },
  };
}

/** Rows first … first + count − 1 of a source: the weights of one layer, say. */
export const tallRows = (source: TallSource, first: number, count: number): TallSource => ({
  ...source,
  rows: count,
  read: (start, length) => source.read(first + start, length),
});

/** Snapshots first … of a source, before `end`. The others are read and left out. */
export function tallBetween(source: TallSource, first: number, end = source.cols): TallSource {
  const { cols, order } = source;
  const width = end - first;
  if (width === cols) return source;
  return {
    ...source,
    cols: width,
    async read(start, count): Promise<Reals> {
      const block = await source.read(start, count);
      if (order === "columns") return block.subarray(first * count, end * count);
      const out = block.slice(0, width * count);
      for (let i = 0; i < count; i++) {
        out.set(block.subarray(i * cols + first, i * cols + end), i * width);
      }
      return out;
    },
  };
}

/** ‖f_i‖ of every snapshot, in one pass. */
export async function tallNorms(source: TallSource): Promise<Float64Array> {
  const { cols, order } = source;
  const squares = new Float64Array(cols);
  await eachBlock(source, async (block, _, count) => {
    block.forEach((x, k) => {
      squares[order === "columns" ? Math.floor(k / count) : k % cols] += x * x;
    });
  });
  return squares.map(Math.sqrt);
}
