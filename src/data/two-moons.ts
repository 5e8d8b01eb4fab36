import { requireNumber } from "../errors/arguments.ts";
import { UsageError } from "../errors.ts";
import type { Dataset } from "./dataset.ts";
import { randomStream } from "./random.ts";

/**
 * Two interleaved half circles of radius 1, evenly spaced along each and in shuffled order:
 * class 0 at (cos t, sin t), class 1 at (1 − cos t, ½ − sin t), t from 0 to π, plus normal noise on
 * both coordinates. The curves are scikit-learn's `make_moons`; the draws are not.
 *
 * @param count  points in all; class 0 gets the smaller half when it is odd
 * @param noise  standard deviation, in units of the radius
 * @throws UsageError  for fewer than two points, or a noise that is negative or not finite
 */
export function twoMoons(count: number, seed: number, noise = 0.1): Dataset {
  if (!(Number.isInteger(count) && count >= 2)) {
    throw new UsageError(`two-moons: count must be an integer of at least 2, got ${count}`);
  }
  requireNumber("two-moons", "seed", seed);
  if (!(noise >= 0 && Number.isFinite(noise))) {
    throw new UsageError(`two-moons: noise must be finite and at least 0, got ${noise}`);
  }
  const outer = Math.floor(count / 2);
  const order = randomStream(seed, "two-moons", "order").permutation(count);
  const jitter = randomStream(seed, "two-moons", "noise");
  const features = new Float32Array(2 * count);
  const labels = new BigInt64Array(count);

  order.forEach((point, row) => {
    const inner = point >= outer;
    const [index, points] = inner ? [point - outer, count - outer] : [point, outer];
    const t = points === 1 ? 0 : (Math.PI * index) / (points - 1);
    const [x, y] = inner ? [1 - Math.cos(t), 0.5 - Math.sin(t)] : [Math.cos(t), Math.sin(t)];
    features[2 * row] = x + noise * jitter.normal();
    features[2 * row + 1] = y + noise * jitter.normal();
    labels[row] = inner ? 1n : 0n;
  });
  return {
    name: "two-moons",
    features,
    count,
    width: 2,
    targets: { kind: "classes", labels, classes: 2 },
  };
}
