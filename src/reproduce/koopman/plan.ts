import { cnn } from "../../models/cnn.ts";
import type { Model } from "../../models/model.ts";
import { constantRule, heRule, startedBy, xavierRule } from "../../models/start.ts";

/**
 * The network of Mohr et al. (2021): two convolutions 5 × 5 of 16 and 32 kernels with 2 × 2 max-pooling,
 * dense layers of 100 and 10. What the paper leaves open: valid padding, ReLU, biases that start at 0, so
 * that there are 65,558 parameters; Adam at 1e-3 in batches of 128. "normal" is N(0, 0.05²).
 */
export const network = (): Model =>
  cnn({ image: [1, 28, 28], channels: [16, 32], kernel: 5, hidden: [100], outputs: 10 });

const starts = { he: heRule, xavier: xavierRule, normal: constantRule(0.05) } as const;
export type StartName = keyof typeof starts;
export const startNames = Object.keys(starts) as StartName[];
export const startedNetwork = (start: StartName, model: Model = network()): Model =>
  startedBy(model, starts[start]);

/** One training run of the experiment. */
export interface TrainingPlan {
  readonly start: StartName;
  readonly seed: number;
  readonly images: number;
  readonly epochs: number;
  readonly batch: number;
  readonly rate: number;
  /** Coordinates to which the weights of each layer are projected before they are kept. */
  readonly coordinates: number;
}

export interface KoopmanPreset {
  readonly images: number;
  readonly epochs: number;
  readonly coordinates: number;
  /** The first so many snapshots, of the loss and of the weights, that spectra are taken of. */
  readonly lossRanges: readonly number[];
  readonly weightRanges: readonly number[];
}

export const koopmanPresets = {
  quick: {
    images: 512,
    epochs: 100,
    coordinates: 128,
    lossRanges: [40, 70, 100],
    weightRanges: [25, 50, 100],
  },
  full: {
    images: 2048,
    epochs: 500,
    coordinates: 512,
    lossRanges: [40, 100, 500],
    weightRanges: [50, 100, 500],
  },
} as const satisfies Record<string, KoopmanPreset>;

export const plansOf = ({ images, epochs, coordinates }: KoopmanPreset, seed: number) =>
  startNames.map(
    (start): TrainingPlan => ({ start, seed, images, epochs, batch: 128, rate: 1e-3, coordinates }),
  );
