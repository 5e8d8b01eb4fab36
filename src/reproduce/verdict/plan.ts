import { randomStream } from "../../data/random.ts";
import { cnn } from "../../models/cnn.ts";
import { mlp } from "../../models/mlp.ts";
import type { Model } from "../../models/model.ts";
import {
  constantRule,
  type DeviationRule,
  heRule,
  startedBy,
  xavierRule,
} from "../../models/start.ts";
import { adam, type Optimiser, sgd } from "../../training/optimisers.ts";

/** One training run, by names and numbers: it is stored with what came of it. */
export interface RunPlan {
  readonly id: string;
  readonly seed: number;
  readonly network: NetworkName;
  readonly start: StartName;
  readonly optimiser: OptimiserName;
  readonly rate: number;
  /** The rate as a multiple of one that suits network and optimiser. */
  readonly rateFactor: number;
  readonly batch: number | "full";
  readonly epochs: number;
  /** About half are held out: no threshold is ever chosen by them. */
  readonly part: "train" | "held-out";
}

/** What the runs train: networks, the images they see, and how many of them. */
const networks = {
  "tanh-8": { side: 8, images: 1000, model: () => mlp([64, 32, 10], { activation: "tanh" }) },
  "relu-8": { side: 8, images: 1000, model: () => mlp([64, 32, 32, 10]) },
  "sigmoid-8": {
    side: 8,
    images: 1000,
    model: () => mlp([64, 32, 32, 10], { activation: "sigmoid" }),
  },
  "cnn-8": {
    side: 8,
    images: 1000,
    model: () => cnn({ image: [1, 8, 8], channels: [8], kernel: 3, hidden: [32], outputs: 10 }),
  },
  "relu-28": { side: 28, images: 500, model: () => mlp([784, 32, 10]) },
  "cnn-28": {
    side: 28,
    images: 300,
    model: () => cnn({ image: [1, 28, 28], channels: [4, 8], hidden: [32], outputs: 10 }),
  },
} as const satisfies Record<string, Network>;
export interface Network {
  readonly side: number;
  readonly images: number;
  readonly model: () => Model;
}
export type NetworkName = keyof typeof networks;
export const networkOf = (name: NetworkName): Network => networks[name];

/** "normal" is N(0, 0.05²), the usual default of a random normal start. */
const starts = {
  he: heRule,
  xavier: xavierRule,
  normal: constantRule(0.05),
  tiny: constantRule(1e-3),
  huge: constantRule(3),
} as const satisfies Record<string, DeviationRule>;
export type StartName = keyof typeof starts;

const optimisers = {
  sgd: { make: () => sgd(), rate: 0.1 },
  momentum: { make: () => sgd({ momentum: 0.9 }), rate: 0.02 },
  adam: { make: () => adam(), rate: 2e-3 },
} as const satisfies Record<string, { make: () => Optimiser; rate: number }>;
export type OptimiserName = keyof typeof optimisers;

/** Half of the runs take a step that suits; the others one too small or too large. */
const rateFactors = [1, 1, 1, 1, 0.01, 0.1, 10, 100];

/** The model of a run, with its start, and the optimiser. */
export const modelOf = ({ network, start }: RunPlan): Model =>
  startedBy(networks[network].model(), starts[start]);
export const optimiserOf = ({ optimiser }: RunPlan): Optimiser => optimisers[optimiser].make();

export const presets = {
  /** 8 × 8 only, one batch size, half the epochs. */
  quick: {
    networks: { "tanh-8": 1, "relu-8": 1, "sigmoid-8": 1 },
    batches: [64],
    epochs: 300,
  },
  /** The cheap networks are drawn twice. */
  full: {
    networks: {
      "tanh-8": 2,
      "relu-8": 2,
      "sigmoid-8": 2,
      "cnn-8": 1,
      "relu-28": 1,
      "cnn-28": 1,
    },
    batches: ["full", 64],
    epochs: 600,
  },
} as const satisfies Record<string, Preset>;
export interface Preset {
  /** How many runs of each combination; each has its own seed. */
  readonly networks: Readonly<Partial<Record<NetworkName, number>>>;
  readonly batches: readonly (number | "full")[];
  readonly epochs: number;
}
export type PresetName = keyof typeof presets;

/**
 * Every network with every start, optimiser and batch size; the step size of each run is drawn. A run
 * depends on the seed and its own name only, not on the others.
 */
export function planRuns({ networks: names, batches, epochs }: Preset, seed: number): RunPlan[] {
  const runs: RunPlan[] = [];
  for (const [network, repeats] of Object.entries(names) as [NetworkName, number][])
    for (const start of Object.keys(starts) as StartName[])
      for (const optimiser of Object.keys(optimisers) as OptimiserName[])
        for (const [batch, k] of batches.flatMap((size) =>
          range(repeats).map((i) => [size, i] as const),
        )) {
          const id = `${network}-${start}-${optimiser}-${batch}-${k}`;
          const random = randomStream(seed, "run", id);
          const rateFactor = rateFactors[Math.floor(random.uniform() * rateFactors.length)];
          const rate = Number((optimisers[optimiser].rate * rateFactor).toPrecision(12));
          const part = random.uniform() < 0.5 ? "train" : "held-out";
          runs.push({
            id,
            seed: seed + k,
            network,
            start,
            optimiser,
            rate,
            rateFactor,
            batch,
            epochs,
            part,
          });
        }
  return runs;
}

const range = (n: number) => Array.from({ length: n }, (_, i) => i);
