import type { ScalingStart } from "../../hybrid/scaling.ts";
import type { Recipe } from "../../hybrid/train.ts";
import { adamW } from "../../training/optimisers.ts";

/** Numbers of a recipe as plain JSON. */
export interface RecipePlan {
  readonly rate: number;
  readonly epochs: number;
  readonly batch: number;
  readonly weightDecay: number;
  readonly betas?: readonly [number, number];
  readonly plateau?: Recipe["plateau"];
}

export const recipeOf = ({ weightDecay, betas, ...rest }: RecipePlan): Recipe => ({
  ...rest,
  optimiser: adamW({ weightDecay, ...(betas && { beta1: betas[0], beta2: betas[1] }) }),
});

export interface YinYangPlan {
  readonly widths: readonly number[];
  readonly nets: number;
  /** Networks that are tried at most until so many are good. */
  readonly tries: number;
  readonly least: number; // accuracy of a network that is taken
  readonly base: RecipePlan;
  readonly scaling: RecipePlan;
  /** Samples that the honest fits take, and the first of them that the glued series is made of. */
  readonly samples: number;
  readonly trajectories: number;
  readonly fresh: number;
  /** Starts of the block, in the order in which they are tried. */
  readonly starts: readonly ScalingStart[];
}

export interface MnistPlan {
  readonly widths: readonly number[];
  readonly images: number; // of training
  readonly base: RecipePlan;
  readonly scaling: RecipePlan;
  readonly scalingImages: number;
  readonly layers: readonly number[];
  readonly trajectories: readonly number[];
  readonly delays: readonly number[];
  readonly rank: number;
  readonly raw: boolean; // the fit on pixels that are not normalised, too
  readonly liftImages: number;
  readonly liftFeatures: number;
  readonly terminalImages: number;
  readonly test: number;
}

export interface HybridPlan {
  readonly yinYang: YinYangPlan;
  readonly mnist: MnistPlan;
}

const yinYang = { widths: [2, 8, 6, 4, 3, 2], least: 0.984, samples: 5000, fresh: 4000 } as const;
const mnist = { widths: [784, 256, 128, 64, 32, 10], rank: 500 } as const;

export const hybridPresets = {
  quick: {
    yinYang: {
      ...yinYang,
      nets: 3,
      tries: 15,
      base: { rate: 0.01, epochs: 500, batch: 200, weightDecay: 0.01 },
      scaling: { rate: 2e-3, epochs: 300, batch: 512, weightDecay: 1e-4, betas: [0.8, 0.8] },
      trajectories: 500,
      starts: ["near-identity", "near-identity"],
    },
    mnist: {
      ...mnist,
      images: 10_000,
      base: { rate: 2e-3, epochs: 10, batch: 128, weightDecay: 0.01 },
      scaling: { rate: 1e-3, epochs: 40, batch: 512, weightDecay: 0.01 },
      scalingImages: 5000,
      layers: [3],
      trajectories: [10, 50, 500],
      delays: [1, 5, 10],
      raw: false,
      liftImages: 4000,
      liftFeatures: 500,
      terminalImages: 2000,
      test: 4000,
    },
  },
  full: {
    yinYang: {
      ...yinYang,
      nets: 10,
      tries: 60,
      base: { rate: 5e-3, epochs: 5000, batch: 1000, weightDecay: 0.01 },
      scaling: {
        rate: 2e-3,
        epochs: 3000,
        batch: 512,
        weightDecay: 1e-4,
        betas: [0.8, 0.8],
        plateau: { factor: 0.5, patience: 300, threshold: 1e-4 },
      },
      trajectories: 5000,
      starts: ["he", "near-identity", "near-identity"],
    },
    mnist: {
      ...mnist,
      images: 60_000,
      base: {
        rate: 1e-2,
        epochs: 30,
        batch: 4096,
        weightDecay: 0.1,
        plateau: { factor: 0.5, patience: 1, threshold: 1e-4 },
      },
      scaling: {
        rate: 1e-3,
        epochs: 25,
        batch: 512,
        weightDecay: 0.01,
        plateau: { factor: 0.5, patience: 2, threshold: 1e-3 },
      },
      scalingImages: 12_000,
      layers: [1, 2, 3],
      trajectories: [1, 10, 50, 500],
      delays: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      raw: true,
      liftImages: 30_000,
      liftFeatures: 2000,
      terminalImages: 6000,
      test: 10_000,
    },
  },
} as const satisfies Record<string, HybridPlan>;
