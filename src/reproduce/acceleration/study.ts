import type { Split } from "../../data/dataset.ts";
import { mnist } from "../../data/mnist.ts";
import { median } from "../../data/quantiles.ts";
import type { Reproduced, Reproduction } from "../reproduction.ts";
import { type Stored, storedIn } from "../stored.ts";
import { markdownTable } from "../tables.ts";
import { imagesFor } from "../verdict/record.ts";
import { accelerationFigure } from "./figure.ts";
import { batchLines, jumpsOf, type RulePairs, speedupLines, speedups, timesOf } from "./lines.ts";
import {
  type AcceleratedPlan,
  type AccelerationPreset,
  accelerationPresets,
  batchRules,
  jumping,
  otherwise,
  type Rule,
  rules,
  type TaskName,
  tasks,
} from "./plan.ts";
import { type AcceleratedRun, acceleratedRun } from "./run.ts";

/** Jumps ahead along the dynamics of the weights, `accelerate: koopman`. */
export const acceleration: Reproduction = {
  name: "acceleration",
  title: "Training accelerated along its own dynamics",
  about:
    "Every 20 epochs the increments of the weights are taken apart into exponentials and followed 10 to 320 epochs ahead; the best place on that way replaces the trained weights if its training loss is lower. Full batch: a 64-32-10 tanh network on 1300 images of MNIST averaged down to 8 × 8, from the start until the loss that plain training has after so many steps. Nothing is in print for this task: three times fewer steps were promised before the study. Full also trains the MNIST network of Mohr et al. (65,558 parameters, He start) on 2000 images in batches of 64, where nothing was promised.",
  seed: 0,
  run: async ({ preset, seed, folder, progress }) => {
    const plan = accelerationPresets[preset];
    const stored = storedIn<AcceleratedRun>(folder);
    const images = await imagesOf(seed);
    const common = { seed, stored, progress };
    const pairs = async (task: TaskName, all: readonly Rule[], seeds: number, epochs: number) =>
      await pairsOf(images(task), { ...common, task, rules: all, seeds, epochs });
    const epochs = plan.marks.at(-1)! + 1; // a loss is told before its step
    const found = await pairs("digits", rules, plan.seeds, epochs);
    const other = plan.both ? await pairs("digits", otherwise, plan.seeds, epochs) : [];
    const batches =
      plan.epochs > 0 ? await pairs("cnn", batchRules, plan.batchSeeds, plan.epochs) : [];
    return accelerationResults({ found, other, batches }, plan);
  },
};

/** Training images and images to test with, read and averaged down once. */
async function imagesOf(seed: number): Promise<(task: TaskName) => Split> {
  const all = await mnist();
  return (task) => {
    const { side, images } = tasks[task];
    const held = { validation: 1, test: 2000 };
    const { train, test } = imagesFor(all, side, images, seed, held);
    return { train, test };
  };
}

export interface PairsOptions {
  readonly task: TaskName;
  readonly rules: readonly Rule[];
  readonly seed: number;
  readonly seeds: number;
  readonly epochs: number;
  readonly stored: Stored<AcceleratedRun>;
  readonly progress: (part: string) => void;
}

/**
 * Every rule from every start, without jumps and with them: those stored as they are. In full batches a
 * run with jumps ends where it has the last loss of the plain one, or after as many steps.
 */
export async function pairsOf(data: Split, options: PairsOptions): Promise<RulePairs[]> {
  const { task, seed, seeds, epochs, stored, progress } = options;
  const kept = async (name: string, plan: AcceleratedPlan) => {
    const run = stored.read(name, plan) ?? (await acceleratedRun(plan, data));
    stored.write(name, run);
    return run;
  };
  const all: RulePairs[] = [];
  for (const rule of options.rules) {
    const pairs = [];
    for (let k = 0; k < seeds; k++) {
      progress(`${task}, ${rule.name}, ${k + 1} of ${seeds}`);
      const name = `${task}-${rule.optimiser}-${rule.rate}-${k}`;
      const common = { task, rule, seed: seed + k, epochs };
      const plain = await kept(`${name}-plain`, {
        ...common,
        rule: { ...rule, vectors: "keep" }, // there is nothing to reset without a jump
        jumps: null,
        until: null,
      });
      const until = task === "digits" ? plain.losses.at(-1)! : null;
      const fast = await kept(`${name}-${rule.vectors}`, { ...common, jumps: jumping, until });
      pairs.push({ plain, fast });
    }
    all.push({ rule, pairs });
  }
  return all;
}

export interface AccelerationParts {
  readonly found: readonly RulePairs[];
  /** The other treatment of the optimiser's vectors. */
  readonly other: readonly RulePairs[];
  readonly batches: readonly RulePairs[];
}

/** Lines, tables and figures of runs that are there. */
export function accelerationResults(
  { found, other, batches }: AccelerationParts,
  { marks, seeds, epochs }: Pick<AccelerationPreset, "marks" | "seeds" | "epochs">,
): Reproduced {
  const mark = marks.at(-1)!;
  const rows = [...found, ...other].map((one) => {
    const { rule, pairs } = one;
    const right = (of: "plain" | "fast") =>
      (100 * median(pairs.map((pair) => pair[of].accuracy))).toFixed(1);
    const vectors = rule.optimiser === "gd" ? "none" : rule.vectors;
    return [
      rule.name,
      vectors,
      timesOf(speedups(one, mark).map(({ byWork }) => byWork)),
      jumpsOf(pairs),
      `${right("fast")} / ${right("plain")}`,
    ];
  });
  const steps = { mark, name: "acceleration", unit: "gradient step" };
  return {
    lines: [...speedupLines(found, marks), ...batchLines(batches)],
    sections: [
      {
        heading: "What it costs, and what becomes of the accuracy",
        text: [
          `Work until the loss of ${mark} plain steps, an evaluation of the loss counted as a third of a step; the optimiser's vectors at a jump; test accuracy, %, at that same loss with jumps / without (medians of ${seeds} seeds, 2000 images).`,
          markdownTable(["rule", "vectors", "less work", "jumps", "accuracy"], rows),
        ].join("\n\n"),
      },
    ],
    figures: [
      accelerationFigure(found, steps),
      ...(batches.length > 0
        ? [
            accelerationFigure(batches, {
              mark: epochs - 1,
              name: "acceleration-cnn",
              unit: "epoch",
            }),
          ]
        : []),
    ],
    data: { marks, found, other, batches },
  };
}
