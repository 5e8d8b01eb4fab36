import { jumpDefaults } from "../../koopman/forecast/jump.ts";
import { mlp } from "../../models/mlp.ts";
import type { Model } from "../../models/model.ts";
import { adam, type Optimiser, sgd } from "../../training/optimisers.ts";
import { startedNetwork } from "../koopman/plan.ts";

/** Rules of training; those of a task are compared with and without jumps. */
const optimisers = {
  gd: () => sgd(),
  momentum: () => sgd({ momentum: 0.9 }),
  adam: () => adam(),
} as const satisfies Record<string, () => Optimiser>;

export interface Rule {
  readonly name: string;
  readonly optimiser: keyof typeof optimisers;
  readonly rate: number;
  /** What becomes of the optimiser's vectors at a jump. */
  readonly vectors: "keep" | "reset";
}

/**
 * The full-batch rules, gradient descent at a rate that suits and at one that is close to the largest.
 * Vectors as `accelerate: koopman` treats them unless told otherwise: Adam's averages are reset.
 */
export const rules: readonly Rule[] = [
  { name: "gradient descent, rate 0.3", optimiser: "gd", rate: 0.3, vectors: "keep" },
  { name: "gradient descent, rate 1", optimiser: "gd", rate: 1, vectors: "keep" },
  { name: "momentum 0.9, rate 0.1", optimiser: "momentum", rate: 0.1, vectors: "keep" },
  { name: "Adam, rate 0.003", optimiser: "adam", rate: 3e-3, vectors: "reset" },
];

/** The other treatment of those that have vectors. */
export const otherwise: readonly Rule[] = rules
  .filter(({ optimiser }) => optimiser !== "gd")
  .map((rule) => ({ ...rule, vectors: rule.vectors === "keep" ? "reset" : "keep" }));

/** Batches of 64 of the convolutional network. */
export const batchRules: readonly Rule[] = [
  { name: "gradient descent, rate 0.05", optimiser: "gd", rate: 0.05, vectors: "keep" },
  { name: "Adam, rate 0.001", optimiser: "adam", rate: 1e-3, vectors: "reset" },
];

export const optimiserOf = ({ optimiser }: Rule): Optimiser => optimisers[optimiser]();

/** Which network on which images: 64-32-10 tanh on 8 × 8, or the one of Mohr et al. on 28 × 28. */
export const tasks = {
  digits: {
    side: 8,
    images: 1300,
    batch: 1300,
    model: (): Model => mlp([64, 32, 10], { activation: "tanh" }),
  },
  cnn: { side: 28, images: 2000, batch: 64, model: (): Model => startedNetwork("he") },
} as const;
export type TaskName = keyof typeof tasks;

/** One training run. An epoch with the whole set as its batch is a gradient step. */
export interface AcceleratedPlan {
  readonly task: TaskName;
  readonly rule: Rule;
  readonly seed: number;
  readonly epochs: number;
  /** Null: trained plainly. */
  readonly jumps: { readonly window: number; readonly horizons: readonly number[] } | null;
  /** Ends where the training loss is no more than this; null: after its epochs. */
  readonly until: number | null;
}

/** Jumps as they are where a configuration says no more than `accelerate: koopman`. */
export const jumping = { window: 20, horizons: jumpDefaults.horizons } as const;

export interface AccelerationPreset {
  readonly seeds: number;
  /** The loss that plain training has after so many steps is to be reached. */
  readonly marks: readonly number[];
  /** Both treatments of the vectors. */
  readonly both: boolean;
  /** Epochs of the convolutional network; 0: it is left out. */
  readonly epochs: number;
  readonly batchSeeds: number;
}

export const accelerationPresets = {
  quick: { seeds: 3, marks: [500, 1000], both: false, epochs: 0, batchSeeds: 0 },
  full: { seeds: 10, marks: [500, 1000, 2000], both: true, epochs: 60, batchSeeds: 3 },
} as const satisfies Record<string, AccelerationPreset>;
