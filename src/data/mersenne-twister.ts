import { UsageError } from "../errors.ts";

/** Draws in a fixed order; each call moves the generator on. */
export interface MersenneTwister {
  /** 32 random bits, as an unsigned integer. */
  readonly word: () => number;
  /** Uniform in [0, 1) with 53 bits, as NumPy's `random_sample`. */
  readonly uniform: () => number;
  /** Uniform in 0 to n − 1, as NumPy's `randint(n)`, for n from 2 to 2³². */
  readonly below: (n: number) => number;
}

const [N, M] = [624, 397]; // words of state, and the offset of the recurrence

/**
 * MT19937 as NumPy's `RandomState(seed)` has it, bit for bit, so that data sets which are defined
 * by a NumPy seed can be made here.
 *
 * Matsumoto & Nishimura (1998), "Mersenne Twister", ACM TOMACS 8(1), 3–30.
 *
 * @throws UsageError  for a seed that is no integer from 0 to 2³² − 1
 */
export function mersenneTwister(seed: number): MersenneTwister {
  if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)) {
    throw new UsageError(`seed ${seed} is not an integer from 0 to 2^32 - 1`);
  }
  const state = new Uint32Array(N);
  state[0] = seed;
  for (let i = 1; i < N; i++) {
    state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  }
  let next = N;

  const word = () => {
    if (next === N) {
      twist(state);
      next = 0;
    }
    let y = state[next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
  return {
    word,
    uniform() {
      const [high, low] = [word() >>> 5, word() >>> 6]; // 27 and 26 bits
      return (high * 2 ** 26 + low) / 2 ** 53;
    },
    below(n) {
      // Masked rejection: NumPy keeps the bits that n − 1 needs and draws again when above it.
      const mask = 0xffffffff >>> Math.clz32(n - 1);
      for (;;) {
        const candidate = (word() & mask) >>> 0;
        if (candidate < n) return candidate;
      }
    },
  };
}

/** The next 624 words of the recurrence, in place. */
function twist(state: Uint32Array): void {
  for (let i = 0; i < N; i++) {
    const y = (state[i] & 0x80000000) | (state[(i + 1) % N] & 0x7fffffff);
    state[i] = state[(i + M) % N] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
  }
}
