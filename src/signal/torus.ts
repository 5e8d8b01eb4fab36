import { DataError, ShapeError } from "../errors.ts";

/** Samples on the torus of side 1. */
export interface TorusPoints {
  readonly t: Float64Array; // [count × dimensions], row-major, each in [0, 1)
  readonly count: number;
  readonly dimensions: number;
}

/** One period of each coordinate. */
export type Domain = readonly (readonly [low: number, high: number])[];

/**
 * The period that samples are taken of: from the least value to the largest and one mean step beyond, since
 * the end of a period is its beginning again. The step is the span over the number of distinct values less 1.
 *
 * @throws DataError  for a coordinate that never changes
 */
export function periodOf(x: ArrayLike<number>, dimensions: number): [number, number][] {
  return Array.from({ length: dimensions }, (_, d) => {
    const values = new Set<number>();
    for (let i = d; i < x.length; i += dimensions) values.add(x[i]);
    if (values.size < 2) throw new DataError(`input ${d} has one value only: it spans no period`);
    let [low, high] = [Infinity, -Infinity];
    for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
    return [low, high + (high - low) / (values.size - 1)];
  });
}

/**
 * t = (x − low)/(high − low) of samples x [count × dimensions], row-major.
 *
 * @throws ShapeError  for a domain of another number of coordinates
 * @throws DataError  for a sample outside the domain
 */
export function onTorus(x: ArrayLike<number>, domain: Domain): TorusPoints {
  const dimensions = domain.length;
  if (x.length % dimensions !== 0)
    throw new ShapeError(`${x.length} numbers are no rows of ${dimensions}`);
  const t = Float64Array.from(x, (value, i) => {
    const [low, high] = domain[i % dimensions];
    const at = (value - low) / (high - low);
    if (at >= 0 && at < 1) return at;
    throw new DataError(
      `sample ${Math.floor(i / dimensions)} is ${value}, outside [${low}, ${high})`,
    );
  });
  return { t, count: t.length / dimensions, dimensions };
}

/** Positions in ascending order, as indices. */
const ascending = (t: Float64Array): Uint32Array =>
  Uint32Array.from(t, (_, i) => i).sort((a, b) => t[a] - t[b]);

/**
 * wᵢ = (tᵢ₊₁ − tᵢ₋₁)/2 on the circle: how much of it is nearest to sample i. Equal samples share theirs.
 * They add up to 1; the trapezoidal rule on irregular samples.
 *
 * @throws ShapeError  for points of more than one coordinate
 */
export function voronoiWeights({ t, count, dimensions }: TorusPoints): Float64Array {
  if (dimensions !== 1)
    throw new ShapeError(`Voronoi weights are for one input, these samples have ${dimensions}`);
  const order = ascending(t);
  const weights = new Float64Array(count);
  order.forEach((i, place) => {
    const before = t[order[(place + count - 1) % count]] - Number(place === 0);
    const after = t[order[(place + 1) % count]] + Number(place === count - 1);
    weights[i] = (after - before) / 2;
  });
  return weights;
}

/** The longest way on the circle without a sample, and the position at which it begins. */
export function largestGap({ t, count }: TorusPoints): {
  readonly gap: number;
  readonly at: number;
} {
  const sorted = Float64Array.from(t).sort();
  let [gap, at] = [sorted[0] + 1 - sorted[count - 1], sorted[count - 1]];
  for (let i = 1; i < count; i++)
    if (sorted[i] - sorted[i - 1] > gap) [gap, at] = [sorted[i] - sorted[i - 1], sorted[i - 1]];
  return { gap, at };
}
