import { DataError, ShapeError } from "../errors.ts";

/** A noisy function of one variable, known at some points in ascending order. */
export interface Series {
  readonly x: Float64Array; // [N]
  readonly y: Float64Array; // [N]
  /** order[i] is where sample i stood in what was given. */
  readonly order: Uint32Array;
  /** What was done to the data, in words. */
  readonly notes: readonly string[];
}

/** Fewer samples than these tell signal from noise in no way that could be defended. */
export const fewestSamples = 8;

/**
 * Samples (x, y) in ascending order of x. Samples that share their x are kept, each with its own value.
 *
 * @throws ShapeError  for lists of different lengths
 * @throws DataError  for too few samples, a NaN or infinite number, fewer than three different x, or a y that
 *   never changes
 */
export function seriesOf(x: ArrayLike<number>, y: ArrayLike<number>): Series {
  if (x.length !== y.length) throw new ShapeError(`${x.length} positions of ${y.length} values`);
  const count = x.length;
  if (count < fewestSamples)
    throw new DataError(`${count} samples: at least ${fewestSamples} are wanted`, {
      hint: "noise is told from signal by their repeating themselves or not",
    });
  for (const [name, values] of Object.entries({ x, y })) {
    const bad = Array.from(values).findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new DataError(`sample ${bad}: ${name} is ${values[bad]}`);
  }
  const order = Uint32Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => x[a] - x[b] || a - b,
  );
  const sorted = {
    x: Float64Array.from(order, (i) => x[i]),
    y: Float64Array.from(order, (i) => y[i]),
  };
  const different = new Set(sorted.x).size;
  if (different < 3) throw new DataError(`${different} different x: at least 3 are wanted`);
  if (sorted.y.every((value) => value === sorted.y[0]))
    throw new DataError(`every sample is ${sorted.y[0]}: there is no noise in a constant`);
  const notes = [
    ...(order.every((i, place) => i === place) ? [] : ["the samples were sorted by x"]),
    ...(different === count
      ? []
      : [`${count - different} samples share their x with an earlier one: all are used`]),
  ];
  return { ...sorted, order, notes };
}
