import { z } from "zod";
import { jumpDefaults } from "../koopman/forecast/jump.ts";
import { decisions, monitorDefaults } from "../koopman/verdict/monitor.ts";
import type { Decision } from "../koopman/verdict/verdict.ts";

/*
 * `observe`, `stop` and `accelerate`: Koopman analysis inside training. What each number does is said at
 * `MonitorOptions` and `proposeJumps`.
 */

const count = z.int().min(1);
const positive = z.number().gt(0);
const { window, tolerance, agree, project } = monitorDefaults;

/** What is looked at, and how often. The training loss always is. */
export const observe = z.strictObject({
  every: z
    .union([count, z.literal("auto")])
    .default("auto")
    .describe("epochs between two looks; auto: a twelfth of the window"),
  what: z
    .array(z.enum(["loss", "val", "weights", "norms"]))
    .default(["loss", "val"])
    .describe(
      "the training loss, the loss on the test rows, the weights as they move, norms of weights",
    ),
  project: count
    .max(4096)
    .default(project)
    .describe("numbers that all weights are projected to, at random"),
});

/** When a verdict ends the run. */
export const stop = z.strictObject({
  on: z
    .array(z.enum(decisions as [Decision, ...Decision[]]))
    .min(1)
    .default([...decisions])
    .describe("verdicts that end the run"),
  window: z.int().min(40).default(window).describe("epochs that a verdict looks at"),
  tolerance: positive
    .lt(1)
    .default(tolerance)
    .describe("an improvement below this share is not worth the next window"),
  reference: z
    .union([positive, z.enum(["auto", "none"])])
    .default("auto")
    .describe("the loss of guessing; auto: ln C for C classes, the variance of values"),
  agree: count
    .default(agree)
    .describe("windows, each a quarter of one later than the one before, that must agree"),
  budget: z
    .union([positive, z.literal("none")])
    .default("none")
    .describe("epochs until better than guessing"),
  patience: z
    .union([positive, z.literal("auto")])
    .default("auto")
    .describe(
      "epochs that one would wait for the loss to beat guessing; auto: on a plateau the window, while it improves any number",
    ),
  restarts: z
    .int()
    .min(0)
    .default(0)
    .describe("how many, from other weights, each with all its epochs"),
});

export const accelerate = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z
      .literal("koopman")
      .describe(
        "tries weights that Koopman modes of the last epochs lead to, and keeps them where the training loss is less",
      ),
    window: z.int().min(4).default(20).describe("epochs between two jumps"),
    horizons: z
      .array(positive)
      .min(1)
      .default([...jumpDefaults.horizons])
      .describe("how far a jump may go, in windows"),
    // Its vectors at a jump. Measured: Adam's averages of another place mislead it, a momentum helps.
    optimiser: z
      .enum(["auto", "keep", "reset"])
      .default("auto")
      .describe(
        "what becomes of its vectors at a jump: auto keeps those of sgd, resets those of adam",
      ),
  }),
]);

export const watchSections = {
  observe: observe.optional().describe("analysis of the run while it trains"),
  stop: stop.optional().describe("what ends the run early, by its verdicts"),
  accelerate: accelerate.optional().describe("jumps ahead along the path of the weights"),
};

/** Complains of sections that do not go together. */
export function checkWatch(
  given: { stop?: object; accelerate?: object; train: { snapshotEvery: number } },
  complain: (path: string[], message: string) => void,
): void {
  if (given.accelerate === undefined) return;
  if (given.stop !== undefined)
    complain(["stop"], "a loss with jumps in it has no forecast: not together with accelerate");
  if (given.train.snapshotEvery !== 1)
    complain(["train", "snapshotEvery"], "must be 1 with accelerate, which goes on from snapshots");
}
