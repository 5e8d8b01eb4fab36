import { below } from "../linalg/blocks.ts";
import { type ComplexNumbers, eigenvalues } from "../linalg/eigenvalues.ts";
import { type Matrix, matrix } from "../linalg/matrix.ts";
import { product } from "../linalg/provider.ts";
import { type RegressionOptions, regress } from "./regression.ts";
import { requireDelays, type Trajectories, windowsAt } from "./trajectories.ts";
import type { WindowMap } from "./window-map.ts";

/**
 * One step of the observables [g; 1] of delay coordinates and a constant: the newest state is regressed,
 * the older ones are moved by one place.
 */
export interface WithinOperator {
  readonly delays: number;
  readonly width: number;
  readonly steps: number; // from the window at h to the end
  readonly operator: Matrix; // [(h + 1) width + 1 square]
}

/**
 * Fits the step to pairs (g_t, s_{t+1}), t = h … N − 2, of one and the same trajectory. At h = N − 2 that is
 * one pair for each sample, and the map is the `terminalMap`.
 *
 * @throws UsageError  for h outside 0 … N − 2
 */
export function withinOperator(
  trajectories: Trajectories,
  delays: number,
  options: RegressionOptions = {},
): WithinOperator {
  const { snapshots, width } = trajectories;
  requireDelays(snapshots.length, delays);
  const times = Array.from({ length: snapshots.length - 1 - delays }, (_, k) => delays + k);
  const X = below(times.map((t) => windowsAt(trajectories, t, delays)));
  const Y = below(times.map((t) => snapshots[t + 1]));
  const { weights, constant } = regress(X, Y, options);
  const D = X.cols;
  const operator = matrix(D + 1, D + 1, (i, j) => {
    if (i === D) return Number(j === D);
    if (i >= width) return Number(j === i - width);
    return j === D ? constant[i] : weights.data[i * D + j];
  });
  return { delays, width, steps: times.length, operator };
}

/** Eigenvalues of the step, that of the constant (1) among them. */
export const withinEigenvalues = ({ operator }: WithinOperator): ComplexNumbers =>
  eigenvalues(operator);

/** All steps to the end as one map of the window at h. */
export function rolledOut(
  { delays, width, steps, operator }: WithinOperator,
  outputs: number,
): WindowMap {
  const D = operator.cols - 1;
  let rows = matrix(outputs, D + 1, (i, j) => Number(i === j));
  for (let k = 0; k < steps; k++) rows = product(rows, operator);
  return {
    delays,
    width,
    weights: matrix(outputs, D, (i, j) => rows.data[i * (D + 1) + j]),
    constant: Float64Array.from({ length: outputs }, (_, i) => rows.data[i * (D + 1) + D]),
  };
}
