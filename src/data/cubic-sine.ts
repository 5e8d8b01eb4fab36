import { UsageError } from "../errors.ts";
import type { Dataset } from "./dataset.ts";
import { randomStream } from "./random.ts";

/**
 * One feature x uniform in (−2, 2) and the value y = 1.5x³ + x² − 5x + 2 sin x − 3 plus normal noise:
 * the synthetic set of Bai, Koltun & Kolter (2021), "Stabilizing equilibrium models by Jacobian
 * regularization", arXiv:2106.14342, section 5.1 (its appendix prints +5x), where 4096 points train
 * and 1000 test. The draws are not theirs.
 *
 * @param variance  of the noise, below which no model's mean squared error can stay
 * @throws UsageError  for a count that is no positive integer, or a variance that is negative
 */
export function cubicSine(count: number, seed: number, variance = 0.05): Dataset {
  if (!(Number.isInteger(count) && count > 0))
    throw new UsageError(`cubic-sine: count must be a positive integer, got ${count}`);
  if (!(variance >= 0 && Number.isFinite(variance)))
    throw new UsageError(`cubic-sine: variance must be finite and at least 0, got ${variance}`);
  const random = randomStream(seed, "cubic-sine");
  const [features, values] = [new Float32Array(count), new Float32Array(count)];
  for (let row = 0; row < count; row++) {
    features[row] = 4 * random.uniform() - 2;
    const x = features[row];
    const curve = 1.5 * x ** 3 + x ** 2 - 5 * x + 2 * Math.sin(x) - 3;
    values[row] = curve + Math.sqrt(variance) * random.normal();
  }
  return {
    name: "cubic-sine",
    features,
    count,
    width: 1,
    targets: { kind: "values", values, width: 1 },
  };
}
