import { median } from "../../data/quantiles.ts";
import type { Figure, Mark, Panel } from "../../report/figure.ts";
import { type RulePairs, speedups, timesOf } from "./lines.ts";
import type { AcceleratedRun } from "./run.ts";

/** Points of a curve, about. */
const points = 250;

/** Loss against gradient steps, a panel for each rule: median and range of the seeds. */
export function accelerationFigure(
  all: readonly RulePairs[],
  { mark, name, unit }: { mark: number; name: string; unit: string },
): Figure {
  return {
    schema: "eigenflow/figure@1",
    name,
    title: `Training loss against ${unit}s, with and without jumps`,
    caption: `Median and range of ${all[0].pairs.length} seeds, up to where the first of them ended; the dotted line: the median loss of plain training after ${mark} ${unit}s.`,
    alt: all.map((one) => `${one.rule.name}: ${alternative(one, mark, unit)}`).join(" "),
    size: "page",
    columns: 2,
    panels: all.map((one) => panel(one, mark, unit)),
  };
}

const alternative = (one: RulePairs, mark: number, unit: string) => {
  const factor = timesOf(speedups(one, mark).map(({ bySteps }) => bySteps));
  return `the loss of ${mark} plain ${unit}s is reached in fewer by a factor of ${factor}.`;
};

function panel({ rule, pairs }: RulePairs, mark: number, unit: string): Panel {
  const target = median(pairs.map(({ plain }) => plain.losses[mark]));
  return {
    title: rule.name,
    x: { label: `${unit}s`, scale: "linear" },
    y: { label: "training loss", scale: "log" },
    marks: [
      ...curve(
        pairs.map(({ plain }) => plain),
        { role: 0, name: "plain", most: mark },
      ),
      ...curve(
        pairs.map(({ fast }) => fast),
        { role: 1, name: "with jumps", most: mark },
      ),
      { type: "rule", role: "faint", y: target, dash: "dotted" },
    ],
  };
}

function curve(
  runs: readonly AcceleratedRun[],
  { role, name, most }: { role: number; name: string; most: number },
): Mark[] {
  const length = Math.min(most + 1, ...runs.map(({ losses }) => losses.length));
  const every = Math.ceil((most + 1) / points);
  const x = Array.from({ length }, (_, t) => t).filter((t) => t % every === 0 || t === length - 1);
  const at = (of: (values: readonly number[]) => number) =>
    x.map((t) => of(runs.map(({ losses }) => losses[t])));
  return [
    {
      type: "band",
      role,
      x,
      low: at((all) => Math.min(...all)),
      high: at((all) => Math.max(...all)),
    },
    { type: "line", role, name, x, y: at(median) },
  ];
}
