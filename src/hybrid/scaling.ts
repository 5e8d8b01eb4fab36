import type { Dataset } from "../data/dataset.ts";
import { randomStream } from "../data/random.ts";
import type { Value } from "../graph/node.ts";
import {
  abs,
  lessOrEqual,
  maximum,
  mul,
  relu,
  sign,
  sqrt,
  sub,
  where,
} from "../graph/ops/elementwise.ts";
import { affine } from "../graph/ops/linear.ts";
import { split } from "../graph/ops/movement.ts";
import { constant } from "../graph/value.ts";
import type { Matrix } from "../linalg/matrix.ts";
import { constantStart, heNormal } from "../models/initialise.ts";
import type { Model, Parameters } from "../models/model.ts";
import { type DenseLayer, denseRelu } from "./network.ts";
import { type Recipe, trained } from "./train.ts";

/** How the square layers start: He-normal, or I + G/(2√n) with standard normal G. Biases 0.01. */
export type ScalingStart = "he" | "near-identity";

/** How many square layers are inserted in the paper. */
const scalingLayers = 10;

/**
 * The layer-scaling block as a model to be trained: z₀ = x, z_j = ReLU(A_j z_{j−1} + c_j), j = 1 … K, and
 * ŷ = ReLU(W z_K + b) with the layer (W, b) frozen; A_j, c_j are trained so that ŷ is the layer's output y.
 * Features [x, y]; the output is the residual r with r² = 2 · Huber₁(ŷ − y), to be brought to zero, so that
 * the mean squared error of training is twice the Huber loss.
 */
export function scalingModel(layer: DenseLayer, start: ScalingStart, count = scalingLayers): Model {
  const { rows: outputs, cols: width, data } = layer.weights;
  return {
    kind: "layer-scaling",
    inputs: width + outputs,
    outputs,
    initialise: (seed) => {
      const parameters: Record<string, Parameters[string]> = {};
      for (let j = 0; j < count; j++) {
        const name = `layer${j}.weight`;
        parameters[name] = startOf(start, width, seed, name);
        parameters[`layer${j}.bias`] = constantStart([width], 0.01);
      }
      return parameters;
    },
    explicit: (parameters) => parameters,
    apply: (p, features) => {
      const [x, y] = split(features, 1, [width, outputs]);
      let z: Value = x;
      for (let j = 0; j < count; j++)
        z = relu(affine(z, p[`layer${j}.weight`], p[`layer${j}.bias`]));
      const W = constant(Array.from(data), "float32", [outputs, width]);
      const b = constant(Array.from(layer.bias), "float32", [outputs]);
      return huberResidual(sub(relu(affine(z, W, b)), y));
    },
  };
}

/** e for |e| ≤ 1, sign(e) √(2|e| − 1) beyond: its square is twice the Huber function of δ = 1. */
function huberResidual(e: Value): Value {
  const size = abs(e);
  const far = sqrt(maximum(sub(mul(size, 2), 1), 1)); // 1 and without slope where it is not taken
  return where(lessOrEqual(size, 1), e, mul(sign(e), far));
}

function startOf(start: ScalingStart, n: number, seed: number, name: string) {
  if (start === "he") return heNormal([n, n], n, seed, name);
  const random = randomStream(seed, "near-identity", name);
  const data = Float32Array.from(
    { length: n * n },
    (_, k) => Number(k % (n + 1) === 0) + (0.5 * random.normal()) / Math.sqrt(n),
  );
  return { dtype: "float32", shape: [n, n], data } as const;
}

/** What a block of `count` square layers starts from. */
export interface BlockStart {
  readonly seed: number;
  readonly start: ScalingStart;
  readonly count?: number;
}

/** Square layers in front of a layer, with their loss at the end of training. */
export interface ScalingBlock {
  readonly layers: readonly DenseLayer[];
  readonly start: ScalingStart;
  readonly loss: number; // mean Huber
}

/**
 * Trains the block.
 *
 * @param X  what enters the layer [samples × width]
 */
export async function trainScaling(
  layer: DenseLayer,
  X: Matrix,
  recipe: Recipe,
  { seed, start, count = scalingLayers }: BlockStart,
): Promise<ScalingBlock> {
  const model = scalingModel(layer, start, count);
  const Y = denseRelu(layer, X);
  const features = new Float32Array(X.rows * model.inputs);
  for (let i = 0; i < X.rows; i++) {
    features.set(X.data.subarray(i * X.cols, (i + 1) * X.cols), i * model.inputs);
    features.set(Y.data.subarray(i * Y.cols, (i + 1) * Y.cols), i * model.inputs + X.cols);
  }
  const data: Dataset = {
    name: "layer",
    features,
    count: X.rows,
    width: model.inputs,
    targets: { kind: "values", values: new Float32Array(X.rows * Y.cols), width: Y.cols },
  };
  const { parameters, loss } = await trained(model, data, recipe, { seed });
  return { layers: squareLayers(parameters, count), start, loss: loss / 2 };
}

/** The block as it starts: random features that nobody trained. */
export const untrainedScaling = (
  layer: DenseLayer,
  { seed, start, count = scalingLayers }: BlockStart,
): ScalingBlock => ({
  layers: squareLayers(scalingModel(layer, start, count).initialise(seed), count),
  start,
  loss: Number.NaN,
});

const squareLayers = (parameters: Parameters, count: number): DenseLayer[] =>
  Array.from({ length: count }, (_, j) => {
    const { shape, data } = parameters[`layer${j}.weight`];
    return {
      weights: { rows: shape[0], cols: shape[1], data: Float64Array.from(data, Number) },
      bias: Float64Array.from(parameters[`layer${j}.bias`].data, Number),
    };
  });
