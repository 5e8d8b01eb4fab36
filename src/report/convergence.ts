import { spread } from "../data/quantiles.ts";
import { DataError } from "../errors.ts";
import { type BandOptions, bandPlot } from "./band.ts";

/** What one solver did on several problems: the residual before each iteration. */
export interface Traces {
  readonly name: string;
  readonly residuals: readonly ArrayLike<number>[];
}

/**
 * Residual over iterations, per solver the median and the 5–95 % band over its problems. A problem
 * that ended counts on with its last residual, one that left the finite numbers as infinite.
 *
 * @throws DataError  for no solver, or one without residuals
 */
export function convergencePlot(
  solvers: readonly Traces[],
  options: Partial<BandOptions> & Pick<BandOptions, "title">,
): string {
  const series = solvers.map(({ name, residuals }) => {
    const length = Math.max(0, ...residuals.map((trace) => trace.length));
    if (length === 0 || residuals.some((trace) => trace.length === 0)) {
      throw new DataError(`convergencePlot: "${name}" has a problem without residuals`);
    }
    const x = Array.from({ length }, (_, k) => k);
    const at = x.map((k) => spread(residuals.map((trace) => trace[Math.min(k, trace.length - 1)])));
    return {
      name,
      x,
      low: at.map(({ low }) => low),
      middle: at.map(({ middle }) => middle),
      high: at.map(({ high }) => high),
    };
  });
  return bandPlot(series, {
    subtitle: "median and 5–95 % band",
    xLabel: "evaluations of f",
    yLabel: "relative residual ‖f(z) − z‖ / ‖f(z)‖",
    ...options,
  });
}
