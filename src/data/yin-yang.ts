import { UsageError } from "../errors.ts";
import type { Dataset } from "./dataset.ts";
import { mersenneTwister } from "./mersenne-twister.ts";

const [BIG, SMALL] = [0.5, 0.1]; // radii of the disc and of its two dots
const [YANG, YIN, DOT] = [0, 1, 2];

/**
 * The Yin-Yang set: points of a disc, to be told apart as yang (0), yin (1) or dot (2). Features
 * (x, y, 1 − x, 1 − y) in [0, 1), the classes about equally often. The published sets are 5,000,
 * 1,000 and 1,000 points with seeds 42 (training), 41 (validation) and 40 (test).
 *
 * Kriener, Göltz & Petrovici (2022), "The Yin-Yang dataset", NICE 2022, arXiv:2102.08211. The
 * draws are those of NumPy's `RandomState(seed)` in the authors' code, bit for bit.
 *
 * @throws UsageError  for a count that is no positive integer, or a seed outside 0 to 2³² − 1
 */
export function yinYang(count: number, seed: number): Dataset {
  const mirrored = (x: number, y: number) => [x, y, 1 - x, 1 - y];
  return sample("yin-yang", count, seed, 3, mirrored);
}

/**
 * Yin against yang without the dots, features (x, y): the set of Aswani, Jabari & Shafique,
 * arXiv:2409.01308. Its points are not a part of `yinYang`'s, since the class drawn differs.
 *
 * @throws UsageError  for a count that is no positive integer, or a seed outside 0 to 2³² − 1
 */
export function yinYangBinary(count: number, seed: number): Dataset {
  return sample("yin-yang-binary", count, seed, 2, (x, y) => [x, y]);
}

function sample(
  name: string,
  count: number,
  seed: number,
  classes: number,
  encode: (x: number, y: number) => number[],
): Dataset {
  if (!(Number.isInteger(count) && count > 0)) {
    throw new UsageError(`${name}: count must be a positive integer, got ${count}`);
  }
  const random = mersenneTwister(seed);
  const labels = new BigInt64Array(count);
  const rows: number[][] = [];
  while (rows.length < count) {
    const goal = random.below(classes);
    let [x, y] = [random.uniform(), random.uniform()];
    while (distance(x, y, 0.5) > BIG || classOf(x, y) !== goal) {
      [x, y] = [random.uniform(), random.uniform()];
    }
    labels[rows.length] = BigInt(goal);
    rows.push(encode(x, y));
  }
  return {
    name,
    features: Float32Array.from(rows.flat()),
    count,
    width: rows[0].length,
    targets: { kind: "classes", labels, classes },
  };
}

/** The class of a point of the disc. */
function classOf(x: number, y: number): number {
  const [right, left] = [distance(x, y, 0.75), distance(x, y, 0.25)];
  if (right < SMALL || left < SMALL) return DOT;
  const isYin = right <= SMALL || (left > SMALL && left <= BIG / 2) || (y > 0.5 && right > BIG / 2);
  return isYin ? YIN : YANG;
}

/** From (x, y) to (centre, 0.5); not Math.hypot, which rounds otherwise than NumPy's formula. */
const distance = (x: number, y: number, centre: number) =>
  Math.sqrt((x - centre) ** 2 + (y - 0.5) ** 2);
