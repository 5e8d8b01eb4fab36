import { ShapeError, UsageError } from "../errors.ts";
import type { Dataset } from "./dataset.ts";

/** Rows and columns of an image of one channel. */
export type Side = readonly [number, number];

/**
 * Images of fewer pixels: each new pixel is the mean of the old ones that it covers, those at its border
 * by the share that it covers of them, y = R x Cᵀ with the overlaps of the two grids as weights. The mean
 * of an image stays what it was, also where 28 is no multiple of 8.
 *
 * @param from  rows and columns of the images, whose pixels are the features [count × from₀·from₁]
 * @param to  rows and columns wanted, not more
 * @throws ShapeError  where the features are no such images
 * @throws UsageError  for sides that are no positive whole numbers, or larger than they were
 */
export function averagedDown(dataset: Dataset, from: Side, to: Side): Dataset {
  const { name, count, width } = dataset;
  const [rows, columns] = from;
  const [fewerRows, fewerColumns] = to;
  if (rows * columns !== width)
    throw new ShapeError(`${name}: ${width} features are no images of ${rows} × ${columns}`);
  if (![0, 1].every((i) => Number.isInteger(to[i]) && to[i] >= 1 && to[i] <= from[i]))
    throw new UsageError(
      `averagedDown: to ${to.join(" × ")} from ${from.join(" × ")}`,
      "whole numbers, at least 1 and at most what the images have",
    );
  const [R, C] = [overlaps(rows, fewerRows), overlaps(columns, fewerColumns)];
  const features = new Float32Array(count * fewerRows * fewerColumns);
  const half = new Float64Array(fewerRows * columns); // R x of one image
  for (let n = 0; n < count; n++) {
    const image = dataset.features.subarray(n * width, (n + 1) * width);
    half.fill(0);
    R.forEach((shares, i) => {
      for (const { at, share } of shares)
        for (let j = 0; j < columns; j++) half[i * columns + j] += share * image[at * columns + j];
    });
    for (let i = 0; i < fewerRows; i++) {
      C.forEach((shares, j) => {
        let sum = 0;
        for (const { at, share } of shares) sum += share * half[i * columns + at];
        features[(n * fewerRows + i) * fewerColumns + j] = sum;
      });
    }
  }
  return { ...dataset, features, width: fewerRows * fewerColumns };
}

/** Of each of `to` equal stretches of a line of `from` pixels: the pixels in it and their shares. */
function overlaps(from: number, to: number): { at: number; share: number }[][] {
  // Counted in 1/to of a pixel, so that every border is a whole number.
  return Array.from({ length: to }, (_, i) => {
    const [low, high] = [i * from, (i + 1) * from];
    const shares: { at: number; share: number }[] = [];
    for (let at = Math.floor(low / to); at * to < high; at++) {
      const covered = Math.min(high, (at + 1) * to) - Math.max(low, at * to);
      shares.push({ at, share: covered / from });
    }
    return shares;
  });
}
