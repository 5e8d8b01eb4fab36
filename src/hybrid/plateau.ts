import type { Schedule } from "../training/schedules.ts";
import type { Observe } from "../training/watch.ts";

/** What is seen after an epoch, and whether that is enough. */
export type Enough = (seen: { readonly loss: number; readonly accuracy?: number }) => boolean;

export interface PlateauOptions {
  readonly rate: number;
  /** None: the rate stays. */
  readonly plateau?: {
    readonly factor: number;
    readonly patience: number;
    readonly threshold: number;
  };
  readonly enough?: Enough;
}

/**
 * A rate that is multiplied by `factor` once the training loss has not fallen below (1 − threshold) times
 * its least for more than `patience` epochs, as torch's ReduceLROnPlateau; and an end once the epoch's
 * numbers are enough. One pair for one run: it remembers what it saw.
 */
export function plateauRate({ rate, plateau, enough }: PlateauOptions): {
  readonly schedule: Schedule;
  readonly observe: Observe;
} {
  let [now, least, bad] = [rate, Infinity, 0];
  return {
    schedule: () => now,
    observe: ({ train }) => {
      if (enough?.(train)) return { act: "stop", reason: "enough" };
      if (plateau) {
        if (train.loss < least * (1 - plateau.threshold)) [least, bad] = [train.loss, 0];
        else bad++;
        if (bad > plateau.patience) [now, bad] = [now * plateau.factor, 0];
      }
      return { act: "continue", reason: "" };
    },
  };
}
