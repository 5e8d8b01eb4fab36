import { quantile } from "../../data/quantiles.ts";
import type { RangeSpectrum } from "./spectra.ts";
import type { Trajectory } from "./trajectory.ts";

/** A finding of Mohr et al. (2021), how it is measured here, and whether it came out. */
export interface Finding {
  readonly published: string;
  readonly measure: string;
  readonly ours: string;
  readonly verdict: "came out" | "did not come out";
}

/**
 * The paper's findings as numbers. It gives no thresholds; those here were fixed before the runs: more
 * than half of the importance counts as "the important ones", 5 % as a rise.
 */
export function findingsOf(
  runs: readonly Trajectory[],
  spectra: readonly RangeSpectrum[],
): Finding[] {
  const loss = (start: string) => spectra.filter((one) => one.of === "loss" && one.start === start);
  const percent = (x: number) => `${(100 * x).toFixed(0)} %`;
  const verdict = (holds: boolean) => (holds ? "came out" : "did not come out");
  const spectral = runs.flatMap(({ plan: { start } }): Finding[] => {
    const [first, last] = [loss(start)[0], loss(start).at(-1)!];
    return [
      {
        published: `${start}: the important eigenvalues of the loss lie near 0 early on`,
        measure: `importance of |λ| ≤ 1/2 in the first ${first.range} epochs > 50 %`,
        ours: percent(first.nearZero),
        verdict: verdict(first.nearZero > 0.5),
      },
      {
        published: `${start}: with more snapshots important ones cluster at 1`,
        measure: `importance of |λ − 1| ≤ 1/20: more in ${last.range} epochs than in ${first.range}, and > 50 %`,
        ours: `${percent(first.nearOne)} → ${percent(last.nearOne)}`,
        verdict: verdict(last.nearOne > first.nearOne && last.nearOne > 0.5),
      },
    ];
  });
  const end = (values: readonly number[]) => quantile(values.slice(-10), 0.5);
  const overfit = runs
    .filter(({ plan }) => plan.start !== "normal")
    .map(({ plan: { start }, train, test }): Finding => {
      const least = test.indexOf(Math.min(...test));
      const holds = end(test) > 1.05 * test[least] && end(train) < train[least];
      return {
        published: `${start}: the test loss rises while the training loss falls`,
        measure: "since the least test loss: test at the end > 1.05 of it, training lower",
        ours: `test ${short(test[least])} (epoch ${least}) → ${short(end(test))}, training ${short(train[least])} → ${short(end(train))}`,
        verdict: verdict(holds),
      };
    });
  const finals = runs.map(({ plan, test }) => ({ start: plan.start, loss: end(test) }));
  const normal = finals.find(({ start }) => start === "normal");
  const others = finals.filter(({ start }) => start !== "normal");
  return [
    ...spectral,
    ...overfit,
    ...(normal === undefined
      ? []
      : [
          {
            published: "He and Xavier end below random normal",
            measure: "test loss, median of the last 10 epochs",
            ours: finals.map((one) => `${one.start} ${short(one.loss)}`).join(", "),
            verdict: verdict(others.every((one) => one.loss < normal.loss)),
          } satisfies Finding,
        ]),
  ];
}

const short = (x: number) => String(Number(x.toPrecision(3)));
