import type { Figure, Mark, Panel } from "../../report/figure.ts";
import type { Line } from "../reproduction.ts";
import { type BatchEstimate, estimateNames } from "./batches.ts";
import type { BestCutoff, MeasuredCutoff } from "./bias.ts";
import { fixed } from "./lines.ts";
import { type LossName, lossTitles, type SobolevPreset } from "./plan.ts";
import type { SobolevRun } from "./run.ts";
import { clean, noisyDraw, truthGrid } from "./signal.ts";

const domain = [-1.5, 4.5] as const;
const coarse = truthGrid.filter((_, i) => i % 5 === 0);

/** One reconstruction over its samples, a part of them, and the clean signal. */
function reconstruction({ plan, curve, final }: SobolevRun): Panel {
  const { train } = noisyDraw(plan.level, plan.seed);
  const values = train.targets.kind === "values" ? train.targets.values : new Float32Array(0);
  const rows = Array.from({ length: train.count }, (_, i) => i).filter(
    (i) => i % 5 === 0 && values[i] >= domain[0] && values[i] <= domain[1],
  );
  const marks: Mark[] = [
    {
      type: "dots",
      role: "faint",
      name: "samples, one of five",
      x: rows.map((i) => train.features[i] + 1),
      y: rows.map((i) => values[i]),
    },
    {
      type: "line",
      role: "ink",
      name: "clean signal",
      x: [...truthGrid],
      y: Array.from(truthGrid, clean),
      weight: "thin",
    },
    {
      type: "line",
      role: 1,
      name: "network",
      x: [...coarse],
      y: [...curve],
      weight: "thick",
      dash: "solid",
    },
  ];
  return {
    title: `${lossTitles[plan.loss]}, ε = ${plan.level}: ${fixed(final)}`,
    x: { label: "x", scale: "linear", domain: [0, 2] },
    y: { label: "", scale: "linear", domain },
    marks,
  };
}

function pictures(
  runs: readonly SobolevRun[],
  levels: readonly number[],
  losses: readonly LossName[],
): SobolevRun[] {
  return levels.flatMap((level) =>
    losses.flatMap((loss) => {
      const run = runs.find(
        ({ plan }) => plan.loss === loss && plan.level === level && plan.activation === "tanh",
      );
      return run ? [run] : [];
    }),
  );
}

const told = (runs: readonly SobolevRun[]) =>
  runs
    .map(({ plan, final }) => `${lossTitles[plan.loss]} at ε = ${plan.level}: RMSE ${fixed(final)}`)
    .join("; ");

/** What the paper says of a figure, and whether it came out. */
const saidOf = (figure: string, claims: readonly Line[]): string =>
  claims
    .filter(({ what }) => what.startsWith(figure))
    .map(({ what, standing }) => `${what.slice(figure.length + 2)}: ${standing}.`)
    .join(" ");

/** Figures 3 and 4 of the paper. */
export function reconstructionFigures(
  runs: readonly SobolevRun[],
  { levels }: SobolevPreset,
  claims: readonly Line[],
): Figure[] {
  const highest = Math.max(...levels);
  const three = pictures(runs, levels, ["l2", "s1", "s2"]);
  const four = pictures(runs, [highest], ["s1", "s2", "s1+2"]);
  const common = { schema: "eigenflow/figure@1", size: "page", columns: 3 } as const;
  const what = (some: readonly SobolevRun[]) =>
    `9 hidden layers of 20 tanh neurons after ${some[0].plan.steps} full-batch steps of Adam on 750 of 1000 ` +
    "samples of x + sin 2πx⁴ with noise of ε times its range; the number is the RMSE against the clean " +
    "signal; samples beyond the frame are not drawn.";
  return [
    {
      ...common,
      name: "sobolev-figure-3",
      title: "L2, Sobolev 1 and Sobolev 2 at several noise levels",
      caption: `${what(three)} ${saidOf("figure 3", claims)}`,
      alt: told(three),
      panels: three.map(reconstruction),
    },
    {
      ...common,
      name: "sobolev-figure-4",
      title: `Sobolev 1, 2 and both at ε = ${highest}`,
      caption: `${what(four)} ${saidOf("figure 4", claims)}`,
      alt: told(four),
      panels: four.map(reconstruction),
    },
  ];
}

