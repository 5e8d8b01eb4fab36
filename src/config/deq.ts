import { z } from "zod";
import type { DeqOptions } from "../models/deq.ts";
import { convolutional, type ImageShape } from "../models/layers/convolutional.ts";
import { dense, perceptron, residual } from "../models/layers/dense.ts";
import type { Layer } from "../models/layers/layer.ts";
import { twoScale } from "../models/layers/two-scale.ts";
import { type Activation, activations } from "../models/mlp.ts";

/*
 * `model: { kind: deq }`: its keys, their ranges and defaults. What each does is said where its
 * layer is made (models/layers) and at `DeqTraining` and `WeightNormalisation`.
 */

const count = z.int().min(1);
const positive = z.number().gt(0);
const activation = (preset: Activation) =>
  z.enum(Object.keys(activations) as Activation[]).default(preset);

const imageKeys = {
  image: z
    .tuple([count, count, count])
    .optional()
    .describe("channels, height, width; known for mnist"),
  channels: count.default(16),
  kernel: count.default(3).describe("odd"),
  groups: count.default(1).describe("of channels, normalised together"),
  stride: count.default(2).describe("pixels between two positions of the state"),
  pool: count.default(1).describe("side of the squares averaged for the output"),
  activation: activation("relu"),
};

const layer = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("dense").describe("z = σ(W z + U x + b)"),
      width: count.default(64),
      activation: activation("tanh"),
    }),
    z.strictObject({
      kind: z.literal("perceptron").describe("z = W₂ σ(W₁ z + U x + b₁) + b₂"),
      width: count.default(8),
      hidden: count.default(64),
      activation: activation("relu"),
    }),
    z.strictObject({
      kind: z.literal("residual").describe("z = LN(z + W₂ σ(W₁ z + b₁) + U x + b₂)"),
      width: count.default(64),
      hidden: count.default(64),
      activation: activation("relu"),
    }),
    z.strictObject({
      kind: z.literal("convolutional").describe("z = σ(GN(W ∗ z + GN(U ∗ x + b)))"),
      ...imageKeys,
    }),
    z.strictObject({
      kind: z.literal("two-scale").describe("convolutional at two resolutions that see each other"),
      ...imageKeys,
      coarse: count.optional().describe("channels of the coarse one"),
    }),
  ])
  .prefault({ kind: "dense" });

const initial = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("uniform-fan-in") }),
    z.strictObject({ kind: z.literal("normal"), deviation: positive }),
  ])
  .prefault({ kind: "uniform-fan-in" });

const normalise = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("none") }),
    z.strictObject({ kind: z.literal("weight") }),
    z.strictObject({
      kind: z.literal("spectral"),
      target: positive.default(1),
      scale: z.enum(["fixed", "shrink", "learned"]).default("fixed"),
      power: z.enum(["carried", "converged"]).default("carried"),
    }),
  ])
  .prefault({ kind: "none" });

export const deqModel = z.strictObject({
  kind: z.literal("deq").describe("any layer at its equilibrium; see equilibrium-models.md"),
  layer,
  head: z.enum(["affine", "none"]).default("affine").describe("none: the state is the output"),
  initial: initial.describe("of the weights that act on the state"),
  normalise: normalise.describe("the same weights"),
  damping: positive.max(1).default(1).describe("of the iteration, forward and backward"),
  dropout: z.number().min(0).lt(1).default(0).describe("one mask for a whole solve"),
  jacobian: z
    .strictObject({
      gamma: z.number().min(0).describe("γ of γ‖J‖²_F/d, added to the loss; d numbers of state"),
      probability: positive.max(1).default(1).describe("share of the steps"),
      samples: z
        .union([count, z.literal("exact")])
        .default(1)
        .describe("random vectors of its estimate"),
    })
    .optional(),
  correction: z
    .strictObject({
      steps: z
        .array(count)
        .min(1)
        .describe("of the iteration, ascending, whose iterates add to the loss"),
      decay: positive.max(1).default(0.8),
    })
    .optional(),
  warmStart: z
    .boolean()
    .default(false)
    .describe("solves begin where those of the epoch before ended"),
});

/** The layer of a configuration; `image` finds what the images of one are. */
export function layerOf(given: z.output<typeof layer>, image: () => ImageShape): Layer {
  switch (given.kind) {
    case "dense":
      return dense(given);
    case "perceptron":
      return perceptron(given);
    case "residual":
      return residual(given);
    case "convolutional":
      return convolutional({ ...given, image: image() });
    case "two-scale":
      return twoScale({ ...given, image: image() });
  }
}

/** The options of `deq` that a configuration sets as they are. */
export const deqSettings = ({
  kind: _,
  layer: __,
  ...settings
}: z.output<typeof deqModel>): Omit<DeqOptions, "inputs" | "outputs" | "layer"> => settings;
