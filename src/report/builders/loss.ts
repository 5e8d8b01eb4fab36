import { DataError, ShapeError } from "../../errors.ts";
import type { Figure, FigureAxis, Mark, Role } from "../figure.ts";
import { counted, head, inWords } from "./words.ts";

/** A forecast, with the interval that is to hold the truth where there is one. */
export interface ForecastCurve {
  readonly steps: readonly number[];
  readonly values: readonly number[];
  readonly low?: readonly number[];
  readonly high?: readonly number[];
  /** What the interval is, such as "90 % interval". */
  readonly interval?: string;
}

export interface LossFigureInput {
  readonly name?: string; // of the figure's files
  readonly title?: string;
  readonly label: string; // of the values, such as "training loss"
  readonly unit?: string; // of the steps
  readonly steps: readonly number[];
  /** null where the log has no finite number. */
  readonly values: readonly (number | null)[];
  readonly forecast?: ForecastCurve;
  /** Where a verdict changed. */
  readonly verdicts?: readonly { readonly step: number; readonly decision: string }[];
  /** Where the learning rate changed. */
  readonly rateSteps?: readonly number[];
  /** The loss of guessing. */
  readonly reference?: number | null;
}

/** Values from which a curve is smoothed: fewer are read one by one. */
const smoothedFrom = 100;

/**
 * The loss over the run: as logged (thin) and its moving mean (thick), the forecast with its interval,
 * where the verdict and the learning rate changed, the loss of guessing, and a cross on the axis for each
 * value that is not finite. The axis is logarithmic where all values are positive.
 *
 * @throws ShapeError  for as many steps as values not
 * @throws DataError  where no value is finite
 */
export function lossFigure(input: LossFigureInput): Figure {
  const { label, steps, values, forecast, verdicts = [], rateSteps = [], reference } = input;
  const unit = input.unit ?? "epoch";
  if (steps.length !== values.length)
    throw new ShapeError(`lossFigure: ${values.length} values at ${steps.length} steps`);
  const finite = values.filter((value) => value !== null);
  if (finite.length === 0) throw new DataError(`lossFigure: no finite value of "${label}"`);
  const missing = steps.filter((_, i) => values[i] === null);
  const width = finite.length >= smoothedFrom ? 2 * Math.round(values.length / 80) + 1 : 1;
  const smooth = width >= 3;
  const positive = [...finite, ...(forecast?.values ?? []), ...(forecast?.low ?? [])].every(
    (value) => value > 0,
  );
  const marks: Mark[] = [];
  if (forecast?.low && forecast.high)
    marks.push({
      type: "band",
      role: 1,
      name: forecast.interval ?? "interval of the forecast",
      x: forecast.steps,
      low: forecast.low,
      high: forecast.high,
    });
  for (const step of rateSteps)
    marks.push({
      type: "rule",
      role: "faint",
      x: step,
      dash: "dotted",
      name: "learning rate changed",
    });
  if (reference)
    marks.push({ type: "rule", role: "faint", y: reference, dash: "dashed", label: "guessing" });
  marks.push({
    type: "line",
    role: 0,
    name: smooth ? `${label}, as logged` : label,
    x: steps,
    y: values,
    dash: "solid",
    weight: smooth ? "thin" : "thick",
  });
  if (smooth)
    marks.push({
      type: "line",
      role: 0,
      name: `mean of ${width}`,
      x: steps,
      y: movingMean(values, width),
      dash: "solid",
    });
  if (forecast)
    marks.push({ type: "line", role: 1, name: "forecast", x: forecast.steps, y: forecast.values });
  for (const { step, decision } of verdicts)
    marks.push({ type: "rule", role: roleOf(decision), x: step, dash: "dashed", label: decision });
  if (missing.length > 0)
    marks.push({ type: "ticks", role: "alarm", name: "not finite", x: missing });

  const y: FigureAxis = { label, scale: positive ? "log" : "linear" };
  return {
    schema: "eigenflow/figure@1",
    name: input.name ?? "loss",
    title: input.title ?? "Loss and forecast",
    caption: [
      `${head(label)} over the run${positive ? " (logarithmic)" : ""}.`,
      smooth ? `Thin: as logged; thick: the mean of ${width} neighbours.` : "",
      forecast ? "Dashed: forecast by the exponentials of the last window." : "",
      missing.length > 0 ? "Crosses on the axis: values that are not finite." : "",
    ]
      .filter((part) => part !== "")
      .join(" "),
    alt: altOf(input, finite, missing.length, unit),
    size: "column",
    panels: [{ x: { label: unit, scale: "linear" }, y, marks }],
  };
}

const roleOf = (decision: string): Role =>
  ["diverged", "rising", "restart"].includes(decision) ? "alarm" : "ink";

function altOf(
  { label, steps, values, forecast, verdicts = [] }: LossFigureInput,
  finite: readonly number[],
  missing: number,
  unit: string,
): string {
  const first = values.findIndex((value) => value !== null);
  const last = values.findLastIndex((value) => value !== null);
  const lowest = Math.min(...finite);
  const parts = [
    `${head(label)} from ${inWords(values[first]!)} at ${unit} ${inWords(steps[first], 6)} to ` +
      `${inWords(values[last]!)} at ${unit} ${inWords(steps[last], 6)}, lowest ${inWords(lowest)} at ` +
      `${unit} ${inWords(steps[values.indexOf(lowest)], 6)}.`,
  ];
  if (missing > 0) parts.push(`${counted(missing, "value is", "values are")} not finite.`);
  if (forecast && forecast.values.length > 0) {
    const end = forecast.values.length - 1;
    const interval =
      forecast.low && forecast.high
        ? `, between ${inWords(forecast.low[end])} and ${inWords(forecast.high[end])}`
        : "";
    parts.push(
      `Forecast ${inWords(forecast.values[end])} at ${unit} ${inWords(forecast.steps[end], 6)}${interval}.`,
    );
  }
  if (verdicts.length > 0)
    parts.push(
      `Verdicts: ${verdicts.map(({ step, decision }) => `${decision} from ${unit} ${inWords(step, 6)}`).join(", ")}.`,
    );
  return parts.join(" ");
}

/**
 * The mean of the `width` values around each, fewer and as many on either side near the ends; values
 * that are not there do not count, and where there is none there is no mean.
 */
export function movingMean(values: readonly (number | null)[], width: number): (number | null)[] {
  const half = (width - 1) / 2;
  const n = values.length;
  return values.map((value, i) => {
    if (value === null) return null;
    const reach = Math.min(half, i, n - 1 - i);
    let [sum, count] = [0, 0];
    for (let k = i - reach; k <= i + reach; k++) {
      const one = values[k];
      if (one !== null) [sum, count] = [sum + one, count + 1];
    }
    return sum / count;
  });
}