/** RMSE against K by the formula of bias and variance, with least squares on samples beside it. */
export function cutoffFigure(
  cases: readonly BestCutoff[],
  measured: readonly MeasuredCutoff[],
): Figure {
  const K = cases[0].rmse.map((_, k) => k);
  const panel = (title: string, some: readonly BestCutoff[], dots: boolean): Panel => ({
    title,
    x: { label: "largest frequency K", scale: "linear", domain: [0, K.length - 1] },
    y: { label: "RMSE", scale: "log", domain: [0.05, 3] },
    marks: some.flatMap(({ level, samples, rmse, cutoff }): Mark[] => {
      const i = samples > 7500 ? 3 : [0.05, 0.5, 1].indexOf(level);
      const found = measured.filter((one) => one.level === level && one.rmse.length > 0);
      const points = found.flatMap((one) => one.rmse.map((value) => ({ x: one.cutoff, y: value })));
      return [
        {
          type: "line",
          role: i,
          name: dots ? `ε = ${level}` : `ε = ${level}, N = ${samples.toLocaleString("en-US")}`,
          x: K,
          y: rmse,
        },
        {
          type: "dots",
          role: "ink",
          name: "best K",
          x: [cutoff],
          y: [rmse[cutoff]],
          marker: "diamond",
        },
        ...(dots
          ? [
              {
                type: "dots",
                role: i,
                name: "least squares",
                x: points.map(({ x }) => x),
                y: points.map(({ y }) => y),
                filled: points.map(() => false),
                marker: "circle",
              } as const,
            ]
          : []),
      ];
    }),
  });
  return {
    schema: "eigenflow/figure@1",
    name: "sobolev-best-cutoff",
    title: "The best K falls with noise and grows with samples",
    caption:
      "RMSE of the best function of frequencies k ≤ K: what it cannot represent, and σ²(2K + 1)/N of noise. " +
      "Circles: least squares on the samples that the networks see. Diamonds: the best K.",
    alt: cases
      .map(
        ({ level, samples, cutoff, rmse }) =>
          `ε = ${level}, N = ${samples}: best K ${cutoff}, RMSE ${fixed(rmse[cutoff])}`,
      )
      .join("; "),
    size: "page",
    columns: 2,
    panels: [
      panel(
        "N = 750",
        cases.filter(({ samples }) => samples === 750),
        true,
      ),
      panel(
        "more samples",
        cases.filter(({ samples }) => samples > 750),
        false,
      ),
    ],
  };
}

/** What batches tell of the loss, on average. */
export function batchFigure(estimates: readonly BatchEstimate[]): Figure {
  const marks = estimateNames.flatMap((name, i): Mark[] => {
    const own = estimates.filter((one) => one.name === name);
    const x = own.map(({ batch }) => batch);
    return [
      {
        type: "band",
        role: i,
        x,
        low: own.map(({ ratio, error }) => ratio - 2 * error),
        high: own.map(({ ratio, error }) => ratio + 2 * error),
      },
      { type: "line", role: i, name, x, y: own.map(({ ratio }) => ratio) },
    ];
  });
  return {
    schema: "eigenflow/figure@1",
    name: "sobolev-batches",
    title: "What a batch tells of a Sobolev loss",
    caption:
      "Mean of the estimate over the loss of all 200 rows, ± 2 standard errors. The square of one batch's sum is too large " +
      "by its variance; the product of two batches (of half as many rows each) and the pairs within one are not.",
    alt: estimates
      .map(({ name, batch, ratio }) => `${name}, ${batch} rows: ${ratio.toFixed(2)}`)
      .join("; "),
    size: "column",
    panels: [
      {
        x: { label: "rows looked at", scale: "log" },
        y: { label: "estimate / loss", scale: "linear" },
        marks: [{ type: "rule", role: "faint", y: 1, dash: "dashed" }, ...marks],
      },
    ],
  };
}
