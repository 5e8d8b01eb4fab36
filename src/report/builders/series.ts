import { DataError, ShapeError } from "../../errors.ts";
import type { Figure, Mark } from "../figure.ts";
import { counted, head, inWords } from "./words.ts";

export interface SeriesLine {
  readonly name: string;
  readonly steps: readonly number[];
  readonly values: readonly (number | null)[]; // null: not finite
}

/** Lines that can be told apart. */
const most = 8;

/**
 * A quantity of several runs, or several of one. A logarithmic axis where every value is positive and they
 * span more than a factor of 20.
 *
 * @throws DataError  for no series, more than eight, or none with a finite value
 * @throws ShapeError  for one with as many steps as values not
 */
export function seriesFigure({
  series,
  label,
  ...input
}: {
  readonly name?: string;
  readonly title?: string;
  readonly caption?: string;
  readonly label: string;
  readonly unit?: string;
  readonly series: readonly SeriesLine[];
}): Figure {
  const unit = input.unit ?? "epoch";
  for (const { name, steps, values } of series) {
    if (steps.length !== values.length)
      throw new ShapeError(`series "${name}": ${values.length} values at ${steps.length} steps`);
  }
  if (series.length > most)
    throw new DataError(
      `${series.length} series in one figure: at most ${most} can be told apart`,
      {
        hint: "draw several figures",
      },
    );
  const all = series.flatMap(({ values }) => values.filter((value) => value !== null));
  if (all.length === 0) throw new DataError(`no finite value of ${label}`);
  const [least, largest] = [all.reduce(smaller, Infinity), all.reduce(greater, -Infinity)];
  const log = least > 0 && largest > 20 * least;
  const marks = series.flatMap(({ name, steps, values }, role): Mark[] => {
    const lost = steps.filter((_, i) => values[i] === null);
    return [
      { type: "line", role, name, x: steps, y: values },
      ...(lost.length > 0
        ? [{ type: "ticks", role: "alarm", name: "not finite", x: lost } as const]
        : []),
    ];
  });
  return {
    schema: "eigenflow/figure@1",
    name: input.name ?? "series",
    title: input.title ?? label,
    caption:
      input.caption ??
      `${head(label)} over the ${unit}s${series.length > 1 ? `, of ${series.length} series` : ""}.`,
    alt: series.map((one) => altOf(one, unit)).join(" "),
    size: "column",
    panels: [
      {
        x: { label: unit, scale: "linear" },
        y: { label, scale: log ? "log" : "linear" },
        marks,
      },
    ],
  };
}

const smaller = (a: number, b: number) => Math.min(a, b);
const greater = (a: number, b: number) => Math.max(a, b);

function altOf({ name, steps, values }: SeriesLine, unit: string): string {
  const [first, last] = [values.findIndex(there), values.findLastIndex(there)];
  if (first < 0) return `${name}: no finite value.`;
  const lost = values.length - values.filter(there).length;
  return (
    `${name}: from ${inWords(values[first]!)} at ${unit} ${inWords(steps[first], 6)} to ` +
    `${inWords(values[last]!)} at ${unit} ${inWords(steps[last], 6)}${lost > 0 ? `, ${lost} not finite` : ""}.`
  );
}

const there = (value: number | null) => value !== null;

/**
 * Singular values in order, on a logarithmic axis, with the rank that was kept.
 *
 * @throws DataError  where none is positive and finite
 */
export function singularValuesFigure({
  values,
  rank,
  of,
  ...input
}: {
  readonly name?: string;
  readonly title?: string;
  readonly of: string;
  readonly values: readonly number[]; // largest first
  readonly rank?: number;
}): Figure {
  if (!values.every(Number.isFinite) || !values.some((value) => value > 0))
    throw new DataError(`singular values of ${of}: finite ones, at least one of them positive`);
  const index = values.map((_, i) => i + 1);
  const positive = values.filter((value) => value > 0).length;
  return {
    schema: "eigenflow/figure@1",
    name: input.name ?? "singular-values",
    title: input.title ?? "Singular values",
    caption: `Singular values of ${of}${rank === undefined ? "" : `; the line is the rank that was kept, ${rank}`}.`,
    alt:
      `${counted(values.length, "singular value")} of ${of}, from ${inWords(values[0])} down to ` +
      `${inWords(values[values.length - 1])}, ${positive} of them positive.${rank === undefined ? "" : ` Rank ${rank} was kept.`}`,
    size: "column",
    panels: [
      {
        x: { label: "index", scale: "linear" },
        y: { label: "singular value", scale: "log" },
        marks: [
          ...(rank === undefined
            ? []
            : [
                {
                  type: "rule",
                  role: "faint",
                  x: rank + 0.5,
                  dash: "dashed",
                  label: `rank ${rank}`,
                } as const,
              ]),
          { type: "dots", role: 0, x: index, y: values, marker: "circle" },
        ],
      },
    ],
  };
}
