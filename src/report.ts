/** eigenflow/report: figures as SVG text, pure functions of data. */
export { type BandOptions, type BandSeries, bandPlot } from "./report/band.ts";
export {
  type BoundaryOptions,
  type ClassPoint,
  decisionBoundary,
  gridPoints,
  type ProbabilityGrid,
} from "./report/boundary.ts";
export { convergencePlot, type Traces } from "./report/convergence.ts";
export { type Dot, dotPlot } from "./report/dots.ts";
export { type Counts, iterationHistogram } from "./report/histogram.ts";
export { median, quantile, type Spread, spread } from "./report/quantiles.ts";
export { type ScatterSeries, scatterPlot } from "./report/scatter.ts";
export { type SpectrumSeries, spectrumPlot } from "./report/spectrum.ts";
export type { Frame } from "./report/svg.ts";
