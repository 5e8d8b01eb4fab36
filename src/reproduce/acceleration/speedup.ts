import type { AcceleratedRun } from "./run.ts";

/** How much sooner a loss was reached. */
export interface Speedup {
  readonly mark: number; // steps of plain training
  readonly loss: number; // that it has then
  /** Gradient steps with jumps; null where they did not lead there. */
  readonly steps: number | null;
  readonly evaluations: number; // of the loss, by then
  /** Plain steps per step; 0 where the loss was not reached. */
  readonly bySteps: number;
  /** An evaluation counted as a third of a step: forward, where a step is forward and twice that backward. */
  readonly byWork: number;
}

/** Steps until the loss that plain training has after `mark` steps, or had before: it may swing. */
export function speedup(plain: AcceleratedRun, fast: AcceleratedRun, mark: number): Speedup {
  const loss = plain.losses[mark];
  const [first, at] = [plain, fast].map(({ losses }) => losses.findIndex((x) => x <= loss));
  const evaluations = fast.jumps
    .filter(({ after }) => at < 0 || after <= at)
    .reduce((sum, jump) => sum + jump.evaluations, 0);
  return at < 0
    ? { mark, loss, steps: null, evaluations, bySteps: 0, byWork: 0 }
    : {
        mark,
        loss,
        steps: at,
        evaluations,
        bySteps: first / at,
        byWork: first / (at + evaluations / 3),
      };
}
