import { ShapeError, UsageError } from "../errors.ts";
import type { Matrix } from "../linalg/matrix.ts";
import { type DenseLayer, denseRelu } from "./network.ts";

/**
 * The states of a layer along its scaling block: snapshots[k] [samples × width] is z_k, and the last one is
 * the layer's output, filled up to the width with −1. N = block + 2 of them.
 */
export interface Trajectories {
  readonly snapshots: readonly Matrix[];
  readonly samples: number;
  readonly width: number;
  readonly outputs: number; // of the layer: the entries of the last snapshot that are no padding
}

/** Trajectories of inputs of the layer [samples × width], after their ReLU. */
export function trajectoriesOf(
  layer: DenseLayer,
  block: readonly DenseLayer[],
  X: Matrix,
): Trajectories {
  const snapshots = [X];
  for (const one of block) snapshots.push(denseRelu(one, snapshots[snapshots.length - 1]));
  const y = denseRelu(layer, snapshots[snapshots.length - 1]);
  if (y.cols > X.cols)
    throw new ShapeError(
      `a layer of ${X.cols} inputs and ${y.cols} outputs: none wider than its input`,
    );
  const data = new Float64Array(X.rows * X.cols).fill(-1);
  for (let i = 0; i < X.rows; i++)
    data.set(y.data.subarray(i * y.cols, (i + 1) * y.cols), i * X.cols);
  snapshots.push({ rows: X.rows, cols: X.cols, data });
  return { snapshots, samples: X.rows, width: X.cols, outputs: y.cols };
}

/** The first so many trajectories. @throws UsageError  for more than there are, or none */
export function firstOf(trajectories: Trajectories, count: number): Trajectories {
  const { samples, width, snapshots } = trajectories;
  if (!(Number.isInteger(count) && count > 0 && count <= samples))
    throw new UsageError(`${count} of ${samples} trajectories`);
  const cut = ({ data }: Matrix) => ({
    rows: count,
    cols: width,
    data: data.subarray(0, count * width),
  });
  return { ...trajectories, samples: count, snapshots: snapshots.map(cut) };
}

/** [s_t; s_{t−1}; …; s_{t−h}] of every sample, newest first: [samples × (h + 1) width]. */
export function windowsAt(
  { snapshots, samples, width }: Trajectories,
  t: number,
  h: number,
): Matrix {
  const cols = (h + 1) * width;
  const data = new Float64Array(samples * cols);
  for (let d = 0; d <= h; d++) {
    const from = snapshots[t - d].data;
    for (let i = 0; i < samples; i++)
      data.set(from.subarray(i * width, (i + 1) * width), i * cols + d * width);
  }
  return { rows: samples, cols, data };
}

/**
 * All trajectories as one series, sample after sample [N · samples × width]: what the paper's code fits its
 * operator to. Of its steps one in N leads from the end of a sample to the start of the next.
 */
export function gluedSeries({ snapshots, samples, width }: Trajectories): Matrix {
  const N = snapshots.length;
  const data = new Float64Array(samples * N * width);
  snapshots.forEach((snapshot, t) => {
    for (let i = 0; i < samples; i++)
      data.set(snapshot.data.subarray(i * width, (i + 1) * width), (i * N + t) * width);
  });
  return { rows: samples * N, cols: width, data };
}

/** @throws UsageError  for h that leaves no step: 0 … N − 2 */
export function requireDelays(snapshots: number, h: number): void {
  if (!(Number.isInteger(h) && h >= 0 && h <= snapshots - 2))
    throw new UsageError(
      `${h} delays of trajectories of ${snapshots} snapshots`,
      `a whole number from 0 to ${snapshots - 2}`,
    );
}
