import { median } from "../../data/quantiles.ts";
import type { Line } from "../reproduction.ts";
import type { Rule } from "./plan.ts";
import type { AcceleratedRun } from "./run.ts";
import { type Speedup, speedup } from "./speedup.ts";

/** The same start, trained with and without jumps. */
export interface Pair {
  readonly plain: AcceleratedRun;
  readonly fast: AcceleratedRun;
}

export interface RulePairs {
  readonly rule: Rule;
  readonly pairs: readonly Pair[]; // by seed
}

/** What was promised before the study. */
const wanted = 3;

const times = (x: number) => (x === 0 ? "not reached" : `${x.toPrecision(2)}×`);

/** Median and range; where a seed did not get there that is its least. */
export function timesOf(values: readonly number[]): string {
  const range = `${times(Math.min(...values))} to ${times(Math.max(...values))}`;
  return `${times(median(values))} (${range}, ${values.length} seeds)`;
}

export const speedups = ({ pairs }: RulePairs, mark: number): Speedup[] =>
  pairs.map(({ plain, fast }) => speedup(plain, fast, mark));

/** Full-batch training: a line for each rule and each number of steps. */
export const speedupLines = (all: readonly RulePairs[], marks: readonly number[]): Line[] =>
  all.flatMap((one) =>
    marks.map((mark): Line => {
      const found = speedups(one, mark);
      const bySteps = found.map((x) => x.bySteps);
      const byWork = median(found.map((x) => x.byWork));
      return {
        what: `${one.rule.name}: fewer gradient steps to the loss that ${mark} plain ones reach`,
        published: `≥ ${wanted}×`,
        ours: timesOf(bySteps),
        standing: median(bySteps) >= wanted ? "reached" : "not reached",
        note: `${times(byWork)} with each loss evaluated as a third of a step`,
      };
    }),
  );

/** The convolutional network in batches, after all its epochs: nothing was promised. */
export const batchLines = (all: readonly RulePairs[]): Line[] =>
  all.map(({ rule, pairs }): Line => {
    const end = (of: "plain" | "fast") => pairs.map((pair) => pair[of].losses.at(-1)!);
    const right = (of: "plain" | "fast") =>
      (100 * median(pairs.map((pair) => pair[of].accuracy))).toFixed(1);
    const { epochs } = pairs[0].plain.plan;
    return {
      what: `MNIST CNN, batches of 64, ${rule.name}: training loss after ${epochs} epochs, with jumps / without`,
      published: "",
      ours: `${lossesOf(end("fast"))} / ${lossesOf(end("plain"))}`,
      standing: "",
      note: `test accuracy ${right("fast")} % / ${right("plain")} %; ${jumpsOf(pairs)}`,
    };
  });

export const lossesOf = (values: readonly number[]): string =>
  `${short(median(values))} (${short(Math.min(...values))} to ${short(Math.max(...values))}, ${values.length} seeds)`;

export function jumpsOf(pairs: readonly Pair[]): string {
  const jumps = pairs.flatMap(({ fast }) => fast.jumps);
  const taken = jumps.filter(({ accepted }) => accepted).length;
  return `${taken} of ${jumps.length} jumps taken`;
}

const short = (x: number) => String(Number(x.toPrecision(3)));
