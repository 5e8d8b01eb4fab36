import { spread } from "../../data/quantiles.ts";
import { type BandSeries, bandPlot } from "../../report/band.ts";
import { convergencePlot } from "../../report/convergence.ts";
import { dotPlot } from "../../report/dots.ts";
import { iterationHistogram } from "../../report/histogram.ts";
import { scatterPlot } from "../../report/scatter.ts";
import { spectrumPlot } from "../../report/spectrum.ts";
import type { DeqDetail, DeqReproduction } from "./measure.ts";

const nameOf = { default: "default init", normal: "N(0, 1) init" } as const;
/** Draws whose eigenvalues are drawn: more only hide each other. */
const shownDraws = 60;
/** Matrices of each kind in the monotonicity plot. */
const shownMatrices = 250;
/** Evaluations that the convergence plot shows. */
const shownEvaluations = 160;

/** Every figure of the reproduction, as SVG by the name of its file. */
export function deqFigures(
  { settings: { problems }, layers, solvers }: DeqReproduction,
  detail: DeqDetail,
): Readonly<Record<string, string>> {
  return {
    "layers.svg": bandPlot(
      layers.map(({ initialisation, rows }, i): BandSeries => {
        const at = detail.layers[i].errors.map(spread);
        return {
          name: nameOf[initialisation],
          x: at.map((_, L) => L),
          low: at.map(({ low }) => low),
          middle: at.map(({ middle }) => middle),
          high: at.map(({ high }) => high),
          points: rows.flatMap(({ layers: L, lecture }) => lecture.map((y) => ({ x: L, y }))),
        };
      }),
      {
        title: "Applying a layer again and again, against its equilibrium",
        subtitle: `median and 5–95 % band of ${layers.map(({ fromZero }) => fromZero.found).join(" and ")} draws with z* found from 0; rings: the lecture (float32)`,
        xLabel: "layers L",
        yLabel: "error ‖zᴸ − z*‖₂",
      },
    ),
    "eigenvalues.svg": spectrumPlot(
      layers.map(({ initialisation }, i) => {
        const { eigenvalues, layers: drawn } = detail.layers[i];
        const shown = shownDraws * drawn.width;
        return {
          name: nameOf[initialisation],
          re: eigenvalues.re.slice(0, shown),
          im: eigenvalues.im.slice(0, shown),
        };
      }),
      {
        title: "Eigenvalues of J(z*) at the equilibria",
        subtitle: "one outside the unit circle repels the layer iteration",
        width: 520,
      },
    ),
    "monotonicity.svg": scatterPlot(
      // N(0, 1) is far from the border on both counts.
      detail.monotone.slice(0, 2).map(({ name, x, y }) => ({
        name,
        x: x.slice(0, shownMatrices),
        y: y.slice(0, shownMatrices),
      })),
      {
        title: "What looks monotone, and what is",
        subtitle:
          "10 × 10 matrices W: in the lower right quadrant the eigenvalues of I − W mislead",
        xLabel: "min Re λ(I − W)",
        yLabel: "m = λmin(I − (W + Wᵀ)/2)",
      },
    ),
    "solvers.svg": dotPlot(
      solvers.flatMap(({ problems: row, solver, tolerance, evaluations, converged, count }) =>
        tolerance === "1e-8" && evaluations !== null
          ? [
              {
                row,
                series: solver,
                value: evaluations.middle,
                ...(converged < count && { remark: `${converged}/${count}` }),
              },
            ]
          : [],
      ),
      {
        title: "Median evaluations to a relative residual of 10⁻⁸",
        subtitle: `${problems} problems z = tanh(Wz + c) a row; a share where not all converged; Newton, auto: steps`,
        xLabel: "evaluations of f",
      },
    ),
    "convergence.svg": convergencePlot(
      detail.solvers.traces.map(({ name, residuals }) => ({
        name,
        residuals: residuals.map((trace) => trace.subarray(0, shownEvaluations)),
      })),
      {
        title: "Residual over evaluations, past ρ(W) = 1",
        subtitle: `${detail.solvers.traced}: median and 5–95 % band of ${problems} problems, each solved to 10⁻⁸ relative`,
        xLabel: "evaluations of f (of Newton: steps)",
        yLabel: "residual ‖f(z) − z‖₂",
      },
    ),
    "iterations.svg": iterationHistogram(detail.solvers.counts, {
      title: "Evaluations to a relative residual of 10⁻⁸",
      subtitle: detail.solvers.traced,
      xLabel: "evaluations of f (of Newton and auto: steps)",
    }),
  };
}
