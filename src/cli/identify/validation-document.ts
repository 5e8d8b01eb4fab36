import { type Correlation, pValueInWords } from "../../identification/residuals.ts";
import type { Validation } from "../../identification/validate.ts";
import { short } from "../output/numbers.ts";

/** A validation as plain JSON, without the predictions. */
export function validationDocument({ horizons, residuals, noiseModel }: Validation) {
  const correlations = (all: readonly Correlation[]) =>
    all.map(({ of, lags, values, bound, outside, pValue, passed }) => ({
      of,
      lags: Array.from(lags),
      values: Array.from(values),
      bound,
      outside,
      pValue,
      passed,
    }));
  return {
    fits: horizons.map(({ horizon, fit, fits }) => ({ horizon, fit, outputs: fits })),
    noiseModel,
    residuals: {
      level: residuals.level,
      white: residuals.white,
      independent: residuals.independent,
      whiteness: correlations(residuals.whiteness),
      crossCorrelation: correlations(residuals.crossCorrelation),
    },
  };
}

/** The residual tests of a model in two lines, with their bounds. */
export function residualLines({ residuals }: Validation): string[] {
  const of = (all: readonly Correlation[]) =>
    all
      .map(({ of, outside, lags, bound, pValue }) => {
        const tested = lags.filter((lag) => lag >= 0).length;
        return `${of} ${outside} of ${tested} lags beyond ±${short(bound, 3)}, ${pValueInWords(pValue)}`;
      })
      .join("; ");
  const { white, independent, whiteness, crossCorrelation } = residuals;
  return [
    `white                 ${(white ? "yes" : "no").padEnd(4)} ${of(whiteness)}`,
    `independent of inputs ${(independent ? "yes" : "no").padEnd(4)} ${of(crossCorrelation)}`,
  ];
}
