import { DataError } from "../../errors.ts";

/** Equal steps, and whether the rows lie on them already. */
export interface Sampling {
  readonly sampleTime: number; // s
  readonly resample: boolean;
  readonly warnings: readonly string[];
}

/** Steps may differ by this share before they count as unequal: printed times are rounded. */
const jitter = 0.02;

/**
 * The sample time, given or as the median step of the times.
 *
 * @throws DataError  for times that do not increase, that contradict the sample time given, or whose
 *   steps differ by more than 2 % while `irregular` is "refuse"
 */
export function samplingOf(
  source: string,
  times: Float64Array | undefined,
  given: number | undefined,
  irregular: "refuse" | "resample",
): Sampling {
  if (times === undefined) return { sampleTime: given ?? NaN, resample: false, warnings: [] };
  const steps = Float64Array.from({ length: times.length - 1 }, (_, i) => times[i + 1] - times[i]);
  const back = steps.findIndex((step) => !(step > 0));
  if (back >= 0)
    throw new DataError(
      `${source}: time goes from ${times[back]} to ${times[back + 1]} at sample ${back + 1}`,
      { hint: "times must increase; sort the rows, or split a file of several experiments" },
    );
  const median = tidy(steps.slice().sort()[Math.floor(steps.length / 2)]);
  // Over the whole file, so that a printed 0.033 for 1/30 does not add up.
  const mean = (times[times.length - 1] - times[0]) / steps.length;
  const worst = steps.reduce(
    (w, step, i) => (off(step, median) > off(steps[w], median) ? i : w),
    0,
  );
  if (off(steps[worst], median) > jitter) {
    if (irregular === "refuse")
      throw new DataError(
        `${source}: sampled irregularly: steps of ${median} s, but of ${short(steps[worst])} s after t = ${times[worst]}`,
        { hint: 'irregular: "resample" interpolates to equal steps; or measure at a fixed rate' },
      );
    const long = steps.filter((step) => step > 5 * median).length;
    return {
      sampleTime: given ?? median,
      resample: true,
      warnings: [
        `${source}: interpolated from irregular times to steps of ${given ?? median} s` +
          (long > 0 ? `; ${long} gaps are longer than 5 steps` : ""),
      ],
    };
  }
  if (given !== undefined && off(given, mean) > jitter)
    throw new DataError(
      `${source}: the times step by ${short(mean)} s, the sample time given is ${given} s`,
      {
        hint: "leave sampleTime out, or give the one of the file (in seconds) and resample() afterwards",
      },
    );
  return { sampleTime: given ?? tidy(mean), resample: false, warnings: [] };
}

const off = (step: number, wanted: number) => Math.abs(step / wanted - 1);
const short = (x: number) => Number(x.toPrecision(4));
/** Without the dust of subtracting printed times: 0.009999999999999787 is 0.01. */
const tidy = (x: number) =>
  off(Number(x.toPrecision(9)), x) < 1e-9 ? Number(x.toPrecision(9)) : x;

/** Values at equal steps by linear interpolation, or as they are where they lie there already. */
export function onGrid(
  values: Float64Array,
  times: Float64Array | undefined,
  { sampleTime, resample }: Sampling,
): Float64Array {
  if (times === undefined || !resample) return values;
  const span = times[times.length - 1] - times[0];
  const count = Math.floor(span / sampleTime + 1e-9) + 1;
  return interpolate(times, values, count, (k) => times[0] + k * sampleTime);
}

/** The piecewise linear function through (times, values) at `count` increasing places. */
export function interpolate(
  times: Float64Array,
  values: Float64Array,
  count: number,
  at: (k: number) => number,
): Float64Array {
  const last = times.length - 1;
  let i = 0;
  return Float64Array.from({ length: count }, (_, k) => {
    const t = at(k);
    while (i < last - 1 && times[i + 1] < t) i++;
    const share = Math.min(1, Math.max(0, (t - times[i]) / (times[i + 1] - times[i])));
    // As a mean, which gives the ends exactly.
    return values[i] * (1 - share) + values[i + 1] * share;
  });
}

/** Straight lines across NaN, by time where it is known; constant before the first and after the last. */
export function interpolateMissing(
  values: Float64Array,
  times: Float64Array | undefined,
): Float64Array {
  const place = (i: number) => times?.[i] ?? i;
  const there = Array.from(values.keys()).filter((i) => !Number.isNaN(values[i]));
  if (there.length < 2) return values;
  return interpolate(
    Float64Array.from(there, place),
    Float64Array.from(there, (i) => values[i]),
    values.length,
    place,
  );
}
