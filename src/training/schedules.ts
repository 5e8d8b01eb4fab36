import { requireNumber, requireObject, requireThat, shown } from "../errors/arguments.ts";
import { refuseUnknown } from "../errors/suggest.ts";
import { UsageError } from "../errors.ts";

/** Learning rate of step t = 1 … T. */
export type Schedule = (t: number, total: number) => number;

const positive = (rate: number) => {
  if (!(rate > 0 && Number.isFinite(rate)))
    throw new UsageError(`learning rate ${shown(rate)} is not positive`);
};

/** The same rate at every step. */
export function constantRate(rate: number): Schedule {
  positive(rate);
  return () => rate;
}

export interface StepRateOptions {
  readonly every?: number; // a share of the run; 1/3
  readonly factor?: number; // 0.1
}

/** rate · factorᵏ, k = how many times `every` (a share of the run) has passed. */
export function stepRate(rate: number, options: StepRateOptions = {}): Schedule {
  positive(rate);
  requireObject("stepRate", "options", options, "{ every, factor }, or nothing");
  refuseUnknown("stepRate", options, ["every", "factor"]);
  const { every = 1 / 3, factor = 0.1 } = options;
  requireNumber("stepRate", "factor", factor, { above: 0 });
  if (!(typeof every === "number" && every > 0 && every <= 1))
    throw new UsageError(`schedule: every = ${every} is not in (0, 1]`);
  return (t, total) => rate * factor ** Math.floor((t - 1) / (every * total));
}

/** From rate to `floor` along half a cosine: floor + (rate − floor)(1 + cos(π t/T))/2. */
export function cosineRate(rate: number, options: { readonly floor?: number } = {}): Schedule {
  positive(rate);
  requireObject("cosineRate", "options", options, "{ floor }, or nothing");
  refuseUnknown("cosineRate", options, ["floor"]);
  const { floor = 0 } = options;
  requireNumber("cosineRate", "floor", floor, { from: 0 });
  return (t, total) => floor + ((rate - floor) * (1 + Math.cos((Math.PI * (t - 1)) / total))) / 2;
}

/** Rises linearly over the first share of the run, then follows `schedule` over the rest. */
export function warmUp(share: number, schedule: Schedule): Schedule {
  if (!(typeof share === "number" && share >= 0 && share < 1))
    throw new UsageError(`schedule: warm-up ${shown(share)} is not in [0, 1)`);
  const wanted = "what follows it, as cosineRate(0.01)";
  requireThat("warmUp", "schedule", schedule, typeof schedule === "function", wanted);
  return (t, total) => {
    const steps = Math.round(share * total);
    return t <= steps
      ? (schedule(1, total - steps) * t) / (steps + 1)
      : schedule(t - steps, total - steps);
  };
}

export interface OneCycle {
  /** E, at least `tail` + 2. */
  readonly epochs: number;
  /** The rate at the start, and from `tail` epochs before the end on. */
  readonly base?: number;
  readonly tail?: number;
}

/**
 * Up to `peak` and down again, linear between the knots (0, base), (⌊(E − tail)/2⌋, peak),
 * (E − tail, base), (E, base) in epochs; step t begins at epoch E(t − 1)/T. A run of so few epochs
 * that no knot is left for the peak is refused.
 *
 * @throws UsageError
 */
export function oneCycle(peak: number, options: OneCycle): Schedule {
  refuseUnknown("oneCycle", options, ["epochs", "base", "tail"]);
  const { epochs, base = 1e-3, tail = 5 } = options;
  positive(peak);
  positive(base);
  const middle = Math.floor((epochs - tail) / 2);
  if (!(Number.isInteger(epochs) && tail >= 0 && middle >= 1)) {
    throw new UsageError(
      `oneCycle: ${epochs} epochs with a tail of ${tail}`,
      `a whole number of at least ${tail + 2} is wanted, or a shorter tail`,
    );
  }
  const last = epochs - tail;
  return (t, total) => {
    const at = (epochs * (t - 1)) / total;
    if (at >= last) return base;
    const share = at < middle ? at / middle : (last - at) / (last - middle);
    return base + (peak - base) * share;
  };
}

/**
 * Adam's β₁ along the same cycle: from `high` at the base rate down to `low` at the peak, so that
 * steps are long where the memory is short. For `adam({ beta1 })`.
 */
export const oneCycleMomentum = (
  peak: number,
  { base = 1e-3, high = 0.95, low = 0.85 } = {},
): ((rate: number) => number) => {
  positive(peak);
  if (peak === base) throw new UsageError(`oneCycleMomentum: peak and base are both ${base}`);
  // Rates that are not of the cycle, as while warming up, have the nearest of its ends.
  const share = (rate: number) => Math.min(1, Math.max(0, (rate - base) / (peak - base)));
  return (rate) => high + (low - high) * share(rate);
};
