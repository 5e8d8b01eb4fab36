import { type Experiment, requireAlike, valuesOf } from "../data/experiment/experiment.ts";
import { refuseUnknown } from "../errors/suggest.ts";
import { DataError, UsageError } from "../errors.ts";
import { estimateInitialState, type Predictor, predictOutputs } from "./predictor.ts";
import { pValueInWords, type ResidualTests, residualTests } from "./residuals.ts";

export interface ValidationOptions {
  /** Horizons to judge at; ["simulate", 1] when left out. */
  readonly horizons?: readonly (number | "simulate")[];
  /**
   * The initial state: "estimate" from the data that are judged, "zero", or a number of samples to
   * run the model from zero before it is judged.
   */
  readonly initial?: "estimate" | "zero" | number;
  readonly lags?: number; // of the residual tests; 20 when left out
  readonly level?: number; // 0.99 when left out
}

/** How one output of one experiment was met. */
export interface OutputFit {
  readonly experiment: string;
  readonly output: string;
  readonly rmse: number; // in units of the output
  readonly nrmse: number; // ‖y − ŷ‖/‖y − mean y‖
  readonly fit: number; // %, 100 (1 − nrmse); −∞ where the model leaves the finite numbers
}

export interface HorizonFit {
  readonly horizon: number | "simulate";
  readonly fits: readonly OutputFit[];
  readonly fit: number; // %, of all experiments and outputs: 100 (1 − root mean square of nrmse)
  readonly predicted: readonly Float64Array[]; // ŷ [count × l] of each experiment, warm-up included
}

export interface Validation {
  readonly model: string;
  readonly initial: "estimate" | "zero" | number;
  readonly horizons: readonly HorizonFit[];
  /** Of the error one step ahead; of the simulation error for a model without an observer. */
  readonly residuals: ResidualTests;
  /** Whether white residuals may be asked of the model: it has an observer. */
  readonly noiseModel: boolean;
}

const known = ["horizons", "initial", "lags", "level"];

/**
 * How well a model meets data, which should not be those it was fitted to: fit by simulation and k
 * steps ahead, and tests of what it leaves.
 *
 * @throws UsageError  for an option out of range, or data of other signals or sample time
 * @throws DataError  for a warm-up that leaves fewer than 10 samples, or a constant output
 */
export function validate(
  model: Predictor,
  experiments: readonly Experiment[],
  options: ValidationOptions = {},
): Validation {
  refuseUnknown("validate", options, known);
  requireAlike(experiments);
  const { horizons = ["simulate", 1], initial = "estimate", lags, level } = options;
  const [{ inputs, outputs, sampleTime }] = experiments;
  if (model.inputs.length !== inputs.length || model.outputs.length !== outputs.length)
    throw new UsageError(
      `"${model.name}" has ${model.inputs.length} inputs and ${model.outputs.length} outputs, ` +
        `the data have ${inputs.length} and ${outputs.length}`,
    );
  if (Math.abs(model.sampleTime / sampleTime - 1) > 1e-6)
    throw new UsageError(
      `"${model.name}" steps by ${Number(model.sampleTime.toPrecision(6))} s, the data are sampled every ${Number(sampleTime.toPrecision(6))} s`,
      "bring the data to the sample time of the model by resample()",
    );
  const warmUp = typeof initial === "number" ? initial : 0;
  if (!(Number.isInteger(warmUp) && warmUp >= 0))
    throw new UsageError(`validate: a warm-up of ${warmUp}; wanted a whole number of samples`);
  const short = experiments.find(({ count }) => count - warmUp < 10);
  if (short !== undefined)
    throw new DataError(
      `${short.name}: a warm-up of ${warmUp} samples leaves ${short.count - warmUp} of ${short.count}; wanted 10`,
    );
  const start = (experiment: Experiment, horizon: number | "simulate") =>
    initial === "estimate"
      ? estimateInitialState(model, experiment, horizon)
      : new Float64Array(model.states);
  const run = (horizon: number | "simulate") =>
    experiments.map((experiment) =>
      predictOutputs(model, experiment, start(experiment, horizon), horizon),
    );
  const judge = (horizon: number | "simulate"): HorizonFit => {
    const predicted = run(horizon);
    const fits = experiments.flatMap((experiment, which) =>
      outputs.map((_, j) => fitOf(experiment, predicted[which], j, warmUp)),
    );
    const mean = fits.reduce((sum, { nrmse }) => sum + nrmse ** 2, 0) / fits.length;
    return { horizon, fits, fit: 100 * (1 - Math.sqrt(mean)), predicted };
  };
  const judged = horizons.map(judge);
  const oneStep = judged.find(({ horizon }) => horizon === 1)?.predicted ?? run(1);
  const [m, l] = [inputs.length, outputs.length];
  const left = experiments.map(({ u, y }, which) => ({
    e: y.map((v, k) => v - oneStep[which][k]).slice(warmUp * l),
    u: u.slice(warmUp * m),
  }));
  // Also their squares, summed: correlations are made of those.
  const finite = left.every(({ e }) => e.every((v) => Number.isFinite(v ** 2 * e.length)));
  const residuals = finite ? left : left.map(({ e, u }) => ({ e: e.fill(0), u }));
  const tests = residualTests(residuals, inputs, outputs, {
    ...(lags === undefined ? {} : { lags }),
    ...(level === undefined ? {} : { level }),
  });
  return {
    model: model.name,
    initial,
    horizons: judged,
    residuals: finite ? tests : { ...tests, white: false, independent: false },
    noiseModel: model.observe !== undefined,
  };
}

