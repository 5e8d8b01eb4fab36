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
  z
    .enum(Object.keys(activations) as Activation[])
    .default(preset)
    .describe("σ, entry by entry");

const imageKeys = {
  image: z
    .tuple([count, count, count])
    .optional()
    .describe("channels, height, width in pixels; known for mnist"),
  channels: count.default(16).describe("of the state; of two-scale, of the finer one"),
  kernel: count.default(3).describe("odd; side of the convolutions"),
  groups: count.default(1).describe("of channels, normalised together"),
  stride: count.default(2).describe("pixels between two positions of the state"),
  pool: count.default(1).describe("side of the squares averaged for the output"),
  activation: activation("relu"),
};

const layer = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("dense").describe("z = σ(W z + U x + b)"),
      width: count.default(64).describe("numbers of the state z"),
      activation: activation("tanh"),
    }),
    z.strictObject({
      kind: z.literal("perceptron").describe("z = W₂ σ(W₁ z + U x + b₁) + b₂"),
      width: count.default(8).describe("numbers of the state z"),
      hidden: count.default(64).describe("rows of W₁"),
      activation: activation("relu"),
    }),
    z.strictObject({
      kind: z.literal("residual").describe("z = LN(z + W₂ σ(W₁ z + b₁) + U x + b₂)"),
      width: count.default(64).describe("numbers of the state z"),
      hidden: count.default(64).describe("rows of W₁"),
      activation: activation("relu"),
    }),
    z.strictObject({
      kind: z.literal("convolutional").describe("z = σ(GN(W ∗ z + GN(U ∗ x + b)))"),
      ...imageKeys,
    }),
    z.strictObject({
      kind: z.literal("two-scale").describe("convolutional at two resolutions that see each other"),
      ...imageKeys,
      coarse: count.optional().describe("channels of the coarser state; twice the others"),
    }),
  ])
  .prefault({ kind: "dense" });

const initial = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("uniform-fan-in").describe("uniform within 1/√n, n inputs of a unit"),
    }),
    z.strictObject({
      kind: z.literal("normal").describe("normal with mean 0"),
      deviation: positive.describe("standard deviation"),
    }),
  ])
  .prefault({ kind: "uniform-fan-in" });

const normalise = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("none").describe("weights as they are") }),
    z.strictObject({
      kind: z.literal("weight").describe("W = g V/‖V‖, row by row, with a learned g for each"),
    }),
    z.strictObject({
      kind: z.literal("spectral").describe("W = s V/‖V‖₂, with the spectral norm of V"),
      target: positive.default(1).describe("s, the spectral norm that W is given"),
      scale: z
        .enum(["fixed", "shrink", "learned"])
        .default("fixed")
        .describe(
          "shrink: a smaller V stays as it is; learned: s is a parameter that starts there",
        ),
      power: z
        .enum(["carried", "converged"])
        .default("carried")
        .describe(
          "steps of the power method for ‖V‖₂: one each training step, or until it has converged",
        ),
    }),
  ])
  .prefault({ kind: "none" });

export const deqModel = z.strictObject({
  kind: z.literal("deq").describe("any layer at its equilibrium; see equilibrium-models.md"),
  layer: layer.describe("f of the equilibrium z = f(z, x)"),
  head: z
    .enum(["affine", "none"])
    .default("affine")
    .describe("how the state is read out; none: the state is the output"),
  initial: initial.describe("how the weights that act on the state start"),
  normalise: normalise.describe("how those weights are normalised"),
  damping: positive
    .max(1)
    .default(1)
    .describe("τ of z ← τf(z) + (1 − τ)z, forward and backward; 1 for none"),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe("share of the state that is put to 0, by one mask for a whole solve"),
  jacobian: z
    .strictObject({
      gamma: z.number().min(0).describe("γ of γ‖J‖²_F/d, added to the loss; d numbers of state"),
      probability: positive
        .max(1)
        .default(1)
        .describe("share of the training steps in which it is added"),
      samples: z
        .union([count, z.literal("exact")])
        .default(1)
        .describe("random vectors that ‖J‖²_F is estimated by; exact: all of J"),
    })
    .optional()
    .describe("holds the Jacobian J = ∂f/∂z of the layer at the equilibrium small"),
  correction: z
    .strictObject({
      steps: z
        .array(count)
        .min(1)
        .describe("of the iteration, ascending, whose iterates add to the loss"),
      decay: positive
        .max(1)
        .default(0.8)
        .describe("weight of each of these losses relative to that of the next step in the list"),
    })
    .optional()
    .describe("the loss at iterates too, beside that at the equilibrium"),
  warmStart: z
    .boolean()
    .default(false)
    .describe("solves begin where those of the epoch before ended"),
});

/** The layer of a configuration; `image` finds what the images of one are. */
export function layerOf(whole: z.output<typeof layer>, image: () => ImageShape): Layer {
  switch (whole.kind) {
    case "dense":
      return dense(optionsOf(whole));
    case "perceptron":
      return perceptron(optionsOf(whole));
    case "residual":
      return residual(optionsOf(whole));
    case "convolutional":
      return convolutional({ ...optionsOf(whole), image: image() });
    case "two-scale":
      return twoScale({ ...optionsOf(whole), image: image() });
  }
}

/** Without its kind. */
const optionsOf = <T extends { readonly kind: string }>({ kind: _, ...options }: T) => options;

/** The options of `deq` that a configuration sets as they are. */
export const deqSettings = ({
  kind: _,
  layer: __,
  ...settings
}: z.output<typeof deqModel>): Omit<DeqOptions, "inputs" | "outputs" | "layer"> => settings;
