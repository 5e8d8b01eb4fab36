import { median } from "../../data/quantiles.ts";

/** So many values around one say what is usual there: three on either side, at an end the nearest. */
const neighbours = 6;
/** A spike is farther away than so many times their range, and so many deviations of the noise. */
const [ranges, deviations] = [3, 10];

/**
 * A curve without its spikes of one epoch. A spike is a value farther from the median of its six neighbours
 * than 3 times their range, and than 10 σ. No sum of a few exponentials has one epoch alone: a fit that must
 * reach it takes modes for it that grow manifold each epoch. One within the curve is bridged by the cubic
 * through the four nearest values; one at its end is cut off.
 *
 * Where a curve falls, oscillates or goes over to another level, values share in what their neighbours do and
 * are kept; of such a change its first epoch alone looks like a spike, until the next. The first value is
 * kept: it may be where a fall begins. In the manner of Hampel's identifier (Davies and Gather 1993, "The
 * identification of multiple outliers", J. Amer. Statist. Assoc. 88, 782–792), with a range in place of the
 * median deviation, which is 0 in an oscillation of period 2.
 *
 * @param values  [w], w > 6
 * @param noise  σ, see `noiseOf`
 * @returns [w], or [w − 1] where the last one is a spike
 */
export function withoutSpikes(values: Float64Array, noise: number): Float64Array {
  const last = values.length - 1;
  const isSpike = values.map((value, i) => {
    const from = Math.min(Math.max(0, i - neighbours / 2), last - neighbours);
    const others = values.slice(from, from + neighbours + 1).filter((_, k) => from + k !== i);
    const sorted = others.toSorted();
    const off = Math.abs(value - median(sorted));
    const range = sorted[neighbours - 1] - sorted[0];
    return Number(i > 0 && off > ranges * range && off > deviations * noise);
  });
  const calm = values.map((value, i) => (isSpike[i] ? bridge(values, i) : value));
  return isSpike[last] ? calm.slice(0, -1) : calm;
}

/** At i, the cubic through the four nearest other values, by Lagrange. */
function bridge(values: Float64Array, i: number): number {
  const from = Math.min(Math.max(0, i - 2), values.length - 5);
  const places = [0, 1, 2, 3, 4].map((k) => from + k).filter((k) => k !== i);
  return places.reduce((sum, k) => {
    const weight = places.reduce((w, j) => (j === k ? w : (w * (i - j)) / (k - j)), 1);
    return sum + weight * values[k];
  }, 0);
}
