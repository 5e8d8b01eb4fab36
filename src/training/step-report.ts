import type { Tensor } from "../graph/tensor.ts";
import type { EpochSums, Metrics, SolverSums, StepMetrics } from "./events.ts";
import { addSums, noSums, summarise } from "./solver-sums.ts";

export const emptySums: EpochSums = {
  samples: 0,
  loss: 0,
  correct: 0,
  forward: noSums,
  backward: noSums,
};

/** What made a call's numbers useless, or null: a loss or a parameter that is not finite. */
export function firstBad(report: readonly StepReport[], theta: Float32Array): string | null {
  const bad = report.find(({ metrics }) => !Number.isFinite(metrics.loss));
  if (bad) return `the loss at step ${bad.metrics.step} is ${bad.metrics.loss}`;
  const last = report[report.length - 1].metrics.step;
  return theta.every(Number.isFinite) ? null : `a parameter is not finite after step ${last}`;
}

/** What one step reported. */
export interface StepReport {
  readonly metrics: StepMetrics;
  readonly correct: number;
  readonly forward: SolverSums;
  readonly backward: SolverSums;
}

/** One record a step, of those that ran, from the stacked outputs of a call. */
export function readSteps(
  found: Readonly<Record<string, Tensor>>,
  {
    epoch,
    first,
    size,
    rates,
  }: { epoch: number; first: number; size: number; rates: readonly number[] },
): StepReport[] {
  const solves = (direction: string, i: number) => ({
    iterations: Number(found[`${direction}Iterations`]?.data[i] ?? 0),
    most: Number(found[`${direction}Most`]?.data[i] ?? 0),
    failed: Number(found[`${direction}Failed`]?.data[i] ?? 0),
    ...(found[`${direction}Truncated`] && {
      truncated: Number(found[`${direction}Truncated`].data[i]),
    }),
  });
  return Array.from(found.loss.data as Float32Array, (loss, i) => {
    const [forward, backward] = [solves("forward", i), solves("backward", i)];
    return {
      metrics: {
        step: first + i + 1,
        epoch,
        rate: rates[i],
        loss,
        ...(found.gradientNorm && { gradientNorm: Number(found.gradientNorm.data[i]) }),
        ...(found.forwardMost && { forward: summarise(forward, size) }),
        ...(found.backwardMost && { backward: summarise(backward, size) }),
      },
      correct: Number(found.correct?.data[i] ?? 0),
      forward,
      backward,
    };
  });
}

export const addStep = (sums: EpochSums, step: StepReport, size: number): EpochSums => ({
  samples: sums.samples + size,
  loss: sums.loss + step.metrics.loss * size,
  correct: sums.correct + step.correct,
  ...(step.metrics.gradientNorm !== undefined && {
    gradientNorm: (sums.gradientNorm ?? 0) + step.metrics.gradientNorm * size,
  }),
  forward: addSums(sums.forward, step.forward),
  backward: addSums(sums.backward, step.backward),
});

export const metricsOf = (
  { samples, loss, correct, gradientNorm, forward, backward }: EpochSums,
  classes: boolean,
): Metrics => ({
  loss: loss / samples,
  ...(classes && { accuracy: correct / samples }),
  ...(gradientNorm !== undefined && { gradientNorm: gradientNorm / samples }),
  ...(forward.most > 0 && { forward: summarise(forward, samples) }),
  ...(backward.most > 0 && { backward: summarise(backward, samples) }),
});
