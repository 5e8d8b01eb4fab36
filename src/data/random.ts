import { randomNormal } from "d3-random";
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import { UsageError } from "../errors.ts";
import { hash128 } from "./hash.ts";

/** Random draws in a fixed order; each call moves the stream on. */
export interface RandomStream {
  /** Uniform in [0, 1), a multiple of 2⁻⁵³. */
  readonly uniform: () => number;
  /** Standard normal. */
  readonly normal: () => number;
  /** The numbers 0 to n − 1 in random order, each order equally likely. */
  readonly permutation: (n: number) => Uint32Array;
}

/**
 * The stream of a seed and a path, such as `randomStream(seed, "shuffle", epoch)`. Different paths
 * give independent streams, so what one epoch draws does not depend on what came before it, and a
 * resumed run draws what the unbroken one would have drawn.
 *
 * Bits: xoroshiro128+ (Blackman & Vigna), started from a hash of seed and path. Normals: the polar
 * method of Marsaglia, from d3-random.
 *
 * @throws UsageError  for a seed or a step of the path that is NaN or infinite
 */
export function randomStream(seed: number, ...path: (string | number)[]): RandomStream {
  const key = [seed, ...path];
  const bad = key.find((step) => typeof step === "number" && !Number.isFinite(step));
  if (bad !== undefined) throw new UsageError(`randomStream: ${bad} cannot be part of a seed`);

  // As JSON, 1 and "1" differ, and no two paths read the same.
  const text = JSON.stringify(key);
  const bits = xoroshiro128plusFromState(
    hash128(Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))),
  );
  const uniform = () => uniformFloat64(bits);
  return {
    uniform,
    normal: randomNormal.source(uniform)(),
    permutation(n) {
      const order = Uint32Array.from({ length: n }, (_, i) => i);
      // Fisher–Yates: position i takes any of those not yet placed.
      for (let i = n - 1; i > 0; i--) {
        const j = uniformInt(bits, 0, i);
        [order[i], order[j]] = [order[j], order[i]];
      }
      return order;
    },
  };
}

/**
 * Uniform draws in [0, 1) by mulberry32, a generator short enough to repeat in any language; the
 * benchmarks against other frameworks draw their weights from it.
 *
 * @param seed  an integer, of which the low 32 bits count
 */
export function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Entries uniform in [−1, 1), 2u − 1 with u from mulberry32, row-major in `shape`. */
export function mulberryMatrix(seed: number, ...shape: number[]): Float64Array {
  const draw = mulberry32(seed);
  const size = shape.reduce((product, n) => product * n, 1);
  return Float64Array.from({ length: size }, () => 2 * draw() - 1);
}
