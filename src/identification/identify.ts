import { type Experiment, requireAlike } from "../data/experiment/experiment.ts";
import { applyScaling, fitScaling, type SignalScaling } from "../data/experiment/prepare.ts";
import { counted } from "../data/run/run.ts";
import { refuseUnknown } from "../errors/suggest.ts";
import { UsageError } from "../errors.ts";
import { matrix } from "../linalg/matrix.ts";
import { type LinearModel, predictorIsStable } from "./model.ts";
import { type PredictionErrorFit, predictionError } from "./prediction-error.ts";
import { linearPredictor, type Predictor } from "./predictor.ts";
import { type OrderTried, subspace } from "./subspace.ts";

export interface IdentifyOptions {
  readonly order?: number | "auto"; // "auto" when left out
  readonly maxOrder?: number; // that "auto" tries; 10 when left out
  readonly direct?: boolean; // whether an input acts on the output of the same sample
  readonly stable?: boolean; // a stable model, whatever the data say
  /** What the poles of a stable model lie within; 1 when left out. */
  readonly radius?: number;
  /** By which error to refine the subspace model; "none" leaves it. "prediction" when left out. */
  readonly refine?: "prediction" | "simulation" | "none";
}

/** A linear model and the operating point that it holds around. */
export interface Identified {
  readonly model: LinearModel; // of the deviations from the operating point
  readonly operatingPoint: SignalScaling; // means of the inputs, and where these lead; scales of 1
  readonly order: number;
  readonly singularValues: Float64Array;
  readonly tried: readonly OrderTried[];
  readonly refinement: Pick<PredictionErrorFit, "status" | "costs"> | null;
}

const known = ["order", "maxOrder", "direct", "stable", "radius", "refine"];

/**
 * A linear model around an operating point: a subspace model, its order chosen by the data
 * unless given, refined by its prediction error.
 *
 * @throws UsageError, DataError  as `subspace` and `predictionError`
 */
export function identifyLinear(
  experiments: readonly Experiment[],
  options: IdentifyOptions = {},
): Identified {
  refuseUnknown("identifyLinear", options, known);
  requireAlike(experiments);
  const { refine = "prediction", stable = false, radius = 1, ...rest } = options;
  if (!(radius > 0 && radius <= 1))
    throw new UsageError(`identifyLinear: radius ${radius}; wanted above 0 and up to 1`);
  if (!["prediction", "simulation", "none"].includes(refine))
    throw new UsageError(
      `identifyLinear: refine "${refine}" is none of prediction, simulation and none`,
    );
  const { inputs, outputs } = fitScaling(experiments);
  const ones = (of: SignalScaling["inputs"]) => ({ ...of, scale: of.scale.map(() => 1) });
  const means = { inputs: ones(inputs), outputs: ones(outputs) };
  const about = (point: SignalScaling) => experiments.map((data) => applyScaling(data, point));
  // The mean of an output is not what the mean of the inputs would lead to, but for transients and
  // noise; left in, the difference would pass for a state of its own.
  const first = subspace(about(means), { ...rest, stable, radius, noise: false, offset: true });
  const offset = means.outputs.offset.map((mean, j) => mean + first.offset[j]);
  const operatingPoint = { ...means, outputs: { ...means.outputs, offset } };
  const deviations = about(operatingPoint);
  const start = subspace(deviations, {
    ...rest,
    order: first.order,
    stable,
    radius,
    noise: refine !== "simulation",
  });
  const { order, singularValues, tried } = first;
  const found = { operatingPoint, order, singularValues, tried };
  if (refine === "none") return { ...found, model: start.model, refinement: null };
  const { system, K, warnings } = start.model;
  const free = refine === "simulation" ? matrix(K.rows, K.cols, () => 0) : K;
  if (!predictorIsStable(system, free)) {
    const why = "not refined: the errors of an unstable predictor have no bound";
    return {
      ...found,
      model: { ...start.model, warnings: [...warnings, why] },
      refinement: null,
    };
  }
  const direct = rest.direct ?? false;
  const { model, status, costs } = predictionError(deviations, start.model, {
    focus: refine,
    stable,
    radius,
    direct,
  });
  return { ...found, model, refinement: { status, costs } };
}

/** The model around its operating point, in the units of the data. */
export function identifiedPredictor(
  { model, operatingPoint }: Identified,
  name = `linear, ${counted(model.system.A.rows, "state")}`,
): Predictor {
  const inner = linearPredictor(model, name);
  const { inputs, outputs } = operatingPoint;
  const shifted = (v: Float64Array, { offset }: SignalScaling["inputs"], sign: 1 | -1) =>
    v.map((x, k) => x + sign * offset[k % offset.length]);
  const { observe } = inner;
  return {
    ...inner,
    simulate(u, x0) {
      const { y, x } = inner.simulate(shifted(u, inputs, -1), x0);
      return { y: shifted(y, outputs, 1), x };
    },
    ...(observe === undefined
      ? {}
      : {
          observe: (u: Float64Array, y: Float64Array, x0: Float64Array) =>
            observe(shifted(u, inputs, -1), shifted(y, outputs, -1), x0),
        }),
  };
}
