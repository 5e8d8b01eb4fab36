import type { Experiment } from "../data/experiment/experiment.ts";
import { spectralRadius } from "../linalg/eigenvalues.ts";
import { type Matrix, multiply, subtract } from "../linalg/matrix.ts";
import { isStable, type StateSpace } from "../lti/state-space.ts";

/**
 * A linear model in innovation form:
 *
 *     x_{k+1} = A x_k + B u_k + K e_k,   y_k = C x_k + D u_k + e_k
 *
 * where e is what the past cannot tell of y. K = 0 says that all noise is on the outputs.
 */
export interface LinearModel {
  readonly method: "arx" | "subspace" | "prediction-error";
  readonly system: StateSpace;
  readonly K: Matrix; // [n × l]; A − KC is stable
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly warnings: readonly string[];
}

/** ρ(A − KC) < 1: whether predictions forget where they began. */
export const predictorIsStable = ({ A, C }: StateSpace, K: Matrix): boolean =>
  isStable({ A: subtract(A, multiply(K, C)) } as StateSpace);

/** The radius of the poles, and of those of the predictor. */
export const radii = ({ system: { A, C }, K }: LinearModel) => ({
  poles: spectralRadius(A),
  predictor: spectralRadius(subtract(A, multiply(K, C))),
});

/** Root mean squares of the signals, by which fits divide so that units do not matter. */
export interface Units {
  readonly u: Float64Array;
  readonly y: Float64Array;
}

export function unitsOf(experiments: readonly Experiment[]): Units {
  const [{ inputs, outputs }] = experiments;
  const rms = (of: "u" | "y", width: number) =>
    Float64Array.from({ length: width }, (_, j) => {
      let [sum, count] = [0, 0];
      for (const experiment of experiments) {
        const values = experiment[of];
        for (let k = j; k < values.length; k += width) sum += values[k] ** 2;
        count += experiment.count;
      }
      return Math.sqrt(sum / count) || 1;
    });
  return { u: rms("u", inputs.length), y: rms("y", outputs.length) };
}

/** The experiments in these units. */
export const inUnits = (experiments: readonly Experiment[], units: Units): Experiment[] =>
  experiments.map((experiment) => ({
    ...experiment,
    u: experiment.u.map((v, k) => v / units.u[k % units.u.length]),
    y: experiment.y.map((v, k) => v / units.y[k % units.y.length]),
  }));

/** A model of scaled signals as one of the signals, and back by `invert`. */
export function fromUnits(
  { A, B, C, D, dt }: StateSpace,
  K: Matrix,
  { u, y }: Units,
  invert = false,
): { system: StateSpace; K: Matrix } {
  const power = invert ? -1 : 1;
  const scaled = (M: Matrix, row: Float64Array | null, col: Float64Array | null): Matrix => ({
    ...M,
    data: M.data.map((v, k) => {
      const [i, j] = [Math.floor(k / M.cols), k % M.cols];
      return (v * (row === null ? 1 : row[i] ** power)) / (col === null ? 1 : col[j] ** power);
    }),
  });
  return {
    system: { A, B: scaled(B, null, u), C: scaled(C, y, null), D: scaled(D, y, u), dt },
    K: scaled(K, null, y),
  };
}
