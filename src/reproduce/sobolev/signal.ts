import type { Dataset } from "../../data/dataset.ts";
import { randomStream } from "../../data/random.ts";

/** The test signal of Mohr et al. (2021) on [0, 2]. */
export const clean = (x: number): number => x + Math.sin(2 * Math.PI * x ** 4);

/** max h − min h, by which the paper scales its noise. */
export const signalRange = 3.0468;

/** A noisy draw of the signal, split into rows to train on and rows to test on. */
export interface NoisyDraw {
  readonly train: Dataset;
  readonly test: Dataset;
}

/** x = 2i/1000 with noise ε · range · N(0, 1); a random three quarters train. Features are x − 1. */
export function noisyDraw(level: number, seed: number, samples = 1000): NoisyDraw {
  const random = randomStream(seed, "sobolev-noise", samples);
  const y = Float64Array.from(
    { length: samples },
    (_, i) => clean((2 * i) / samples) + level * signalRange * random.normal(),
  );
  const order = randomStream(seed, "sobolev-split", samples).permutation(samples);
  const cut = Math.round(0.75 * samples);
  const part = (rows: Uint32Array, name: string): Dataset => ({
    name,
    features: Float32Array.from(rows, (i) => (2 * i) / samples - 1),
    count: rows.length,
    width: 1,
    targets: { kind: "values", values: Float32Array.from(rows, (i) => y[i]), width: 1 },
  });
  return {
    train: part(order.slice(0, cut).sort(), "training samples"),
    test: part(order.slice(cut).sort(), "test samples"),
  };
}

/** One period of the feature x − 1. */
export const featureDomain = [[-1, 1]] as const;

/** Where reconstructions are compared with the clean signal. */
export const truthGrid = Float64Array.from({ length: 1001 }, (_, i) => i / 500);

/** Root of the mean squared difference from the clean signal on the part of the grid up to `to`. */
export function cleanError(values: ArrayLike<number>, to = 2): number {
  let [sum, count] = [0, 0];
  truthGrid.forEach((x, i) => {
    if (x > to) return;
    sum += (values[i] - clean(x)) ** 2;
    count++;
  });
  return Math.sqrt(sum / count);
}
