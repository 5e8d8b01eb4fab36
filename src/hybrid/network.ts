import { ShapeError } from "../errors.ts";
import { type Matrix, transpose } from "../linalg/matrix.ts";
import { product } from "../linalg/provider.ts";
import type { Parameters } from "../models/model.ts";

/** h ↦ W h + b. */
export interface DenseLayer {
  readonly weights: Matrix; // W [outputs × inputs]
  readonly bias: Float64Array; // b [outputs]
}

/** A ReLU network as numbers: σ after every layer but the last. */
export interface Network {
  readonly layers: readonly DenseLayer[];
}

/** The network of the parameters of an `mlp`. @throws ShapeError  where there are none */
export function networkOf(parameters: Parameters): Network {
  const layers: DenseLayer[] = [];
  for (let i = 0; `layer${i}.weight` in parameters; i++) {
    const { shape, data } = parameters[`layer${i}.weight`];
    const weights = { rows: shape[0], cols: shape[1], data: Float64Array.from(data, Number) };
    layers.push({ weights, bias: Float64Array.from(parameters[`layer${i}.bias`].data, Number) });
  }
  if (layers.length === 0) throw new ShapeError("no layer0.weight among the parameters");
  return { layers };
}

export const parameterCount = ({ layers }: Network): number =>
  layers.reduce((sum, { weights, bias }) => sum + weights.data.length + bias.length, 0);

/** W x + b of every row [samples × inputs]. */
export function dense({ weights, bias }: DenseLayer, X: Matrix): Matrix {
  const Y = product(X, transpose(weights));
  for (let k = 0; k < Y.data.length; k++) Y.data[k] += bias[k % Y.cols];
  return Y;
}

/** max(0, W x + b) of every row. */
export function denseRelu(layer: DenseLayer, X: Matrix): Matrix {
  const Y = dense(layer, X);
  for (let k = 0; k < Y.data.length; k++) if (Y.data[k] < 0) Y.data[k] = 0;
  return Y;
}

/** What enters layer l (from 0) for inputs [samples × inputs] of the network. */
export const entering = ({ layers }: Network, l: number, X: Matrix): Matrix =>
  layers.slice(0, l).reduce((h, layer) => denseRelu(layer, h), X);

/** The logits from what leaves layer l, after its ReLU. */
export function leaving({ layers }: Network, l: number, Y: Matrix): Matrix {
  const last = layers.length - 1;
  let h = Y;
  for (let i = l + 1; i < last; i++) h = denseRelu(layers[i], h);
  return l === last ? h : dense(layers[last], h);
}

/** Logits of inputs [samples × inputs]. */
export const logitsOf = (network: Network, X: Matrix): Matrix => leaving(network, -1, X);

/** Share of rows whose largest entry is at the label; a row with NaN is wrong. */
export function accuracyOf({ rows, cols, data }: Matrix, labels: ArrayLike<bigint>): number {
  let right = 0;
  for (let i = 0; i < rows; i++) {
    let best = 0;
    for (let j = 1; j < cols; j++) if (data[i * cols + j] > data[i * cols + best]) best = j;
    if (BigInt(best) === labels[i] && !Number.isNaN(data[i * cols + best])) right++;
  }
  return right / rows;
}
