import { z } from "zod";
import { type MonotoneActivation, monotoneActivations } from "../models/lbdn.ts";
import { type Activation, activations } from "../models/mlp.ts";
import type { SplittingKind } from "../models/monotone-deq.ts";
import { parametrisations } from "../models/monotone-parameters.ts";
import { proxKinds } from "../solvers/prox.ts";
import { deqModel } from "./deq.ts";
import { simModel } from "./sim.ts";

const count = z.int().min(1);
const positive = z.number().gt(0);

const names = Object.keys(activations) as Activation[];

/** Whether the sizes of A and B in W are learned apart from their directions. */
const parametrisation = z
  .enum(parametrisations)
  .default("plain")
  .describe("normalised: the sizes of A and B in W are learned apart from their directions");

/** `model` of a configuration: its kinds, their keys, ranges and defaults. */
export const model = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z
      .literal("monotone-deq")
      .describe("one equilibrium for every input; see monotone-networks.md"),
    width: count.default(64).describe("units of the equilibrium"),
    activation: z
      .enum(proxKinds)
      .default("relu")
      .describe("σ of the equilibrium z = σ(W z + U x + b)"),
    m: positive.default(1).describe("margin: λmin(I − (W + Wᵀ)/2) ≥ m"),
    splitting: z
      .enum(["peaceman-rachford", "forward-backward"] satisfies SplittingKind[])
      .default("peaceman-rachford")
      .describe("of the operators whose sum is 0 at the equilibrium"),
    alpha: positive
      .or(z.literal("auto"))
      .default("auto")
      .describe("step of the splitting, by default from ‖I − W‖₂"),
    parametrisation,
  }),
  z.strictObject({
    kind: z.literal("monotone-conv-deq").describe("the same of convolutions"),
    image: z
      .tuple([count, count, count])
      .optional()
      .describe("channels, height, width in pixels; known for mnist"),
    channels: z.array(count).min(1).default([32]).describe("of each tier, each with half the side"),
    kernel: count.default(3).describe("odd; side of the convolutions within and between tiers"),
    injection: z
      .strictObject({
        kernel: count
          .default(5)
          .describe("odd; of the convolution from the image to the first tier"),
        stride: count.default(2).describe("of that convolution, pixels of the image"),
      })
      .prefault({}),
    border: z.int().min(0).default(0).describe("pixels along the edge that are held at 0"),
    pool: count.default(1).describe("side of the head's windows, in pixels of the last tier"),
    pooling: z.enum(["max", "mean"]).default("max").describe("what the head takes of each window"),
    activation: z
      .enum(proxKinds)
      .default("relu")
      .describe("σ of the equilibrium z = σ(W z + U x + b)"),
    m: positive.default(1).describe("margin: λmin(I − (W + Wᵀ)/2) ≥ m"),
    alpha: positive
      .default(0.5)
      .describe("step of the splitting; nearer to 1/‖I − W‖ of trained ones than 1"),
    parametrisation,
  }),
  deqModel,
  simModel,
  z.strictObject({
    kind: z.literal("mlp").describe("feed-forward network"),
    widths: z.array(count).default([64]).describe("units of each hidden layer"),
    activation: z.enum(names).default("relu").describe("σ of the hidden layers"),
    initial: z
      .enum(["fan-in", "he"])
      .default("fan-in")
      .describe(
        "of the weights, n inputs of a layer: uniform within 1/√n, or normal of variance 2/n",
      ),
  }),
  z.strictObject({
    kind: z.literal("lbdn").describe("Lipschitz-bounded for every value of its parameters"),
    widths: z.array(count).default([64]).describe("units of each hidden layer"),
    activation: z
      .enum(Object.keys(monotoneActivations) as MonotoneActivation[])
      .default("relu")
      .describe("σ of the hidden layers"),
    lipschitz: positive.describe(
      "bound of ‖Δoutput‖ (of logits) per unit of ‖Δinput‖, inputs as the model sees them: standardised",
    ),
  }),
  z.strictObject({
    kind: z.literal("cnn").describe("convolutions, then dense layers"),
    image: z
      .tuple([count, count, count])
      .optional()
      .describe("channels, height, width in pixels; known for mnist"),
    channels: z
      .array(count)
      .min(1)
      .default([6, 16])
      .describe("of each convolution; after it ReLU and 2 × 2 maxima"),
    kernel: count.default(5).describe("side of the convolutions, pixels"),
    padding: z
      .enum(["valid", "same"])
      .default("valid")
      .describe("valid: none, the image shrinks; same: zeros, for an odd kernel"),
    widths: z
      .array(count)
      .default([120, 84])
      .describe("units of each dense layer before the output"),
  }),
]);
