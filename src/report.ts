/** eigenflow/report: figures as data, drawn as SVG and PNG, and reports as one HTML file. */

export { median, quantile, type Spread, spread } from "./data/quantiles.ts";
export { type AnalysisReportOptions, analysisReport } from "./report/analysis-report.ts";
export { type BandOptions, type BandSeries, bandPlot } from "./report/band.ts";
export {
  type BoundaryOptions,
  type ClassPoint,
  decisionBoundary,
  gridPoints,
  type ProbabilityGrid,
} from "./report/boundary.ts";
export {
  type Eigenvalue,
  type EigenvalueInput,
  eigenvalueFigure,
  residualFigure,
  type WindowInput,
  windowsFigure,
} from "./report/builders/eigenvalues.ts";
export { type ForecastCurve, type LossFigureInput, lossFigure } from "./report/builders/loss.ts";
export {
  type Exponential,
  modesFigure,
  type Slide,
  slidingFigure,
} from "./report/builders/modes.ts";
export { type SeriesLine, seriesFigure, singularValuesFigure } from "./report/builders/series.ts";
export type {
  ReportContent,
  ReportSection,
  ReportTable,
  ReportVerdict,
  Reproduction,
} from "./report/content.ts";
export { convergencePlot, type Traces } from "./report/convergence.ts";
export { type Dot, dotPlot } from "./report/dots.ts";
export { toCsv } from "./report/figure/to-csv.ts";
export { toPng } from "./report/figure/to-png.ts";
export { type SvgOptions, toSvg } from "./report/figure/to-svg.ts";
export {
  type CellsMark,
  type Dash,
  type Figure,
  type FigureAxis,
  type Mark,
  type Marker,
  type Panel,
  parseFigure,
  type Role,
} from "./report/figure.ts";
export { type Counts, iterationHistogram } from "./report/histogram.ts";
export { type IdentificationRun, identificationReport } from "./report/identification-report.ts";
export { reportMarkdown } from "./report/markdown.ts";
export { reportPage } from "./report/page.ts";
export { type EpochMetrics, runReport, type TrainedRun } from "./report/run-report.ts";
export { type ScatterSeries, scatterPlot } from "./report/scatter.ts";
export { type SpectrumSeries, spectrumPlot } from "./report/spectrum.ts";
export type { Frame } from "./report/svg.ts";
export { type WrittenReport, writeReport } from "./report/write-report.ts";
