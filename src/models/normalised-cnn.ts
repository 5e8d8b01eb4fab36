import { refuseUnknown } from "../errors/suggest.ts";
import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { relu } from "../graph/ops/elementwise.ts";
import { affine } from "../graph/ops/linear.ts";
import { reshape } from "../graph/ops/movement.ts";
import { conv, maxPool } from "../graph/ops/window.ts";
import { layerStart } from "./initialise.ts";
import {
  batchNorm,
  batchNormParameters,
  batchNormSettled,
  foldedBatchNorm,
} from "./layers/batch-norm.ts";
import type { Model, Parameters } from "./model.ts";

export interface NormalisedCnnOptions {
  /** Channels, height and width of the images; both sides divisible by 4. */
  readonly image: readonly [number, number, number];
  /** Of every convolution. */
  readonly channels: number;
  readonly outputs: number;
}

const layers = [0, 1, 2, 3];
const normOf = (i: number) => `norm${i}`;

/**
 * Four 3×3 convolutions with batch normalisation and ReLU, a 2×2 max-pool after each second one,
 * then one dense layer: features of images, or a classifier of them. Normalisation is by the batch
 * while training, and folded into the convolutions at any other time.
 *
 * @throws UsageError  for sides that pooling does not divide
 */
export function normalisedCnn(options: NormalisedCnnOptions): Model {
  refuseUnknown("normalisedCnn", options, ["image", "channels", "outputs"]);
  const { image, channels, outputs } = options;
  const [planes, height, width] = image;
  for (const n of [planes, height, width, channels, outputs]) {
    if (!(Number.isInteger(n) && n > 0))
      throw new UsageError(
        `normalisedCnn: ${n} among its sizes: positive whole numbers are wanted`,
      );
  }
  if (height % 4 !== 0 || width % 4 !== 0) {
    throw new UsageError(
      `normalisedCnn: images of ${height}×${width}`,
      "two poolings want sides that are multiples of 4: pad or crop the images",
    );
  }
  const features = (channels * height * width) / 16;
  return {
    kind: "normalised-cnn",
    inputs: planes * height * width,
    outputs,
    settled: layers.flatMap((i) => batchNormSettled(normOf(i))),
    initialise: (seed) => {
      const parameters: Record<string, Parameters[string]> = {};
      const layer = (name: string, shape: readonly number[]) =>
        Object.assign(parameters, layerStart(name, shape, seed));
      for (const i of layers) {
        layer(`conv${i}`, [channels, i === 0 ? planes : channels, 3, 3]);
        Object.assign(parameters, batchNormParameters(normOf(i), channels));
      }
      layer("dense", [outputs, features]);
      return parameters;
    },
    explicit: (p, supplies) => {
      if (supplies) return p;
      const folded = layers.map((i) =>
        foldedBatchNorm(p[`conv${i}.weight`], p[`conv${i}.bias`], p, normOf(i)),
      );
      return Object.fromEntries([
        ...folded.flatMap(({ weight, bias }, i) => [
          [`conv${i}.weight`, weight],
          [`conv${i}.bias`, bias],
        ]),
        ...["dense.weight", "dense.bias"].map((name) => [name, p[name]]),
      ]);
    },
    apply: (p, x, { supplies }) => {
      let h: Value = reshape(x, [x.shape[0], planes, height, width]);
      for (const i of layers) {
        h = conv(h, p[`conv${i}.weight`], p[`conv${i}.bias`], { pads: [1, 1, 1, 1] });
        h = supplies ? batchNorm(h, p, normOf(i), supplies) : h;
        // The same as pooling after ReLU, on a quarter of the entries.
        h = relu(i % 2 === 1 ? maxPool(h, [2, 2]) : h);
      }
      return affine(reshape(h, [x.shape[0], features]), p["dense.weight"], p["dense.bias"]);
    },
  };
}
