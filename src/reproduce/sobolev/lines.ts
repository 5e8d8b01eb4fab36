import { median } from "../../data/quantiles.ts";
import type { Line, Standing } from "../reproduction.ts";
import type { EstimateName } from "./batches.ts";
import { type BestCutoff, type MeasuredCutoff, truncationErrors } from "./bias.ts";
import { type LossName, lossTitles } from "./plan.ts";
import { reference, referenceCutoffs, referenceLevels } from "./published.ts";
import type { SobolevRun } from "./run.ts";

/** RMSE of the constant mean and of the best straight line against the clean signal. */
export const baselines = { mean: 0.782, line: 0.608 } as const;

/** Median and half the range over seeds. */
export interface Cell {
  readonly median: number;
  readonly spread: number;
  readonly seeds: number;
}

export function cellOf(values: readonly number[]): Cell {
  const spread = (Math.max(...values) - Math.min(...values)) / 2;
  return { median: median(values), spread, seeds: values.length };
}

export const fixed = (x: number) => x.toFixed(3);
const shown = ({ median, spread, seeds }: Cell) =>
  seeds === 1
    ? `${fixed(median)} (1 seed)`
    : `${fixed(median)} ± ${fixed(spread)} (${seeds} seeds)`;

type Of = "final" | "best" | "finalLeft";
export const valuesOf = (
  runs: readonly SobolevRun[],
  row: { readonly loss: LossName; readonly activation: string; readonly level: number },
  of: Of = "final",
): number[] =>
  runs
    .filter(
      ({ plan }) =>
        plan.loss === row.loss && plan.activation === row.activation && plan.level === row.level,
    )
    .map((run) => run[of]);

/** Share by which ours may lie beyond the two spreads: two seeds of the reference tell theirs roughly. */
export const tolerance = (seeds: number): number => (seeds > 1 ? 0.05 : 0.2);

/** The table of RMSE after the last step, beside the reference run. */
export function tableLines(runs: readonly SobolevRun[]): Line[] {
  return Object.entries(reference).flatMap(([row, { final, spread }]) => {
    const [loss, activation] = row.split(" ") as [LossName, string];
    return referenceLevels.flatMap((level, i): Line[] => {
      const values = valuesOf(runs, { loss, activation, level });
      if (values.length === 0) return [];
      const ours = cellOf(values);
      const reach = spread[i] + ours.spread + tolerance(ours.seeds) * final[i];
      const standing: Standing =
        Math.abs(ours.median - final[i]) <= reach
          ? "reached"
          : ours.median < final[i]
            ? "better"
            : "not reached";
      return [
        {
          what: `${lossTitles[loss]}, ${activation}, ε = ${level}: RMSE at the end`,
          published: `${fixed(final[i])} ± ${fixed(spread[i])} (reference)`,
          ours: shown(ours),
          standing,
        },
      ];
    });
  });
}

