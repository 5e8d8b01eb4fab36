import type { Experiment } from "../data/experiment/experiment.ts";
import { ShapeError, UsageError } from "../errors.ts";
import { leastSquares } from "../linalg/least-squares.ts";
import { matrix } from "../linalg/matrix.ts";
import { accumulate, type Response, simulate } from "../lti/state-space.ts";
import type { LinearModel } from "./model.ts";

/** What a model, linear or not, must be able to do to be validated. */
export interface Predictor {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly sampleTime: number; // s
  readonly states: number;
  /** Outputs [count × l] to inputs [count × m] from x0, and the state behind the last. */
  readonly simulate: (u: Float64Array, x0: Float64Array) => Response;
  /**
   * States [count × n] as estimated before each sample from all the outputs before it. Without it the
   * model has no noise, and predicts as it simulates.
   */
  readonly observe?: (u: Float64Array, y: Float64Array, x0: Float64Array) => Float64Array;
}

/** A linear model as a predictor; with an observer where its K is not zero. */
export function linearPredictor(model: LinearModel, name: string = model.method): Predictor {
  const { system, K, inputs, outputs } = model;
  const { A, B, C, D, dt } = system;
  const [n, m, l] = [A.rows, B.cols, C.rows];
  const observe = (u: Float64Array, y: Float64Array, x0: Float64Array) => {
    const count = u.length / m;
    const states = new Float64Array(count * n);
    let x = x0;
    for (let t = 0; t < count; t++) {
      states.set(x, t * n);
      const held = u.subarray(t * m, (t + 1) * m);
      const seen = new Float64Array(l);
      accumulate(C, x, seen);
      accumulate(D, held, seen);
      const next = new Float64Array(n);
      accumulate(A, x, next);
      accumulate(B, held, next);
      accumulate(
        K,
        seen.map((value, j) => y[t * l + j] - value),
        next,
      );
      x = next;
    }
    return states;
  };
  const base = { name, inputs, outputs, sampleTime: dt, states: n };
  const free = (u: Float64Array, x0: Float64Array) => simulate(system, u, x0);
  return K.data.some((k) => k !== 0)
    ? { ...base, simulate: free, observe }
    : { ...base, simulate: free };
}

/**
 * ŷ [count × l] of each sample from the outputs up to k samples before it, and the inputs up to it;
 * "simulate": from the initial state and the inputs alone. The first k samples are simulated.
 *
 * @throws UsageError  for a horizon that is no whole number from 1
 */
export function predictOutputs(
  model: Predictor,
  { u, y, count }: Experiment,
  x0: Float64Array,
  horizon: number | "simulate",
): Float64Array {
  if (horizon !== "simulate" && !(Number.isInteger(horizon) && horizon >= 1))
    throw new UsageError(`a horizon of ${horizon}; wanted "simulate" or a whole number from 1`);
  const free = model.simulate(u, x0).y;
  if (horizon === "simulate" || model.observe === undefined) return free;
  const [n, m, l] = [model.states, model.inputs.length, model.outputs.length];
  const states = model.observe(u, y, x0);
  for (let t = horizon - 1; t < count; t++) {
    const from = t - horizon + 1;
    const x = states.slice(from * n, (from + 1) * n);
    const ahead = model.simulate(u.subarray(from * m, (t + 1) * m), x).y;
    free.set(ahead.subarray((horizon - 1) * l), t * l);
  }
  return free;
}

/**
 * The x₀ that minimises Σ ‖y − ŷ‖² by Gauss and Newton's method with central differences, which is
 * exact in one step for a linear model. Starts at zero.
 *
 * @param tolerance  the last step over 1 + ‖x₀‖
 * @throws ShapeError  for an experiment with other numbers of signals
 */
export function estimateInitialState(
  model: Predictor,
  experiment: Experiment,
  horizon: number | "simulate",
  tolerance = 1e-9,
): Float64Array {
  const { inputs, outputs, y } = experiment;
  if (inputs.length !== model.inputs.length || outputs.length !== model.outputs.length)
    throw new ShapeError(
      `${experiment.name}: ${inputs.length} inputs and ${outputs.length} outputs, ` +
        `"${model.name}" has ${model.inputs.length} and ${model.outputs.length}`,
    );
  const ahead = horizon === "simulate" ? horizon : 1;
  const errors = (x: Float64Array) =>
    predictOutputs(model, experiment, x, ahead).map((v, k) => y[k] - v);
  const square = (e: Float64Array) => e.reduce((sum, v) => sum + v * v, 0);
  let x: Float64Array = new Float64Array(model.states);
  let e = errors(x);
  for (let k = 0; k < 20; k++) {
    const J = Array.from(x, (value, i) => {
      const h = 1e-4 * (1 + Math.abs(value));
      const shifted = (by: number) => errors(x.map((v, j) => (j === i ? v + by : v)));
      const [a, b] = [shifted(h), shifted(-h)];
      return a.map((v, t) => (b[t] - v) / (2 * h));
    });
    if (!J.every((column) => column.every(Number.isFinite)) || !e.every(Number.isFinite)) return x;
    const step = leastSquaresStep(J, e);
    let better: Float64Array | null = null;
    for (let share = 1; share > 1e-3 && better === null; share /= 2) {
      const candidate = x.map((v, i) => v + share * step[i]);
      const next = errors(candidate);
      if (square(next) < square(e)) [better, e] = [candidate, next];
    }
    if (better === null) return x;
    const moved = Math.hypot(...better.map((v, i) => v - x[i]));
    x = better;
    if (moved <= tolerance * (1 + Math.hypot(...x))) return x;
  }
  return x;
}

function leastSquaresStep(J: readonly Float64Array[], r: Float64Array): Float64Array {
  const A = matrix(r.length, J.length, (t, i) => J[i][t]);
  return leastSquares(A, { rows: r.length, cols: 1, data: r }, 1e-10).X.data;
}