function fitOf(
  { name, outputs, y }: Experiment,
  predicted: Float64Array,
  j: number,
  warmUp: number,
): OutputFit {
  const l = outputs.length;
  const [measured, guessed] = [y, predicted].map((v) => valuesOf(v, l, j).subarray(warmUp));
  const mean = measured.reduce((sum, v) => sum + v, 0) / measured.length;
  const square = (of: (t: number) => number) => {
    let sum = 0;
    for (let t = 0; t < measured.length; t++) sum += of(t) ** 2;
    return sum;
  };
  const spread = square((t) => measured[t] - mean);
  if (spread === 0)
    throw new DataError(`${name}: output "${outputs[j]}" is constant where it is judged`, {
      hint: "judge on data in which it moves",
    });
  const error = square((t) => measured[t] - guessed[t]);
  const nrmse = Number.isFinite(error) ? Math.sqrt(error / spread) : Infinity;
  return {
    experiment: name,
    output: outputs[j],
    rmse: Number.isFinite(error) ? Math.sqrt(error / measured.length) : Infinity,
    nrmse,
    fit: 100 * (1 - nrmse),
  };
}

/** The validation as lines of text for a terminal. */
export function formatValidation({
  model,
  initial,
  horizons,
  residuals,
  noiseModel,
}: Validation): string {
  const start = typeof initial === "number" ? `after ${initial} samples from zero` : initial;
  const number = (x: number) => (Number.isFinite(x) ? x.toFixed(1) : String(x));
  const rows = horizons.flatMap(({ horizon, fits, fit }) => {
    const what =
      horizon === "simulate" ? "simulation" : `${horizon} step${horizon > 1 ? "s" : ""} ahead`;
    return [
      `  ${what.padEnd(16)}fit ${number(fit)} %`,
      ...(fits.length > 1
        ? fits.map(
            ({ experiment, output, fit, rmse }) =>
              `    ${output} of ${experiment}: ${number(fit)} %, root mean square error ${rmse.toPrecision(3)}`,
          )
        : []),
    ];
  });
  const percent = `${Number((100 * residuals.level).toPrecision(6))} %`;
  const list = (failed: readonly { of: string; pValue: number }[]) =>
    failed.map(({ of, pValue }) => `${of} (${pValueInWords(pValue)})`).join(", ");
  const notWhite = residuals.whiteness.filter(({ passed }) => !passed);
  const dependent = residuals.crossCorrelation.filter(({ passed }) => !passed);
  if (horizons.some(({ fit }) => !Number.isFinite(fit)))
    rows.push("  the model leaves the finite numbers on these data: it is unstable");
  return [
    `${model}   initial state: ${start}`,
    ...rows,
    residuals.white
      ? `  residuals are white at ${percent}`
      : `  residuals are not white at ${percent}: ${list(notWhite)}${noiseModel ? "" : "; the model has no noise model"}`,
    residuals.independent
      ? `  residuals are independent of past inputs at ${percent}`
      : `  residuals depend on past inputs at ${percent}: ${list(dependent)}; more states, a longer delay or a model of another shape may take up what is left`,
  ].join("\n");
}
