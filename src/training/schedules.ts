import { UsageError } from "../errors.ts";

/** Learning rate of step t = 1 … T. */
export type Schedule = (t: number, total: number) => number;

const positive = (rate: number) => {
  if (!(rate > 0 && Number.isFinite(rate)))
    throw new UsageError(`learning rate ${rate} is not positive`);
};

export function constantRate(rate: number): Schedule {
  positive(rate);
  return () => rate;
}

/** rate · factorᵏ, k = how many times `every` (a share of the run) has passed. */
export function stepRate(rate: number, { every = 1 / 3, factor = 0.1 } = {}): Schedule {
  positive(rate);
  if (!(every > 0 && every <= 1))
    throw new UsageError(`schedule: every = ${every} is not in (0, 1]`);
  return (t, total) => rate * factor ** Math.floor((t - 1) / (every * total));
}

/** From rate to `floor` along half a cosine: floor + (rate − floor)(1 + cos(π t/T))/2. */
export function cosineRate(rate: number, { floor = 0 } = {}): Schedule {
  positive(rate);
  return (t, total) => floor + ((rate - floor) * (1 + Math.cos((Math.PI * (t - 1)) / total))) / 2;
}

/** Rises linearly over the first share of the run, then follows `schedule` over the rest. */
export function warmUp(share: number, schedule: Schedule): Schedule {
  if (!(share >= 0 && share < 1))
    throw new UsageError(`schedule: warm-up ${share} is not in [0, 1)`);
  return (t, total) => {
    const steps = Math.round(share * total);
    return t <= steps
      ? (schedule(1, total - steps) * t) / (steps + 1)
      : schedule(t - steps, total - steps);
  };
}
