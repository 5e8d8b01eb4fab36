import type { Activation } from "../../models/mlp.ts";
import type { PresetName } from "../reproduction.ts";

/** The losses of the table. */
const lossNames = ["l2", "s1", "s1-cumulative", "s2", "s1+2", "full"] as const;
export type LossName = (typeof lossNames)[number];

export const lossTitles: Readonly<Record<LossName, string>> = {
  l2: "L2",
  s1: "Sobolev 1",
  "s1-cumulative": "Sobolev 1, cumulative heads",
  s2: "Sobolev 2",
  "s1+2": "Sobolev 1+2",
  full: "H^(−1/2), k = 0 … 100",
};

/** One training run. */
export interface SobolevPlan {
  readonly loss: LossName;
  readonly activation: Activation;
  readonly level: number; // ε
  readonly seed: number; // of noise, split and weights
  readonly steps: number;
  readonly every: number; // steps between two looks at the test samples
}

export interface SobolevPreset {
  readonly rows: readonly (readonly [LossName, Activation])[];
  readonly levels: readonly number[];
  readonly seeds: number;
  readonly steps: number;
  readonly draws: number; // of noise for least squares at several K; 200 times as many of batches
}

const tanh = lossNames.map((loss) => [loss, "tanh"] as const);
export const sobolevPresets: Readonly<Record<PresetName, SobolevPreset>> = {
  quick: {
    rows: [
      ...tanh.filter(([loss]) => ["l2", "s1", "s2", "s1+2"].includes(loss)),
      ["l2", "sigmoid"],
      ["s1", "sigmoid"],
    ],
    levels: [0.05, 1],
    seeds: 2,
    steps: 5000,
    draws: 5,
  },
  full: {
    rows: [...tanh, ...(["l2", "s1", "s2"] as const).map((loss) => [loss, "sigmoid"] as const)],
    levels: [0.05, 0.5, 1],
    seeds: 5,
    steps: 5000,
    draws: 20,
  },
};

export const plansOf = (preset: SobolevPreset, seed: number): SobolevPlan[] =>
  preset.rows.flatMap(([loss, activation]) =>
    preset.levels.flatMap((level) =>
      Array.from({ length: preset.seeds }, (_, i) => ({
        ...{ loss, activation, level },
        seed: seed + i,
        steps: preset.steps,
        every: Math.min(250, preset.steps),
      })),
    ),
  );
