import type { Dictionary } from "../../hybrid/dictionary.ts";
import { delayOperator, stepsAhead } from "../../hybrid/glued.ts";
import { fitLift, lifted } from "../../hybrid/lift.ts";
import { accuracyOf, denseRelu, entering, leaving, type Network } from "../../hybrid/network.ts";
import { type ScalingBlock, untrainedScaling } from "../../hybrid/scaling.ts";
import {
  firstOf,
  gluedSeries,
  type Trajectories,
  trajectoriesOf,
} from "../../hybrid/trajectories.ts";
import { predicted, terminalMap, type WindowMap } from "../../hybrid/window-map.ts";
import { rolledOut, withinOperator } from "../../hybrid/within.ts";
import type { Matrix } from "../../linalg/matrix.ts";

/** A layer with what enters it, of samples to fit on and of fresh ones. */
export interface LayerCase {
  readonly network: Network;
  readonly layer: number;
  readonly fit: Matrix; // what enters the layer [samples × width]
  readonly fresh: Matrix;
  readonly labels: BigInt64Array; // of the fresh ones
}

export const layerCase = (
  network: Network,
  layer: number,
  fit: Matrix,
  fresh: Matrix,
  labels: BigInt64Array,
): LayerCase => ({
  network,
  layer,
  fit: entering(network, layer, fit),
  fresh: entering(network, layer, fresh),
  labels,
});

/** Accuracy of the network with this in place of what leaves the layer. */
export const accuracyWith = ({ network, layer, labels }: LayerCase, Y: Matrix): number =>
  accuracyOf(leaving(network, layer, Y), labels);

/** What leaves the layer, of the samples to fit on. */
export const outputOf = ({ network, layer, fit }: LayerCase): Matrix =>
  denseRelu(network.layers[layer], fit);

/** The trajectories of the samples to fit on and of the fresh ones. */
export function bothTrajectories(one: LayerCase, { layers }: Pick<ScalingBlock, "layers">) {
  const own = one.network.layers[one.layer];
  return {
    fit: trajectoriesOf(own, layers, one.fit),
    fresh: trajectoriesOf(own, layers, one.fresh),
  };
}
export type Both = ReturnType<typeof bothTrajectories>;

/** Accuracy of the network with the block in front of the layer. */
export function scaledAccuracy(one: LayerCase, block: Pick<ScalingBlock, "layers">): number {
  const through = block.layers.reduce((h, layer) => denseRelu(layer, h), one.fresh);
  return accuracyWith(one, denseRelu(one.network.layers[one.layer], through));
}

/** As printed: glued series, truncated operator, N − 1 − h linear steps. */
export function gluedMap(fit: Trajectories, h: number, rank?: number): WindowMap {
  const operator = delayOperator(gluedSeries(fit), h, { rank });
  return stepsAhead(operator, fit.snapshots.length - 1 - h, fit.outputs);
}

export const withinMap = (fit: Trajectories, h: number): WindowMap =>
  rolledOut(withinOperator(fit, h), fit.outputs);

/** Accuracies by the name of the variant. */
export type Accuracies = Readonly<Record<string, number>>;

/** Each variant that stands for the layer by a map of the window of its scaling block. */
export function windowVariants(one: LayerCase, both: Both, trajectories: number): Accuracies {
  const of = (map: WindowMap) => accuracyWith(one, predicted(map, both.fresh));
  const found: Record<string, number> = {};
  const glued = firstOf(both.fit, Math.min(trajectories, both.fit.samples));
  for (const h of [10, 8, 5, 3, 1]) found[`glued h=${h}`] = of(gluedMap(glued, h));
  for (const h of [10, 8, 5]) found[`within h=${h}`] = of(withinMap(both.fit, h));
  for (const h of [10, 5, 3, 2, 1])
    found[`terminal h=${h}`] = of(terminalMap(both.fit, h, { target: outputOf(one) }));
  return found;
}

/** The terminal map of a block that nobody trained. */
export function untrainedTerminal(one: LayerCase, seed: number): number {
  const own = one.network.layers[one.layer];
  const both = bothTrajectories(one, untrainedScaling(own, { seed, start: "he" }));
  return accuracyWith(
    one,
    predicted(terminalMap(both.fit, 10, { target: outputOf(one) }), both.fresh),
  );
}

export const yinYangDictionaries = (seed: number): Readonly<Record<string, Dictionary>> => ({
  affine: { kind: "affine" },
  "polynomial 2": { kind: "polynomial", degree: 2 },
  "polynomial 3": { kind: "polynomial", degree: 3 },
  fourier: { kind: "fourier", features: 200, width: 3, seed },
  relu: { kind: "relu", features: 80, seed },
});

/** The layer as one linear map of observables of its input: no block runs. */
export function liftVariants(
  one: LayerCase,
  dictionaries: Readonly<Record<string, Dictionary>>,
): Accuracies {
  return Object.fromEntries(
    Object.entries(dictionaries).map(([name, dictionary]) => [
      name,
      accuracyWith(one, lifted(fitLift(one.fit, outputOf(one), { dictionary }), one.fresh)),
    ]),
  );
}
