import type { Dataset } from "../../data/dataset.ts";
import { NumericError } from "../../errors.ts";
import { accuracyOf, type DenseLayer, logitsOf, type Network } from "../../hybrid/network.ts";

import { trainedNetwork } from "../../hybrid/train.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import type { Stored } from "../stored.ts";
import { type RecipePlan, recipeOf } from "./plan.ts";

/** A layer as JSON: float32 numbers, of which a decimal would take three times the room, in base 64. */
export interface StoredLayer {
  readonly shape: readonly [number, number];
  readonly weights: string;
  readonly bias: string;
}

export const storedLayer = ({ weights, bias }: DenseLayer): StoredLayer => ({
  shape: [weights.rows, weights.cols],
  weights: packed(weights.data),
  bias: packed(bias),
});
export const layerOf = ({ shape, weights, bias }: StoredLayer): DenseLayer => ({
  weights: { rows: shape[0], cols: shape[1], data: unpacked(weights) },
  bias: unpacked(bias),
});

const packed = (data: Float64Array) =>
  Buffer.from(Float32Array.from(data).buffer).toString("base64");
const unpacked = (text: string) => {
  const bytes = Uint8Array.from(Buffer.from(text, "base64"));
  return Float64Array.from(new Float32Array(bytes.buffer));
};

/** A part of the study that is kept. */
export interface Part<R> {
  readonly plan: unknown;
  readonly result: R;
}
export type Parts = Stored<Part<unknown>>;

/** A part as it is stored, or made now and stored. */
export async function part<R>(
  stored: Parts,
  name: string,
  plan: unknown,
  make: () => Promise<R> | R,
): Promise<R> {
  const found = stored.read(name, plan);
  if (found) return found.result as R;
  const result = await make();
  stored.write(name, { plan, result });
  return result;
}

export const matrixOf = ({ features, count, width }: Dataset, from = 0, to = count): Matrix => ({
  rows: to - from,
  cols: width,
  data: Float64Array.from(features.subarray(from * width, to * width)),
});
export function labelsOf({ targets, name }: Dataset): BigInt64Array {
  if (targets.kind !== "classes") throw new NumericError(`${name} has no classes`);
  return targets.labels;
}

/** Share of the rows of a data set that a network names rightly. */
export const accuracyOn = (network: Network, data: Dataset): number =>
  accuracyOf(logitsOf(network, matrixOf(data)), labelsOf(data));

/** A classifier trained from a seed, kept; a run that is lost (units that died) is given up early. */
export async function baseNetwork(
  stored: Parts,
  name: string,
  {
    widths,
    base,
    seed,
  }: {
    readonly widths: readonly number[];
    readonly base: RecipePlan;
    readonly seed: number;
  },
  train: Dataset,
): Promise<Network> {
  const plan = { widths, base, seed, rows: train.count };
  const layers = await part(stored, name, plan, async () => {
    let epochs = 0;
    const lost = (accuracy = 1) => ++epochs >= 0.1 * base.epochs && epochs > 50 && accuracy < 0.75;
    const network = await trainedNetwork(widths, train, recipeOf(base), {
      seed,
      enough: ({ accuracy }) => lost(accuracy),
    });
    return network.layers.map(storedLayer);
  });
  return { layers: layers.map(layerOf) };
}