/** What the paper says of its figures, and what of it came out. */
export function claimLines(runs: readonly SobolevRun[]): Line[] {
  const levels = referenceLevels.filter((level) =>
    runs.some(({ plan }) => plan.level === level && plan.activation === "tanh"),
  );
  const at = (loss: LossName, level: number, activation = "tanh") =>
    median(valuesOf(runs, { loss, activation, level }));
  const list = (losses: readonly LossName[], some: readonly number[], activation?: string) =>
    some
      .map(
        (level) =>
          `ε = ${level}: ${losses.map((l) => `${lossTitles[l]} ${fixed(at(l, level, activation))}`).join(", ")}`,
      )
      .join("; ");
  const holds = (all: boolean): Standing => (all ? "reached" : "not reached");
  const average = (activation: string) =>
    levels.every((l) => at("l2", l, activation) >= 0.9 * baselines.line);
  const highest = Math.max(...levels);
  const lowest = Math.min(...levels);
  return [
    ...["tanh", "sigmoid"].map(
      (activation): Line => ({
        what: `figure 3: L2 tells little more than the average at every noise level (${activation})`,
        published: "said of the figure",
        ours: list(["l2"], levels, activation),
        standing: holds(average(activation)),
        note: `at least 0.9 of the best straight line's ${baselines.line} counts`,
      }),
    ),
    {
      what: "figure 3: Sobolev 1 is better than Sobolev 2 at every noise level",
      published: "said of the figure",
      ours: list(["s1", "s2"], levels),
      standing: holds(levels.every((l) => at("s1", l) < at("s2", l))),
    },
    {
      what: `figure 4: at ε = ${highest} Sobolev 1 is the best of 1, 2 and 1+2`,
      published: "said of the figure",
      ours: list(["s1", "s2", "s1+2"], [highest]),
      standing: holds(at("s1", highest) < Math.min(at("s2", highest), at("s1+2", highest))),
    },
    {
      what: `Sobolev 1 beats L2 at ε = ${lowest}`,
      published: "reference: 0.340 against 0.366",
      ours: list(["s1", "l2"], [lowest]),
      standing: holds(at("s1", lowest) < at("l2", lowest)),
    },
    {
      what: `Sobolev 1 beats L2 at ε = ${lowest} where L2 hardly trains (sigmoid)`,
      published: "reference: 0.513 against 0.608",
      ours: list(["s1", "l2"], [lowest], "sigmoid"),
      standing: holds(at("s1", lowest, "sigmoid") < at("l2", lowest, "sigmoid")),
    },
    {
      what: `Sobolev 2 beats L2 at ε = ${highest}`,
      published: "reference: 0.784 against 0.945",
      ours: list(["s2", "l2"], [highest]),
      standing: holds(at("s2", highest) < at("l2", highest)),
    },
  ];
}

/** The best K against noise and samples; least squares on the networks' own samples. */
export function cutoffLines(
  cases: readonly BestCutoff[],
  measured: readonly MeasuredCutoff[],
): Line[] {
  const formula = cases.map(({ level, samples, rmse, cutoff }): Line => {
    const [nine, best, least] = referenceCutoffs[`${level} ${samples}`];
    const close = (a: number, b: number) => Math.abs(a - b) <= 0.0015;
    const same = cutoff === best && close(rmse[cutoff], least) && close(rmse[9], nine);
    const said = (nine: number, K: number, value: number) =>
      `K = ${K}: ${fixed(value)}; K = 9: ${fixed(nine)}`;
    return {
      what: `best K at ε = ${level}, N = ${samples.toLocaleString("en-US")}: RMSE by bias and variance`,
      published: `${said(nine, best, least)} (reference)`,
      ours: said(rmse[9], cutoff, rmse[cutoff]),
      standing: same ? "reached" : "not reached",
    };
  });
  const truncation = truncationErrors();
  const direct = measured
    .filter(({ cutoff, rmse }) => cutoff === 9 && rmse.length > 0)
    .map(({ level, rmse }): Line => {
      const wanted = cases.find((one) => one.level === level && one.samples === 750)!.rmse[9];
      const ours = cellOf(rmse);
      const within = Math.abs(ours.median - wanted) <= ours.spread + 0.02 * wanted;
      return {
        what: `least squares of k ≤ 9 on 750 samples, ε = ${level}: RMSE`,
        published: `${fixed(wanted)} (formula), never below ${fixed(Math.sqrt(truncation[9]))}`,
        ours: shown(ours),
        standing: within ? "reached" : "not reached",
      };
    });
  return [...formula, ...direct];
}

export function batchLines(bias: Readonly<Record<EstimateName, number>>): Line[] {
  const percent = (x: number) =>
    `${x < 0 ? "−" : "+"}${Number((100 * Math.abs(x)).toPrecision(2))} %`;
  const zero = (x: number): Standing => (Math.abs(x) < 1e-9 ? "reached" : "not reached");
  return [
    {
      what: "mean over every batch of 3 of 8 rows against the loss: square of one batch's sum",
      published: "too large by the variance",
      ours: percent(bias.naive),
      standing: bias.naive > 0.01 ? "reached" : "not reached",
    },
    ...(["two batches", "all pairs"] as const).map(
      (name): Line => ({
        what: `the same: ${name === "two batches" ? "Re(conj(ê₁)ê₂) of two batches" : "all pairs within a batch"}`,
        published: "unbiased",
        ours: percent(bias[name]),
        standing: zero(bias[name]),
      }),
    ),
  ];
}
