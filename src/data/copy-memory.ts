import { UsageError } from "../errors.ts";
import type { Dataset } from "./dataset.ts";
import { randomStream } from "./random.ts";

/** Digits to be copied. */
const digits = 10;

/**
 * The copy memory task: rows of T + 20 steps, 10 digits from 1 … 8 at first, then T − 1 zeros and 11
 * nines; each step is labelled 0 but the last 10, which are to repeat the digits. A model without
 * memory scores 10 ln 8/(T + 20) and is right at (T + 10)/(T + 20) of the steps, so look at the last
 * ten (`recall`).
 *
 * Hochreiter & Schmidhuber (1997); the form of Bai, Kolter & Koltun (2018), arXiv:1803.01271.
 *
 * @param delay  T
 * @throws UsageError
 */
export function copyMemory(count: number, delay: number, seed: number): Dataset {
  if (!(Number.isInteger(count) && count > 0 && Number.isInteger(delay) && delay > 0))
    throw new UsageError(`copyMemory: ${count} rows of delay ${delay}`, "both count from 1");
  const width = delay + 2 * digits;
  const random = randomStream(seed, "copy-memory");
  const features = new Float32Array(count * width);
  const labels = new BigInt64Array(count * width);
  for (let row = 0; row < count; row++) {
    const start = row * width;
    for (let i = 0; i < digits; i++) {
      const digit = 1 + Math.floor(8 * random.uniform());
      features[start + i] = digit;
      labels[start + width - digits + i] = BigInt(digit);
    }
    features.fill(9, start + width - digits - 1, start + width);
  }
  return {
    name: `copy memory, T = ${delay}`,
    features,
    count,
    width,
    targets: { kind: "classes", labels, classes: 10, positions: width },
  };
}

/** Share of the last ten positions that logits [rows, T + 20, 10] have right. */
export function recall(logits: ArrayLike<number>, { targets, count, width }: Dataset): number {
  if (targets.kind !== "classes" || logits.length !== count * width * targets.classes)
    throw new UsageError(`recall: ${logits.length} logits are not those of ${count} rows`);
  const { classes, labels } = targets;
  let right = 0;
  for (let row = 0; row < count; row++) {
    for (let at = (row + 1) * width - digits; at < (row + 1) * width; at++) {
      let best = 0;
      for (let k = 1; k < classes; k++)
        if (logits[at * classes + k] > logits[at * classes + best]) best = k;
      right += +(BigInt(best) === labels[at]);
    }
  }
  return right / (count * digits);
}
