import {
  requireObject,
  requireOneOf,
  requireSizes,
  requireThat,
  requireWhole,
} from "../errors/arguments.ts";
import { refuseUnknown } from "../errors/suggest.ts";
import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { relu } from "../graph/ops/elementwise.ts";
import { affine } from "../graph/ops/linear.ts";
import { reshape } from "../graph/ops/movement.ts";
import { conv, maxPool } from "../graph/ops/window.ts";
import { layerStart } from "./initialise.ts";
import type { Model, Parameters } from "./model.ts";

export interface CnnOptions {
  /** Channels, height and width of the images; features are rows of C·H·W pixels. */
  readonly image: readonly [number, number, number];
  /** Channels of each convolution; each is followed by a 2×2 max-pool and ReLU. */
  readonly channels: readonly number[];
  readonly kernel?: number;
  /** "valid" without padding, "same" keeping the size. */
  readonly padding?: "valid" | "same";
  /** Units of the dense layers between the convolutions and the outputs. */
  readonly hidden: readonly number[];
  readonly outputs: number;
}

/** Convolutions with 2×2 max-pooling and ReLU, then dense layers: a classifier of images. */
export function cnn(options: CnnOptions): Model {
  requireObject("cnn", "options", options, "{ image, channels, hidden, outputs }");
  refuseUnknown("cnn", options, ["image", "channels", "kernel", "padding", "hidden", "outputs"]);
  const { image, channels, kernel = 5, padding = "valid", hidden, outputs } = options;
  requireSizes("cnn", "image", image);
  requireThat("cnn", "image", image, image.length === 3, "[channels, height, width]");
  requireSizes("cnn", "channels", channels);
  requireSizes("cnn", "hidden", hidden);
  requireWhole("cnn", { kernel, outputs });
  requireOneOf("cnn", "padding", padding, ["valid", "same"]);
  const [planes, height, width] = image;
  if (padding === "same" && kernel % 2 === 0)
    throw new UsageError(`cnn: "same" wants an odd kernel, not ${kernel}`);
  const pad = padding === "same" ? (kernel - 1) / 2 : 0;
  const sizes = [height, width];
  for (const i of channels.keys()) {
    for (const axis of [0, 1]) {
      const convolved = sizes[axis] + 2 * pad - kernel + 1;
      if (convolved < 2 || convolved % 2 !== 0) {
        throw new UsageError(
          `cnn: layer ${i} gives a side of ${convolved}, which 2×2 pooling does not divide`,
        );
      }
      sizes[axis] = convolved / 2;
    }
  }
  const features = (channels.at(-1) ?? planes) * sizes[0] * sizes[1];
  const planesOf = [planes, ...channels];
  const widths = [features, ...hidden, outputs];
  return {
    kind: "cnn",
    inputs: planes * height * width,
    outputs,
    settings: { model: { kind: "cnn", image, channels, kernel, padding, widths: hidden } },
    initialise: (seed) => {
      const parameters: Record<string, Parameters[string]> = {};
      const layer = (name: string, shape: readonly number[]) =>
        Object.assign(parameters, layerStart(name, shape, seed));
      channels.forEach((count, i) => {
        layer(`conv${i}`, [count, planesOf[i], kernel, kernel]);
      });
      widths.slice(1).forEach((count, i) => {
        layer(`dense${i}`, [count, widths[i]]);
      });
      return parameters;
    },
    explicit: (parameters) => parameters,
    apply: (p, x) => {
      let h: Value = reshape(x, [x.shape[0], planes, height, width]);
      for (const i of channels.keys()) {
        const convolved = conv(h, p[`conv${i}.weight`], p[`conv${i}.bias`], {
          pads: [pad, pad, pad, pad],
        });
        // The same as pooling after ReLU, on a quarter of the entries.
        h = relu(maxPool(convolved, [2, 2]));
      }
      h = reshape(h, [x.shape[0], features]);
      for (const i of hidden.keys())
        h = relu(affine(h, p[`dense${i}.weight`], p[`dense${i}.bias`]));
      const last = hidden.length;
      return affine(h, p[`dense${last}.weight`], p[`dense${last}.bias`]);
    },
  };
}
