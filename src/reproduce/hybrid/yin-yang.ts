import { yinYangBinary } from "../../data/yin-yang.ts";
import { NumericError } from "../../errors.ts";
import type { Network } from "../../hybrid/network.ts";
import { type ScalingBlock, type ScalingStart, trainScaling } from "../../hybrid/scaling.ts";
import { attemptSeed } from "../../training/watch.ts";
import {
  accuracyOn,
  baseNetwork,
  labelsOf,
  layerOf,
  matrixOf,
  type Parts,
  part,
  type StoredLayer,
  storedLayer,
} from "./base.ts";
import { recipeOf, type YinYangPlan } from "./plan.ts";
import {
  type Accuracies,
  bothTrajectories,
  type LayerCase,
  layerCase,
  liftVariants,
  scaledAccuracy,
  untrainedTerminal,
  windowVariants,
  yinYangDictionaries,
} from "./variants.ts";

/** The hidden layers of 2-8-6-4-3-2 that are replaced, as the paper names them. */
export const yinYangLayers = { "8×6": 1, "6×4": 2, "4×3": 3 } as const;
export type LayerName = keyof typeof yinYangLayers;

/** One layer of one network: what the scaling came to, and every variant's accuracy on fresh samples. */
export interface LayerResult {
  readonly start: ScalingStart;
  readonly scaled: number;
  readonly loss: number;
  /** Whether the block keeps the network within 0.5 points. */
  readonly good: boolean;
  readonly block: readonly StoredLayer[];
  readonly accuracies: Accuracies;
}

export interface NetResult {
  readonly seed: number;
  readonly layers: Readonly<Record<LayerName, LayerResult>>;
  readonly original: number; // on fresh samples
  readonly figure: number; // on the 1,000 samples of the paper's figure
}

export interface YinYangResult {
  readonly nets: readonly NetResult[];
  /** Every network that was trained: its seed and accuracy. */
  readonly tried: readonly { readonly seed: number; readonly accuracy: number }[];
  readonly networks: readonly Network[];
}

/** The samples of the study: those of seed 123 are the paper's, those of 777 no fit has seen. */
export const yinYangData = ({ samples, fresh }: Pick<YinYangPlan, "samples" | "fresh">) => {
  const paper = yinYangBinary(1000 + samples, 123);
  return {
    train: yinYangBinary(2000, 42),
    scaling: yinYangBinary(2000, 123),
    figure: yinYangBinary(1000, 123),
    fit: matrixOf(paper, 1000), // not those that the figure is of
    fresh: yinYangBinary(fresh, 777),
  };
};

/**
 * Trains networks until enough are good, replaces each of their hidden layers in every way, and measures on
 * fresh samples. Each network is a part that is kept.
 */
export async function yinYangStudy(
  plan: YinYangPlan,
  seed: number,
  stored: Parts,
  progress: (part: string) => void,
): Promise<YinYangResult> {
  const data = yinYangData(plan);
  const found: {
    nets: NetResult[];
    networks: Network[];
    tried: { seed: number; accuracy: number }[];
  } = { nets: [], networks: [], tried: [] };
  for (let k = 0; k < plan.tries && found.nets.length < plan.nets; k++) {
    const own = seed + k;
    progress(`Yin-Yang network ${k + 1}, ${found.nets.length} of ${plan.nets} are good`);
    const name = `yin-yang-${own}`;
    const network = await baseNetwork(stored, name, { ...plan, seed: own }, data.train);
    const figure = accuracyOn(network, data.figure);
    found.tried.push({ seed: own, accuracy: figure });
    if (figure < plan.least) continue;
    const layers = await part(stored, `${name}-layers`, { plan, seed: own }, () =>
      layersOf(network, plan, own, data),
    );
    found.networks.push(network);
    found.nets.push({ seed: own, layers, original: accuracyOn(network, data.fresh), figure });
  }
  if (found.nets.length === 0)
    throw new NumericError(
      `none of ${plan.tries} networks reaches ${100 * plan.least} %`,
      "take another seed",
    );
  return found;
}

async function layersOf(
  network: Network,
  plan: YinYangPlan,
  seed: number,
  data: ReturnType<typeof yinYangData>,
) {
  const results = {} as Record<LayerName, LayerResult>;
  for (const [name, l] of Object.entries(yinYangLayers) as [LayerName, number][]) {
    const fresh = matrixOf(data.fresh);
    const one = layerCase(network, l, data.fit, fresh, labelsOf(data.fresh));
    const scaling = layerCase(network, l, matrixOf(data.scaling), fresh, one.labels).fit;
    const { block, scaled, good } = await scaledLayer(one, scaling, plan, seed);
    results[name] = {
      ...{ start: block.start, loss: block.loss, scaled, good },
      block: block.layers.map(storedLayer),
      accuracies: {
        ...windowVariants(one, bothTrajectories(one, block), plan.trajectories),
        "terminal, untrained": untrainedTerminal(one, seed),
        ...liftVariants(one, yinYangDictionaries(seed)),
      },
    };
  }
  return results;
}

/** The block of the first start that keeps the accuracy within 0.5 points, else the best. */
async function scaledLayer(
  one: LayerCase,
  X: LayerCase["fit"],
  plan: YinYangPlan,
  seed: number,
): Promise<{ block: ScalingBlock; scaled: number; good: boolean }> {
  const layer = one.network.layers[one.layer];
  const original = scaledAccuracy(one, { layers: [] });
  let best: { block: ScalingBlock; scaled: number; good: boolean } | null = null;
  for (const [k, start] of plan.starts.entries()) {
    const options = { seed: attemptSeed(seed, k), start };
    const block = await trainScaling(layer, X, recipeOf(plan.scaling), options);
    const scaled = scaledAccuracy(one, block);
    const good = scaled >= original - 0.005;
    if (best === null || scaled > best.scaled) best = { block, scaled, good };
    if (good) break;
  }
  return best!;
}

/** The block of a layer as it is stored. */
export const blockOf = ({ block }: LayerResult) => ({ layers: block.map(layerOf) });
