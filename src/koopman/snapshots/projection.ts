import { refuseUnknown } from "../../errors/suggest.ts";
import { ShapeError, UsageError } from "../../errors.ts";
import type { Reals } from "../../linalg/tall-source.ts";

/** A fixed linear map of a long vector to few numbers. */
export interface Projection {
  readonly inputs: number; // P
  readonly numbers: number; // of the image, k
  /** S x [k], in one pass over x. @throws ShapeError  for a vector of another length */
  readonly project: (x: Reals) => Float64Array;
}

export interface ProjectionOptions {
  /** Coordinates of each part. */
  readonly numbers: number;
  readonly seed: number;
}

export const projectionDefaults: ProjectionOptions = { numbers: 64, seed: 0 };

/** Places are drawn from 2¹⁶: more would not be equally likely. */
const mostNumbers = 4096;

/**
 * A random projection of weights, part by part (layers, or the whole vector as one): every entry is
 * added, with a random sign, to one random coordinate of its part. Linear dynamics of rank r survive
 * with their eigenvalues where r does not exceed the coordinates, ‖S x‖² is ‖x‖² in the mean with a
 * variance of at most 2 ‖x‖⁴/k, and nothing of the size of x is kept: signs and places are drawn anew
 * in each pass. A part that is no longer than its image is copied.
 *
 * Charikar, Chen & Farach-Colton (2002), "Finding frequent items in data streams", ICALP; as an
 * embedding of subspaces, Clarkson & Woodruff (2013), "Low rank approximation and regression in input
 * sparsity time", STOC. The draws are those of `mulberry32`.
 *
 * @param parts  their lengths, in the order in which they lie end to end
 * @throws UsageError  for an unknown option, or lengths, numbers or a seed that make no sense
 */
export function randomProjection(
  parts: readonly number[],
  options: Partial<ProjectionOptions> = {},
): Projection {
  refuseUnknown("randomProjection", options, Object.keys(projectionDefaults));
  const { numbers, seed } = { ...projectionDefaults, ...options };
  const whole = (n: number) => Number.isInteger(n) && n > 0;
  if (parts.length === 0 || !parts.every(whole))
    throw new UsageError(`randomProjection: parts of ${parts.join(", ")} numbers`, "at least 1");
  if (!(whole(numbers) && numbers <= mostNumbers))
    throw new UsageError(`randomProjection: numbers ${numbers}`, `whole, from 1 to ${mostNumbers}`);
  if (!Number.isInteger(seed)) throw new UsageError(`randomProjection: seed ${seed}`, "whole");
  const inputs = parts.reduce((sum, n) => sum + n, 0);
  const sizes = parts.map((n) => Math.min(n, numbers));
  const size = sizes.reduce((sum, n) => sum + n, 0);
  return {
    inputs,
    numbers: size,
    project(x) {
      if (x.length !== inputs)
        throw new ShapeError(`${x.length} numbers to project, the projection takes ${inputs}`);
      const out = new Float64Array(size);
      let [from, to] = [0, 0];
      parts.forEach((length, part) => {
        const k = sizes[part];
        if (k === length) out.set(x.subarray(from, from + length), to);
        else scatter(out, x, { from, length, to, k, seed: seed + 0x9e3779b9 * part });
        from += length;
        to += k;
      });
      return out;
    },
  };
}

/** Adds entries from … of x, signed, to random places among the k from `to`. */
function scatter(
  out: Float64Array,
  x: Reals,
  { from, length, to, k, seed }: Record<"from" | "length" | "to" | "k" | "seed", number>,
): void {
  // mulberry32, written out: it is called once a weight.
  let state = seed | 0;
  for (let i = from; i < from + length; i++) {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    const bits = t ^ (t >>> 14);
    // The lowest bit is the sign, the upper half the place; no branch, no division.
    out[to + (((bits >>> 16) * k) >>> 16)] += x[i] * (1 - 2 * (bits & 1));
  }
}
