import { type RandomStream, randomStream } from "../../data/random.ts";
import type { Value } from "../../graph/node.ts";
import { add, tanh } from "../../graph/ops/elementwise.ts";
import { matmul } from "../../graph/ops/linear.ts";
import { squeeze, unsqueeze } from "../../graph/ops/movement.ts";
import { type Tensor, tensorOf } from "../../graph/tensor.ts";
import { input } from "../../graph/value.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import type { StateMap } from "../../solvers/iterate.ts";

/**
 * Many layers z ← tanh(Wz + c) of one width, each a sample of one batch with weights of its own, so
 * that one graph solves all of them.
 */
export interface Layers {
  readonly count: number;
  readonly width: number;
  readonly W: Float64Array; // [count, width, width]
  readonly c: Float64Array; // [count, width]
}

/** How a layer is drawn: its W, row by row, then its c = Ux + b. */
export interface Drawing {
  readonly width: number;
  readonly weight: (random: RandomStream) => number;
  readonly drive: (random: RandomStream) => Float64Array;
}

export function drawLayers(
  { width, weight, drive }: Drawing,
  count: number,
  random: RandomStream,
): Layers {
  const W = new Float64Array(count * width * width);
  const c = new Float64Array(count * width);
  for (let k = 0; k < count; k++) {
    for (let i = 0; i < width * width; i++) W[k * width * width + i] = weight(random);
    c.set(drive(random), k * width);
  }
  return { count, width, W, c };
}

/** Uniform in ±1/√fanIn, as torch.nn.Linear starts. */
const uniform = (random: RandomStream, fanIn: number) =>
  (2 * random.uniform() - 1) / Math.sqrt(fanIn);

export type Initialisation = "default" | "normal";

/**
 * The layers of the lecture: n = 10 units, T = 3 inputs x of N(0, 0.1²), U and b as torch.nn.Linear
 * draws them (fan-in 3 and 10); W likewise ("default") or of N(0, 1) ("normal").
 */
export function lectureLayers(kind: Initialisation, count: number, seed: number): Layers {
  const [width, inputs] = [10, 3];
  return drawLayers(
    {
      width,
      weight: kind === "default" ? (random) => uniform(random, width) : ({ normal }) => normal(),
      drive: (random) => {
        const x = Array.from({ length: inputs }, () => 0.1 * random.normal());
        return Float64Array.from({ length: width }, () =>
          x.reduce((sum, value) => sum + uniform(random, inputs) * value, uniform(random, width)),
        );
      },
    },
    count,
    randomStream(seed, "reproduce", "deq", kind),
  );
}

/** W of one layer, as a view. */
export const weightOf = ({ width, W }: Layers, k: number): Matrix => ({
  rows: width,
  cols: width,
  data: W.subarray(k * width * width, (k + 1) * width * width),
});

/** Row k of a table [count, width], as a view. */
export const rowOf = (table: Float64Array, width: number, k: number): Float64Array =>
  table.subarray(k * width, (k + 1) * width);

/** The inputs of a graph over layers, and what to feed them. */
export type LayerInputs = {
  readonly W: Value; // [N, n, n]
  readonly c: Value; // [N, n]
  readonly start: Value; // [N, n]
};

export const layerInputs = ({ width }: Pick<Layers, "width">): LayerInputs => ({
  W: input("W", "float64", ["N", width, width]),
  c: input("c", "float64", ["N", width]),
  start: input("start", "float64", ["N", width]),
});

/** @param start  [count, width]; from 0 when left out */
export const layerFeeds = (
  { count, width, W, c }: Layers,
  start: Float64Array = new Float64Array(count * width),
): Record<keyof LayerInputs, Tensor> => ({
  W: tensorOf(W, [count, width, width]),
  c: tensorOf(c, [count, width]),
  start: tensorOf(start, [count, width]),
});

/** z ↦ tanh(Wz + c) of every sample. */
export const layerMap =
  ({ W, c }: Pick<LayerInputs, "W" | "c">): StateMap =>
  (z) => [tanh(add(squeeze(matmul(W, unsqueeze(z, [2])), [2]), c))];
