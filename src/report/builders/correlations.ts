import {
  type Correlation,
  pValueInWords,
  type ResidualTests,
} from "../../identification/residuals.ts";
import type { Figure, Panel } from "../figure.ts";
import { mostPanels } from "./experiment.ts";
import { inWords } from "./words.ts";

/** Correlations of what a model leaves, with itself and with the inputs, between their bounds. */
export function correlationsFigure(tests: ResidualTests, model: string, name: string): Figure {
  const { whiteness, crossCorrelation, level } = tests;
  const all = [...whiteness, ...crossCorrelation];
  const shown = all.slice(0, mostPanels);
  const says = ({ of, outside, bound, pValue, passed }: Correlation, own: boolean) =>
    `${own ? `Autocorrelation of ${of}` : `Correlation with the input, ${of}`}: ${outside} of the tested lags beyond ` +
    `±${inWords(bound)}, ${pValueInWords(pValue)}, ${passed ? "passed" : "not passed"}.`;
  return {
    schema: "eigenflow/figure@1",
    name,
    title: `Residuals of ${model}`,
    caption:
      `Correlation of what ${model} leaves on the data held out, with itself and with the inputs before. Between the lines ` +
      `each stays at ${inWords(100 * level, 4)} % where there is none; at negative lags a correlation shows feedback ` +
      "in the experiment, and is not tested. The test is of all lags together, and counts lags that move together, as those of a " +
      "slow input do, once: it may pass with several lags beyond the lines, and fail with few." +
      (all.length > shown.length
        ? ` ${all.length - shown.length} further pairs not shown; the tests below have them.`
        : ""),
    alt: shown.map((one, i) => says(one, i < whiteness.length)).join(" "),
    size: "page",
    columns: shown.length === 1 ? 1 : 2,
    panels: shown.map((one, i) => panelOf(one, i < whiteness.length)),
  };
}

function panelOf({ of, lags, values, bound }: Correlation, own: boolean): Panel {
  const largest = Math.max(1.3 * bound, ...values.map((value) => 1.05 * Math.abs(value)));
  const rule = (y: number) => ({ type: "rule", role: "alarm", dash: "dashed", y }) as const;
  return {
    title: own ? `autocorrelation, ${of}` : of,
    // Half a bar beyond the ends, and room.
    x: { label: "lag, samples", scale: "linear", domain: [lags[0] - 1, lags[lags.length - 1] + 1] },
    y: { label: "correlation", scale: "linear", domain: [-largest, largest] },
    marks: [
      { type: "bars", role: 0, x: Array.from(lags), y: Array.from(values) },
      { type: "rule", role: "faint", dash: "solid", y: 0 },
      rule(bound),
      rule(-bound),
      ...(own ? [] : [{ type: "rule", role: "faint", dash: "dotted", x: 0 } as const]),
    ],
  };
}
