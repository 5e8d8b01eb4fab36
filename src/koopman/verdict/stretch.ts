/** The part of a run that is looked at: what came before had other dynamics. */
export interface Stretch {
  readonly from: number; // index of its first value
  readonly since: string | null; // what changed there; null: nothing, it is the whole run
}

export const wholeRun: Stretch = { from: 0, since: null };

/**
 * The stretch that a series is in at its end: since the last step of its learning rate. Exponentials of
 * one rate say nothing of another.
 *
 * @param steps  of the values, increasing
 * @param changes  steps from which on another rate lasted, increasing
 * @param average  logged values in one: one that may hold some of either rate is left out
 */
export function stretchOf(steps: Float64Array, changes: readonly number[], average = 1): Stretch {
  const change = changes.findLast((step) => step <= steps[steps.length - 1]);
  if (change === undefined) return wholeRun;
  const first = steps.findIndex((step) => step >= change) + (average === 1 ? 0 : 1);
  return {
    from: Math.min(first, steps.length - 1),
    since: `the learning rate changed at step ${change}`,
  };
}
