import { requireNumber } from "../errors/arguments.ts";
import { DataError, UsageError } from "../errors.ts";
import { type Dataset, requireDataset, type Split, selectRows } from "./dataset.ts";
import { hash128 } from "./hash.ts";
import { randomStream } from "./random.ts";

/**
 * The rows in an order shuffled by the seed, the first `fraction` of them, to the nearest row, for
 * training. Rows that are equal may fall on both sides; `splitByHash` keeps them together.
 *
 * @throws UsageError  for a fraction that is not between 0 and 1
 * @throws DataError  when a part would be empty
 */
export function splitBySeed(dataset: Dataset, fraction: number, seed: number): Split {
  requireDataset("splitBySeed", dataset);
  checkFraction(fraction);
  requireNumber("splitBySeed", "seed", seed);
  const order = randomStream(seed, "split").permutation(dataset.count);
  const boundary = Math.round(fraction * dataset.count);
  return parts(dataset, order.subarray(0, boundary), order.subarray(boundary));
}

/**
 * Each row goes by a hash of its own features, about `fraction` of them to training. A row stays on
 * its side when others are added, removed or reordered, and equal rows are on one side whatever
 * their targets, so none is trained on and tested with.
 *
 * @throws UsageError  for a fraction that is not between 0 and 1
 * @throws DataError  when a part would be empty
 */
export function splitByHash(dataset: Dataset, fraction: number): Split {
  requireDataset("splitByHash", dataset);
  checkFraction(fraction);
  const { features, count, width } = dataset;
  const bits = new Uint32Array(features.buffer, features.byteOffset, features.length);
  const sides: [number[], number[]] = [[], []];
  for (let row = 0; row < count; row++) {
    // −0 equals 0, so it must hash as 0.
    const words = bits.slice(row * width, (row + 1) * width).map((w) => (w === 2 ** 31 ? 0 : w));
    const draw = (hash128(words)[3] >>> 0) / 2 ** 32;
    sides[draw < fraction ? 0 : 1].push(row);
  }
  return parts(dataset, ...sides);
}

function checkFraction(fraction: number): void {
  if (!(typeof fraction === "number" && fraction > 0 && fraction < 1)) {
    throw new UsageError(`split: the training fraction must be between 0 and 1, got ${fraction}`);
  }
}

function parts(dataset: Dataset, train: ArrayLike<number>, test: ArrayLike<number>): Split {
  if (train.length === 0 || test.length === 0) {
    throw new DataError(
      `${dataset.name}: ${dataset.count} rows split into ${train.length} for training and ` +
        `${test.length} for test; neither part may be empty`,
    );
  }
  return { train: selectRows(dataset, train), test: selectRows(dataset, test) };
}
