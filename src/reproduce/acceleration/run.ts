import type { Split } from "../../data/dataset.ts";
import { proposeJumps } from "../../koopman/forecast/jump.ts";
import { fit } from "../../training/fit.ts";
import { constantRate } from "../../training/schedules.ts";
import { type AcceleratedPlan, optimiserOf, tasks } from "./plan.ts";

/** What a run left behind: a pure function of its plan. */
export interface AcceleratedRun {
  readonly plan: AcceleratedPlan;
  /** Training loss of each epoch. With the whole set as the batch: before that step. */
  readonly losses: readonly number[];
  /** Losses evaluated after so many epochs to find the best jump. */
  readonly jumps: readonly {
    readonly after: number;
    readonly evaluations: number;
    readonly accepted: boolean;
  }[];
  /** Share of right answers on the test images after the last epoch. */
  readonly accuracy: number;
}

/** Trains one run. One thread, so that the same plan gives the same record. */
export async function acceleratedRun(plan: AcceleratedPlan, data: Split): Promise<AcceleratedRun> {
  const { task, rule, seed, epochs, until } = plan;
  const losses: number[] = [];
  const jumps: AcceleratedRun["jumps"][number][] = [];
  let accuracy = 0;
  const events = fit(tasks[task].model(), data, {
    seed,
    epochs,
    batch: Math.min(tasks[task].batch, data.train.count),
    optimiser: optimiserOf(rule),
    schedule: constantRate(rule.rate),
    compile: { threads: 1 },
    ...(plan.jumps && {
      accelerate: {
        window: plan.jumps.window,
        optimiser: rule.vectors,
        propose: (history: readonly Float32Array[]) =>
          proposeJumps(history, { horizons: plan.jumps!.horizons }),
      },
    }),
  });
  for await (const event of events) {
    if (event.type === "epoch") {
      losses.push(Number(event.train.loss.toPrecision(7))); // what float32 has
      accuracy = event.test.accuracy ?? 0;
      if (until !== null && losses[losses.length - 1] <= until) break;
    } else if (event.type === "jump") {
      const evaluations = event.tried.length + 1; // and that of the trained weights
      jumps.push({ after: event.epoch + 1, evaluations, accepted: event.accepted });
    }
  }
  return { plan, losses, jumps, accuracy };
}
