import { ball } from "../../signal/shells.ts";
import { largestGap, onTorus } from "../../signal/torus.ts";
import { fourierTransform } from "../../signal/transform.ts";
import { clean, cleanError, featureDomain, noisyDraw, signalRange, truthGrid } from "./signal.ts";

/*
 * Why a loss that sees k ≤ K rejects noise: its minimiser has RMSE² = (what k ≤ K cannot represent)² +
 * σ²(2K + 1)/N, and everything hangs on K.
 */

/** The largest K of the curves. */
export const largestCutoff = 128;

/** Σ_{|k| > K} |ĥ(k)|² of the clean signal on the torus t = x/2, for K = 0 … largestCutoff. */
export function truncationErrors(): number[] {
  const points = 8192;
  const values = Float64Array.from({ length: points }, (_, i) => clean((2 * (i + 0.5)) / points));
  let left = values.reduce((sum, h) => sum + h * h, 0) / points;
  return Array.from({ length: largestCutoff + 1 }, (_, k) => {
    let [re, im] = [0, 0];
    values.forEach((h, i) => {
      const angle = (2 * Math.PI * k * (i + 0.5)) / points;
      re += (h * Math.cos(angle)) / points;
      im += (h * Math.sin(angle)) / points;
    });
    left -= (k === 0 ? 1 : 2) * (re * re + im * im);
    return left;
  });
}

/** Noise, samples, and what the formula makes of them. */
export interface BestCutoff {
  readonly level: number;
  readonly samples: number;
  readonly rmse: readonly number[]; // by K
  readonly cutoff: number;
}

/** The cases of the table: noise ε and the number of training samples. */
const cutoffCases = [
  [0.05, 750],
  [0.5, 750],
  [1, 750],
  [0.5, 7500],
  [1, 7500],
  [1, 75000],
] as const;

export function bestCutoffs(): BestCutoff[] {
  const truncation = truncationErrors();
  return cutoffCases.map(([level, samples]) => {
    const variance = (level * signalRange) ** 2 / samples;
    const rmse = truncation.map((left, K) => Math.sqrt(left + variance * (2 * K + 1)));
    return { level, samples, rmse, cutoff: rmse.indexOf(Math.min(...rmse)) };
  });
}

/** Least squares of k ≤ K on the very samples that the networks see, by noise. */
export interface MeasuredCutoff {
  readonly level: number;
  readonly cutoff: number;
  readonly rmse: readonly number[]; // by draw
}

export function measuredCutoffs(levels: readonly number[], seeds: readonly number[]) {
  return levels.flatMap((level) =>
    [4, 9, 19, 32, 64].map((cutoff): MeasuredCutoff => {
      const rmse = seeds.flatMap((seed) => {
        const { train } = noisyDraw(level, seed);
        const points = onTorus(train.features, featureDomain);
        if (cutoff > 1 / (2 * largestGap(points).gap)) return [];
        const { re, im } = fourierTransform(points, ball(cutoff, 1), "least-squares");
        const values = train.targets.kind === "values" ? train.targets.values : [];
        const c = [re, im].map(({ rows, cols, data }) =>
          Array.from({ length: rows }, (_, k) => {
            let sum = 0;
            for (let i = 0; i < cols; i++) sum += data[k * cols + i] * values[i];
            return sum;
          }),
        );
        const fitted = truthGrid.map((x) =>
          c[0].reduce((sum, a, k) => {
            const angle = Math.PI * k * x;
            const term = a * Math.cos(angle) - c[1][k] * Math.sin(angle);
            return sum + (k === 0 ? 1 : 2) * term;
          }, 0),
        );
        return [cleanError(fitted)];
      });
      return { level, cutoff, rmse };
    }),
  );
}
