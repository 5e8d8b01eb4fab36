import type { Dataset } from "../../data/dataset.ts";
import { mnist } from "../../data/mnist.ts";
import { delayOperator, stepsAhead } from "../../hybrid/glued.ts";
import { fitLift, lifted } from "../../hybrid/lift.ts";
import { entering, type Network } from "../../hybrid/network.ts";
import { type ScalingBlock, trainScaling } from "../../hybrid/scaling.ts";
import {
  firstOf,
  gluedSeries,
  type Trajectories,
  trajectoriesOf,
} from "../../hybrid/trajectories.ts";
import { predicted, terminalMap } from "../../hybrid/window-map.ts";
import {
  accuracyOn,
  baseNetwork,
  labelsOf,
  layerOf,
  matrixOf,
  type Parts,
  part,
  storedLayer,
} from "./base.ts";
import { type MnistPlan, recipeOf } from "./plan.ts";
import { accuracyWith, type LayerCase, layerCase, outputOf, scaledAccuracy } from "./variants.ts";

/** Accuracies of the published recipe by number of trajectories, then by h. */
export type Grid = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** One replaced layer of 784-256-128-64-32-10. */
export interface MnistLayer {
  readonly layer: number;
  readonly shape: readonly [number, number];
  readonly scaled: number;
  readonly normalised: Grid;
  readonly raw: Grid | null;
  readonly terminal: number;
  readonly affine: number;
  readonly lift: number;
  readonly lifted: { readonly parameters: number; readonly multiplyAdds: number };
}

export interface MnistResult {
  readonly original: number;
  readonly layers: readonly MnistLayer[];
}

/** Pixels as the paper's code has them: /255, less 0.1307, over 0.3081. */
const normalised = (data: Dataset): Dataset => ({
  ...data,
  features: data.features.map((pixel) => (pixel / 255 - 0.1307) / 0.3081),
});

const firstRows = (data: Dataset, count: number): Dataset => ({
  ...data,
  count,
  features: data.features.subarray(0, count * data.width),
  targets: { kind: "classes", labels: labelsOf(data).subarray(0, count), classes: 10 },
});

/** The grid of the paper's table, and the honest replacements, layer by layer; each a part that is kept. */
export async function mnistStudy(
  plan: MnistPlan,
  seed: number,
  stored: Parts,
  progress: (part: string) => void,
): Promise<MnistResult> {
  const { train: all, test: tests } = await mnist();
  const pixels = firstRows(all, plan.images);
  const [train, test] = [normalised(pixels), normalised(firstRows(tests, plan.test))];
  progress("MNIST network");
  const network = await baseNetwork(stored, "mnist", { ...plan, seed }, train);
  const layers: MnistLayer[] = [];
  for (const layer of plan.layers) {
    const { rows, cols } = network.layers[layer].weights;
    const name = `mnist-${cols}x${rows}`;
    const found = await part(stored, name, { plan, seed, layer }, async () => {
      progress(`MNIST: scaling the ${cols}×${rows} layer`);
      const block = await scalingOf(network, layer, plan, seed, stored, train);
      progress(`MNIST: replacing the ${cols}×${rows} layer`);
      return layerResult(network, layer, block, plan, seed, { pixels, train, test });
    });
    layers.push(found);
  }
  return { original: accuracyOn(network, test), layers };
}

async function scalingOf(
  network: Network,
  layer: number,
  plan: MnistPlan,
  seed: number,
  stored: Parts,
  train: Dataset,
): Promise<Pick<ScalingBlock, "layers">> {
  const { scaling, scalingImages, base, images } = plan;
  const key = { scaling, scalingImages, base, images, seed, layer };
  const layers = await part(stored, `mnist-scaling-${layer}`, key, async () => {
    const X = entering(network, layer, matrixOf(train, 0, scalingImages));
    const block = await trainScaling(network.layers[layer], X, recipeOf(scaling), {
      seed,
      start: "near-identity",
    });
    return block.layers.map(storedLayer);
  });
  return { layers: layers.map(layerOf) };
}

interface Images {
  readonly pixels: Dataset;
  readonly train: Dataset;
  readonly test: Dataset;
}

function layerResult(
  network: Network,
  layer: number,
  block: Pick<ScalingBlock, "layers">,
  plan: MnistPlan,
  seed: number,
  { pixels, train, test }: Images,
): MnistLayer {
  const own = network.layers[layer];
  const most = Math.max(...plan.trajectories);
  const testing = matrixOf(test);
  const one = layerCase(
    network,
    layer,
    matrixOf(train, 0, plan.liftImages),
    testing,
    labelsOf(test),
  );
  const fresh = trajectoriesOf(own, block.layers, one.fresh);
  const fewer = (count: number) => ({
    ...one.fit,
    rows: count,
    data: one.fit.data.subarray(0, count * one.fit.cols),
  });
  const grid = (from: Trajectories) => gridOf(one, from, fresh, plan);
  const terminal = terminalMap(trajectoriesOf(own, block.layers, fewer(plan.terminalImages)), 10, {
    ridge: 1e-6,
    target: outputOf({ ...one, fit: fewer(plan.terminalImages) }),
  });
  const y = outputOf(one);
  const features = plan.liftFeatures;
  const lift = fitLift(one.fit, y, { dictionary: { kind: "relu", features, seed }, ridge: 1e-6 });
  const affine = fitLift(one.fit, y, { dictionary: { kind: "affine" } });
  return {
    layer,
    shape: [own.weights.cols, own.weights.rows],
    scaled: scaledAccuracy(one, block),
    normalised: grid(trajectoriesOf(own, block.layers, fewer(most))),
    raw: plan.raw
      ? grid(trajectoriesOf(own, block.layers, entering(network, layer, matrixOf(pixels, 0, most))))
      : null,
    terminal: accuracyWith(one, predicted(terminal, fresh)),
    affine: accuracyWith(one, lifted(affine, one.fresh)),
    lift: accuracyWith(one, lifted(lift, one.fresh)),
    lifted: { parameters: lift.parameters, multiplyAdds: lift.multiplyAdds },
  };
}

function gridOf(one: LayerCase, from: Trajectories, fresh: Trajectories, plan: MnistPlan): Grid {
  const N = from.snapshots.length;
  const ofCount = (count: number) => {
    const series = gluedSeries(firstOf(from, count));
    const cells = plan.delays
      .filter((h) => series.rows > h + 1)
      .map((h) => {
        const operator = delayOperator(series, h, { rank: plan.rank });
        const map = stepsAhead(operator, N - 1 - h, from.outputs);
        return [String(h), accuracyWith(one, predicted(map, fresh))];
      });
    return [String(count), Object.fromEntries(cells)];
  };
  return Object.fromEntries(plan.trajectories.map(ofCount));
}
