import { UsageError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import { equal, less, where } from "../../graph/ops/elementwise.ts";
import { reduceMax, reduceSum } from "../../graph/ops/reduction.ts";
import { methodOptions } from "../options.ts";

/** How the integration of a sample ended, in the order of the codes in `OdeInfo.status`. */
export const odeStatuses = ["max-steps", "converged", "step-underflow", "non-finite"] as const;
export type OdeStatus = (typeof odeStatuses)[number];

/** What is known of an integration, per sample of the batch [N], int64. */
export interface OdeInfo {
  readonly status: Value; // an index into odeStatuses
  readonly evaluations: Value; // of the vector field, until the sample ended
  readonly accepted: Value; // steps
  readonly rejected: Value;
}

export interface StepControl {
  /** A step is taken if the RMS of error/(atol + rtol max(|y|, |y′|)) over a sample is at most 1. */
  readonly rtol: number;
  readonly atol: number;
  /** Steps tried, the rejected ones with them. */
  readonly maxSteps: number;
  /** Of the PI controller, 0.9 e^(0.75 beta − 1/5) (previous e)^beta; 0 for e alone, as SciPy has it. */
  readonly beta: number;
}

export const stepControlDefaults: StepControl = {
  rtol: 1e-3,
  atol: 1e-6,
  maxSteps: 10_000,
  beta: 0.04,
};

/** Fills in defaults. @throws UsageError for an unknown name or a value out of range */
export const stepControl = (given: Partial<StepControl> = {}): StepControl =>
  methodOptions(
    "dopri5",
    stepControlDefaults,
    {
      rtol: { from: 0 },
      atol: { above: 0 },
      maxSteps: { whole: true, from: 1 },
      beta: { from: 0, to: 0.2 },
    },
    given,
  );

/** @throws UsageError  for fewer than two times, or times that do not go one way */
export function checkTimes(times: readonly number[]): void {
  const direction = Math.sign(times[1] - times[0]);
  const ordered = times.every(
    (t, i) => Number.isFinite(t) && (i === 0 || Math.sign(t - times[i - 1]) === direction),
  );
  if (times.length < 2 || direction === 0 || !ordered) {
    throw new UsageError(
      `times [${times.slice(0, 8).join(", ")}${times.length > 8 ? ", …" : ""}]`,
      "wanted: two or more, each after the one before or each before it",
    );
  }
}

/** Of several integrations, one after the other [T, N]: counts added up, and the worst status. */
export function inAll({ status, evaluations, accepted, rejected }: OdeInfo): OdeInfo {
  const converged = odeStatuses.indexOf("converged");
  const worst = reduceMax(where(equal(status, converged), -1, status), [0]);
  return {
    status: where(less(worst, 0), converged, worst),
    evaluations: reduceSum(evaluations, [0]),
    accepted: reduceSum(accepted, [0]),
    rejected: reduceSum(rejected, [0]),
  };
}
