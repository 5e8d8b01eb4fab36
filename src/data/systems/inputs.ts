import { refuseUnknown } from "../../errors/suggest.ts";
import { UsageError } from "../../errors.ts";
import { randomStream } from "../random.ts";

/**
 * A sum of sines of equal amplitude with random phases, at the harmonics of 1/period from `low` to
 * `high` (shares of the sampling frequency, at most 0.5): periodic, with all its power where it is
 * wanted. Scaled to the root mean square given. Pintelon & Schoukens (2012), "System identification:
 * a frequency domain approach", 2nd ed., section 5.3.
 *
 * @param options.period  in samples; `count` when left out
 * @throws UsageError  for a band that holds no harmonic, or a size out of range
 */
export function multisine(
  count: number,
  options: {
    readonly period?: number;
    readonly low?: number;
    readonly high?: number;
    readonly rms?: number;
    readonly seed?: number;
  } = {},
): Float64Array {
  refuseUnknown("multisine", options, ["period", "low", "high", "rms", "seed"]);
  const { period = count, low = 0, high = 0.4, rms = 1, seed = 0 } = options;
  requireCount("multisine", count, period);
  const first = Math.max(1, Math.ceil(low * period - 1e-9));
  // below half the sampling frequency, where the phase of a sine would decide its size
  const last = Math.min(Math.floor(high * period + 1e-9), Math.ceil(period / 2) - 1);
  if (!(last >= first))
    throw new UsageError(
      `multisine: no harmonic of a period of ${period} samples lies from ${low} to ${high} of the sampling frequency`,
      "widen the band, or lengthen the period",
    );
  const random = randomStream(seed, "multisine");
  const amplitude = rms * Math.sqrt(2 / (last - first + 1));
  const wave = new Float64Array(period);
  for (let h = first; h <= last; h++) {
    const phase = 2 * Math.PI * random.uniform();
    for (let t = 0; t < period; t++)
      wave[t] += amplitude * Math.cos((2 * Math.PI * ((h * t) % period)) / period + phase);
  }
  return Float64Array.from({ length: count }, (_, t) => wave[t % period]);
}

/** Feedback taps of maximum-length shift registers: x^n + x^k (+ …) + 1 primitive over GF(2). */
const taps: Readonly<Record<number, readonly number[]>> = {
  3: [3, 2],
  4: [4, 3],
  5: [5, 3],
  6: [6, 5],
  7: [7, 6],
  8: [8, 6, 5, 4],
  9: [9, 5],
  10: [10, 7],
  11: [11, 9],
  12: [12, 11, 10, 4],
  13: [13, 12, 11, 8],
  14: [14, 13, 12, 2],
  15: [15, 14],
  16: [16, 15, 13, 4],
};

/**
 * A pseudo-random binary sequence of ±`amplitude` from a shift register of `bits` bits: of period
 * 2^bits − 1 clock ticks, over which its autocorrelation is flat but for the peak (1 at lag 0,
 * −1/(2^bits − 1) elsewhere). Each tick lasts `hold` samples.
 *
 * @throws UsageError  for bits other than 3 to 16, or a size out of range
 */
export function prbs(
  count: number,
  options: {
    readonly bits?: number;
    readonly hold?: number;
    readonly amplitude?: number;
    readonly seed?: number;
  } = {},
): Float64Array {
  refuseUnknown("prbs", options, ["bits", "hold", "amplitude", "seed"]);
  const { bits = 10, hold = 1, amplitude = 1, seed = 0 } = options;
  requireCount("prbs", count, hold);
  const from = taps[bits];
  if (from === undefined)
    throw new UsageError(`prbs: ${bits} bits; registers of 3 to 16 bits are known`);
  const period = 2 ** bits - 1;
  // The seed chooses where in the one cycle to begin: any register but zero.
  let register = 1 + Math.floor(randomStream(seed, "prbs").uniform() * period);
  const ticks = Float64Array.from({ length: Math.ceil(count / hold) }, () => {
    const bit = from.reduce((sum, tap) => sum ^ (register >> (tap - 1)), 0) & 1;
    register = ((register << 1) | bit) & period;
    return bit === 1 ? amplitude : -amplitude;
  });
  return Float64Array.from({ length: count }, (_, t) => ticks[Math.floor(t / hold)]);
}

/** Levels uniform between `low` and `high`, each held for a random time of `shortest` to `longest` samples. */
export function randomSteps(
  count: number,
  options: {
    readonly low?: number;
    readonly high?: number;
    readonly shortest?: number;
    readonly longest?: number;
    readonly seed?: number;
  } = {},
): Float64Array {
  refuseUnknown("randomSteps", options, ["low", "high", "shortest", "longest", "seed"]);
  const { low = -1, high = 1, shortest = 5, longest = 40, seed = 0 } = options;
  requireCount("randomSteps", count, shortest);
  if (!(low < high && longest >= shortest && Number.isInteger(longest)))
    throw new UsageError(
      `randomSteps: levels ${low} to ${high}, held for ${shortest} to ${longest} samples`,
      "wanted low < high and whole numbers shortest ≤ longest",
    );
  const random = randomStream(seed, "steps");
  let [level, left] = [0, 0];
  return Float64Array.from({ length: count }, () => {
    if (left === 0) {
      level = low + (high - low) * random.uniform();
      left = shortest + Math.floor((longest - shortest + 1) * random.uniform());
    }
    left--;
    return level;
  });
}

/**
 * A sine whose frequency rises linearly from `low` to `high` (shares of the sampling frequency):
 * amplitude · sin(2π (low t + (high − low) t²/(2 count))).
 *
 * @throws UsageError  for frequencies that are not between 0 and 0.5
 */
export function sineSweep(
  count: number,
  options: { readonly low?: number; readonly high?: number; readonly amplitude?: number } = {},
): Float64Array {
  refuseUnknown("sineSweep", options, ["low", "high", "amplitude"]);
  const { low = 0.001, high = 0.2, amplitude = 1 } = options;
  requireCount("sineSweep", count, 1);
  if (!(low >= 0 && high <= 0.5 && low <= high))
    throw new UsageError(`sineSweep: from ${low} to ${high}; wanted 0 ≤ low ≤ high ≤ 0.5`);
  return Float64Array.from(
    { length: count },
    (_, t) => amplitude * Math.sin(2 * Math.PI * (low * t + ((high - low) * t * t) / (2 * count))),
  );
}

function requireCount(what: string, ...sizes: number[]): void {
  const bad = sizes.find((size) => !(Number.isInteger(size) && size > 0));
  if (bad !== undefined)
    throw new UsageError(`${what}: ${bad} samples; wanted a whole number from 1`);
}
