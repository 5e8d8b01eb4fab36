import { UsageError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
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

/** What image layers share: sizes, checked, and the injection U ∗ x + b with a stride. */
export function imageLayer(
  name: string,
  inputs: number,
  { image, channels, kernel = 3, groups = 1, stride = 1, pool = 1, activation }: ImageLayerOptions,
) {
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
  return {
    rows,
    columns,
    sigma: activationOf(name, activation ?? "relu"),
    same: (x: Value, w: Value) => conv(x, w, null, { pads }),
    injection: {
      U: weight([channels, planes, kernel, kernel]),
      b: bias(channels, planes * kernel * kernel),
    },
    inject: (x: Value, U: Value, b: Value) => {
      const pixels = reshape(x, [x.shape[0], planes, height, width]);
      return conv(pixels, U, b, { pads, strides: [stride, stride] });
    },
    pooled: (z: Value): Value => {
      const means = pool === 1 ? z : averagePool(z, [pool, pool]);
      return reshape(means, [z.shape[0], (channels * rows * columns) / pool ** 2]);
    },
    features: (channels * rows * columns) / pool ** 2,
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
 *   z = GN₃(σ(z + GN₂(W₂ ∗ GN₁(σ(W₁ ∗ z)) + U ∗ x + b)))
 *
 * with GN normalising groups of channels of each sample by itself. The block of Kolter, Duvenaud &
 * Johnson (2020), "Deep implicit layers", chapter 4.
 */
export const convolutional =
  (options: ImageLayerOptions): Layer =>
  (inputs) => {
    const { channels, kernel = 3, groups = 1 } = options;
    const { rows, columns, sigma, same, injection, inject, pooled, features } = imageLayer(
      "convolutional",
      inputs,
      options,
    );
    return {
      kind: "convolutional",
      state: [[channels, rows, columns]],
      parameters: {
        W1: weight([channels, channels, kernel, kernel], true),
        W2: weight([channels, channels, kernel, kernel], true),
        ...injection,
        ...normParameters("norm1", channels),
        ...normParameters("norm2", channels),
        ...normParameters("norm3", channels),
      },
      inject: ({ U, b }, x) => [inject(x, U, b)],
      apply: (p, [z], [c]) => {
        const norm = (x: Value, name: string) =>
          groupNorm(x, groups, p[`${name}.gain`], p[`${name}.shift`]);
        const inner = norm(sigma(same(z, p.W1)), "norm1");
        const branch = norm(add(same(inner, p.W2), c), "norm2");
        return [norm(sigma(add(z, branch)), "norm3")];
      },
      read: ([z]) => pooled(z),
      features,
    };
  };
