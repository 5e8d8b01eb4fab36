import { requireObject, requireSizes, requireThat, requireWhole } from "../../errors/arguments.ts";
import { UsageError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import type { Values } from "../../graph/ops/control.ts";
import { add } from "../../graph/ops/elementwise.ts";
import { reshape } from "../../graph/ops/movement.ts";
import { averagePool, conv } from "../../graph/ops/window.ts";
import type { Activation } from "../mlp.ts";
import { activationOf, bias, constantly, type Layer, positiveWhole, weight } from "./layer.ts";
import { groupNorm } from "./norm.ts";

/** Channels, height and width. */
export type ImageShape = readonly [number, number, number];

export interface ImageLayerOptions {
  /** Of the features, which are rows of C·H·W pixels. */
  readonly image: ImageShape;
  readonly channels: number;
  /** Side of the kernels; odd, so that the size stays. */
  readonly kernel?: number;
  /** Groups of channels that are normalised together. */
  readonly groups?: number;
  /** Pixels between two positions of the state. */
  readonly stride?: number;
  /** Side of the squares that are averaged for the output. */
  readonly pool?: number;
  readonly activation?: Activation;
}

/** @throws UsageError  for options that are no object, or sizes that are none */
export function requireImageOptions(name: string, options: ImageLayerOptions): void {
  requireObject(name, "options", options, "{ image, channels }");
  requireSizes(name, "image", options.image);
  requireThat(
    name,
    "image",
    options.image,
    options.image.length === 3,
    "[channels, height, width]",
  );
  requireWhole(name, { channels: options.channels });
}

/** What image layers share: sizes, checked, the injection GN(U ∗ x + b), and the read-out. */
export function imageLayer(name: string, inputs: number, options: ImageLayerOptions) {
  const { image, channels, kernel = 3, groups = 1, stride = 1, pool = 1, activation } = options;
  const [planes, height, width] = image;
  positiveWhole(name, { planes, height, width, channels, kernel, groups, stride, pool });
  const refuse = (what: string) => {
    throw new UsageError(`${name}: ${what}`);
  };
  if (planes * height * width !== inputs)
    refuse(`images of ${image.join(" × ")}, but ${inputs} features`);
  if (kernel % 2 === 0) refuse(`an odd kernel is wanted, not ${kernel}`);
  if (channels % groups !== 0) refuse(`${groups} groups do not divide ${channels} channels`);
  if (height % stride !== 0 || width % stride !== 0)
    refuse(`a stride of ${stride} does not divide ${height} × ${width}`);
  const [rows, columns] = [height / stride, width / stride];
  if (rows % pool !== 0 || columns % pool !== 0)
    refuse(`pooling by ${pool} does not divide the state's ${rows} × ${columns}`);
  const half = (kernel - 1) / 2;
  const pads = [half, half, half, half];
  const features = (channels * rows * columns) / pool ** 2;
  const norm = (p: Values, name: string, x: Value) =>
    groupNorm(x, groups, p[`${name}.gain`], p[`${name}.shift`]);
  return {
    rows,
    columns,
    sigma: activationOf(name, activation ?? "relu"),
    same: (x: Value, w: Value) => conv(x, w, null, { pads }),
    norm,
    /** Parameters and result of an injection at every `step`-th pixel. */
    injection: (i: string, count: number) => ({
      [`U${i}`]: weight([count, planes, kernel, kernel]),
      [`b${i}`]: bias(count, planes * kernel * kernel),
      ...normParameters(`injection${i}`, count),
    }),
    inject: (p: Values, x: Value, i: string, step: number) => {
      const pixels = reshape(x, [x.shape[0], planes, height, width]);
      const strides = [step, step];
      const seen = conv(pixels, p[`U${i}`], p[`b${i}`], { pads, strides });
      return norm(p, `injection${i}`, seen);
    },
    pooled: (z: Value): Value =>
      reshape(pool === 1 ? z : averagePool(z, [pool, pool]), [z.shape[0], features]),
    features,
  };
}

/** Gain 1 and shift 0 of one normalisation. */
export const normParameters = (name: string, channels: number) => ({
  [`${name}.gain`]: constantly(channels, 1),
  [`${name}.shift`]: constantly(channels, 0),
});

/**
 * An image as the state, z [channels, H/stride, W/stride]:
 *
 *   z = σ(GN(W ∗ z + GN(U ∗ x + b)))
 *
 * with GN normalising groups of channels of each sample by itself. The injection is normalised so
 * that the outer GN, which divides by what it normalises, finds it large beside a small W ∗ z: the
 * layer starts as a contraction.
 */
export const convolutional = (options: ImageLayerOptions): Layer => {
  requireImageOptions("convolutional", options);
  return (inputs) => {
    const { channels, kernel = 3, stride = 1 } = options;
    const parts = imageLayer("convolutional", inputs, options);
    return {
      kind: "convolutional",
      state: [[channels, parts.rows, parts.columns]],
      parameters: {
        W: weight([channels, channels, kernel, kernel], true),
        ...parts.injection("", channels),
        ...normParameters("norm", channels),
      },
      inject: (p, x) => [parts.inject(p, x, "", stride)],
      apply: (p, [z], [c]) => [parts.sigma(parts.norm(p, "norm", add(parts.same(z, p.W), c)))],
      read: ([z]) => parts.pooled(z),
      features: parts.features,
    };
  };
};
