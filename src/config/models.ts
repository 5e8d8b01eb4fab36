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
const parametrisation = z.enum(parametrisations).default("plain");

/** `model` of a configuration: its kinds, their keys, ranges and defaults. */
export const model = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("monotone-deq"),
    width: count.default(64),
    activation: z.enum(proxKinds).default("relu"),
    m: positive.default(1),
    splitting: z
      .enum(["peaceman-rachford", "forward-backward"] satisfies SplittingKind[])
      .default("peaceman-rachford"),
    alpha: positive.or(z.literal("auto")).default("auto"), // step of the splitting, by default from ‖I − W‖₂
    parametrisation,
  }),
  z.strictObject({
    kind: z.literal("monotone-conv-deq"),
    image: z.tuple([count, count, count]).optional(), // channels, height, width; known for mnist
    channels: z.array(count).min(1).default([32]), // of each tier, each with half the side
    kernel: count.default(3), // odd; within and between tiers
    injection: z.strictObject({ kernel: count.default(5), stride: count.default(2) }).prefault({}),
    border: z.int().min(0).default(0), // pixels along the edge that are held at 0
    pool: count.default(1), // side of the head's windows, in pixels of the last tier
    pooling: z.enum(["max", "mean"]).default("max"),
    activation: z.enum(proxKinds).default("relu"),
    m: positive.default(1),
    alpha: positive.default(0.5), // nearer to 1/‖I − W‖ of trained ones than 1
    parametrisation,
  }),
  deqModel,
  simModel,
  z.strictObject({
    kind: z.literal("mlp"),
    widths: z.array(count).default([64]), // of the hidden layers
    activation: z.enum(names).default("relu"),
    initial: z.enum(["fan-in", "he"]).default("fan-in"),
  }),
  // Lipschitz-bounded for every value of its parameters
  z.strictObject({
    kind: z.literal("lbdn"),
    widths: z.array(count).default([64]), // of the hidden layers
    activation: z.enum(Object.keys(monotoneActivations) as MonotoneActivation[]).default("relu"),
    lipschitz: positive, // outputs (logits) per unit of what the model sees, standardised inputs
  }),
  z.strictObject({
    kind: z.literal("cnn"),
    image: z.tuple([count, count, count]).optional(), // channels, height, width; known for mnist
    channels: z.array(count).min(1).default([6, 16]),
    kernel: count.default(5),
    padding: z.enum(["valid", "same"]).default("valid"),
    widths: z.array(count).default([120, 84]), // of the hidden dense layers
  }),
]);
