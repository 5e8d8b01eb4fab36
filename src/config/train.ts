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
    .describe("or 0.95 to 0.85 along it"),
  beta2: z.number().min(0).lt(1).default(0.999),
  epsilon: z.number().min(0).default(1e-8),
};
const optimiser = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("sgd"), momentum: z.number().min(0).lt(1).default(0) }),
    z.strictObject({ kind: z.literal("adam"), ...adam }),
    z.strictObject({
      kind: z.literal("adamw"),
      ...adam,
      weightDecay: z.number().min(0).default(1e-2),
    }),
  ])
  .prefault({ kind: "adam" });

const schedule = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("constant") }),
    z.strictObject({
      kind: z.literal("step"),
      every: z
        .number()
        .gt(0)
        .max(1)
        .default(1 / 3)
        .describe("share of the run"),
      factor: positive.default(0.1),
    }),
    z.strictObject({ kind: z.literal("cosine"), floor: z.number().min(0).default(0) }),
    z.strictObject({
      kind: z.literal("one-cycle").describe("from base up to rate and down again"),
      base: positive.default(1e-3),
      tail: z.int().min(0).default(5).describe("epochs at base in the end"),
    }),
  ])
  .prefault({ kind: "constant" });

/** A loss in place of cross-entropy or the mean squared error, see `sobolevLoss`. */
const sobolev = {
  shells: z
    .union([z.enum(["linear", "exponential"]), z.array(z.int().min(0)).min(1)])
    .default("linear")
    .describe("s(ℓ), the radii of the shells"),
  exponent: z.number().default(-0.5).describe("of (1 + (2π‖k‖)²)"),
  transform: z
    .enum(["auto", ...transformNames])
    .default("auto")
    .describe("voronoi for one input, else least-squares"),
};
const outputShells = z
  .int()
  .min(0)
  .optional()
  .describe("shells s(0) … of the output; as many as hidden layers");
const cumulative = z.boolean().default(false).describe("all shells up to a head's own");
const loss = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("sobolev-1"), ...sobolev, cumulative }),
  z.strictObject({ kind: z.literal("sobolev-2"), ...sobolev, outputShells }),
  z.strictObject({ kind: z.literal("sobolev-1+2"), ...sobolev, outputShells, cumulative }),
]);

export const train = z
  .strictObject({
    loss: loss
      .optional()
      .describe("in place of cross-entropy or the mean squared error; see sobolev-losses.md"),
    optimiser,
    rate: positive.default(1e-3).describe("learning rate, at the peak of its schedule"),
    schedule,
    warmUp: z.number().min(0).lt(1).default(0).describe("share of the run"),
    epochs: count.default(10).describe("passes over the training rows"),
    batch: count.default(64).describe("rows of a step"),
    clipNorm: z
      .union([positive, z.literal("none")])
      .default("none")
      .describe("of the gradient"),
    unconvergedLimit: share
      .default(0.5)
      .describe("share of an epoch's solves that may fail; 1: all"),
    logEvery: count.default(50).describe("steps"),
    snapshotEvery: z.int().min(0).default(1).describe("epochs; 0 for none"),
  })
  .prefault({});

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
