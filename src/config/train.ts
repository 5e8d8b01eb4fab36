import { z } from "zod";
import { transformNames } from "../signal/transform.ts";

/* `train`: what is made small, by which steps, and how often the run is written down. */

const count = z.int().min(1);
const positive = z.number().gt(0);
const share = z.number().min(0).max(1);

const adam = {
  beta1: z
    .union([z.number().min(0).lt(1), z.literal("one-cycle")])
    .default(0.9)
    .describe("of the mean of gradients; one-cycle: from 0.95 to 0.85 along that schedule"),
  beta2: z.number().min(0).lt(1).default(0.999).describe("of the mean of their squares"),
  epsilon: z.number().min(0).default(1e-8).describe("added to the root of that mean"),
};
const optimiser = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("sgd").describe("gradient descent on batches"),
      momentum: z
        .number()
        .min(0)
        .lt(1)
        .default(0)
        .describe("share of the step before that is taken again"),
    }),
    z.strictObject({ kind: z.literal("adam").describe("Adam"), ...adam }),
    z.strictObject({
      kind: z.literal("adamw").describe("Adam with decoupled weight decay"),
      ...adam,
      weightDecay: z
        .number()
        .min(0)
        .default(1e-2)
        .describe("each step takes this share, times the rate, off the weights"),
    }),
  ])
  .prefault({ kind: "adam" });

const schedule = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("constant").describe("rate at every step") }),
    z.strictObject({
      kind: z.literal("step").describe("rate, lowered by a factor from time to time"),
      every: z
        .number()
        .gt(0)
        .max(1)
        .default(1 / 3)
        .describe("share of the run between two changes"),
      factor: positive.default(0.1).describe("what the rate is multiplied by"),
    }),
    z.strictObject({
      kind: z.literal("cosine").describe("from rate down to floor along half a cosine"),
      floor: z.number().min(0).default(0).describe("the learning rate at the end"),
    }),
    z.strictObject({
      kind: z.literal("one-cycle").describe("from base up to rate and down again"),
      base: positive.default(1e-3).describe("the learning rate at the start and at the end"),
      tail: z.int().min(0).default(5).describe("epochs at base in the end"),
    }),
  ])
  .prefault({ kind: "constant" });

/** A loss in place of cross-entropy or the mean squared error, see `sobolevLoss`. */
const sobolev = {
  shells: z
    .union([z.enum(["linear", "exponential"]), z.array(z.int().min(0)).min(1)])
    .default("linear")
    .describe("s(ℓ), the radii ‖k‖₁ of the shells: ℓ, 2^ℓ, or these"),
  exponent: z.number().default(-0.5).describe("s of the weight (1 + (2π‖k‖)²)ˢ of a frequency k"),
  transform: z
    .enum(["auto", ...transformNames])
    .default("auto")
    .describe(
      "how a spectrum is taken of scattered rows; auto: voronoi for one input, else least-squares",
    ),
};
const outputShells = z
  .int()
  .min(0)
  .optional()
  .describe("shells s(0) … of the output; as many as hidden layers");
const cumulative = z
  .boolean()
  .default(false)
  .describe("each head compares all shells up to its own");
const loss = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z
      .literal("sobolev-1")
      .describe("the mean squared error, and spectra at the heads of the hidden layers"),
    ...sobolev,
    cumulative,
  }),
  z.strictObject({
    kind: z.literal("sobolev-2").describe("the spectrum of the output"),
    ...sobolev,
    outputShells,
  }),
  z.strictObject({
    kind: z
      .literal("sobolev-1+2")
      .describe("spectra at the heads and of the output, without the mean squared error"),
    ...sobolev,
    outputShells,
    cumulative,
  }),
]);

export const train = z
  .strictObject({
    loss: loss
      .optional()
      .describe("in place of cross-entropy or the mean squared error; see sobolev-losses.md"),
    optimiser: optimiser.describe("how a step follows from the gradient"),
    rate: positive.default(1e-3).describe("learning rate, at the peak of its schedule"),
    schedule: schedule.describe("the learning rate over the run"),
    warmUp: z
      .number()
      .min(0)
      .lt(1)
      .default(0)
      .describe("share of the run in which the rate rises linearly, before its schedule"),
    epochs: count.default(10).describe("passes over the training rows"),
    batch: count.default(64).describe("rows of a step"),
    clipNorm: z
      .union([positive, z.literal("none")])
      .default("none")
      .describe("longer gradients are scaled to this norm"),
    unconvergedLimit: share
      .default(0.5)
      .describe("share of an epoch's solves that may fail before the run ends; 1: all"),
    logEvery: count.default(50).describe("steps between two that are logged"),
    snapshotEvery: z
      .int()
      .min(0)
      .default(1)
      .describe("epochs between two snapshots of the weights; 0 for none"),
  })
  .prefault({})
  .describe("what is made small, and by which steps");

/** Complains of a loss that does not go with the rest. */
export function checkLoss(
  given: { accelerate?: object; train: { loss?: object } },
  complain: (path: string[], message: string) => void,
): void {
  if (given.train.loss && given.accelerate)
    complain(["train", "loss"], "accelerate judges its jumps by the usual loss: not together");
}

/** Complains of a cycle without room for its peak, and of a momentum along a cycle that is not there. */
export function checkCycle(
  { train: { schedule, optimiser, epochs, rate } }: { train: z.output<typeof train> },
  complain: (path: string[], message: string) => void,
): void {
  const along = "beta1" in optimiser && optimiser.beta1 === "one-cycle";
  if (schedule.kind !== "one-cycle") {
    if (along)
      complain(["train", "optimiser", "beta1"], "one-cycle goes with schedule: one-cycle only");
    return;
  }
  const { tail, base } = schedule;
  if (epochs < tail + 2)
    complain(
      ["train", "schedule"],
      `one-cycle: ${epochs} epochs with a tail of ${tail}: at least ${tail + 2} are wanted, or a shorter tail`,
    );
  if (along && rate === base)
    complain(["train", "optimiser", "beta1"], "one-cycle wants a rate other than schedule.base");
}
