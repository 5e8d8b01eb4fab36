import { type Dataset, selectRows } from "../../data/dataset.ts";
import { UsageError } from "../../errors.ts";
import { deq } from "../../models/deq.ts";
import { dense } from "../../models/layers/dense.ts";
import { mlp } from "../../models/mlp.ts";
import { type Model, trainedCount } from "../../models/model.ts";
import { monotoneDeq } from "../../models/monotone-deq.ts";
import { coordinates } from "../../models/sim/coordinates.ts";
import { sim } from "../../models/sim/sim.ts";
import { fit } from "../../training/fit.ts";
import { adam } from "../../training/optimisers.ts";
import { cosineRate } from "../../training/schedules.ts";
import { finished } from "./finished.ts";
import { outputsOf } from "./outputs.ts";
import { type PictureName, picture, pixelSet } from "./pictures.ts";

export const drawers = ["single", "two-tier", "fourier", "fcn", "monotone", "deq"] as const;
export type Drawer = (typeof drawers)[number];
export const drawerTitles: Readonly<Record<Drawer, string>> = {
  single: "SIM, single-tier",
  "two-tier": "SIM, two-tier",
  fourier: "SIM, Fourier",
  fcn: "feed-forward",
  monotone: "monotone DEQ",
  deq: "DEQ",
};

/** What is trained, as plain data: with the seed it decides the result. */
export interface DrawingPlan {
  readonly name: Drawer;
  readonly picture: PictureName;
  readonly side: number;
  readonly width: number; // of the basis and its features
  readonly inverse: number; // r
  readonly bandwidths: readonly number[]; // tried by the validation pixels; none without Fourier features
  readonly steps: number; // of the final training; a search takes a quarter of them
  readonly rate: number;
  readonly seed: number;
}

export interface Drawing {
  readonly plan: DrawingPlan;
  readonly parameters: number;
  readonly bandwidth: number | null;
  /** −10 log₁₀ of the mean squared error, of the pixels of odd rows and columns. */
  readonly psnr: number;
  readonly trained: number; // the same of the pixels that were trained on
  readonly pixels: readonly number[]; // of the whole picture [side × side × 3]
  /** Evaluations of the layer for one pixel in the last step: 1 where nothing is solved. */
  readonly evaluations: number;
  readonly seconds: number;
}

const solve = { method: "picard", rtol: 1e-2, testEvery: 3 };

export function drawerModel(
  { name, width, inverse }: Pick<DrawingPlan, "name" | "width" | "inverse">,
  bandwidth: number | null,
): Model {
  const basis = mlp([2, width, width, width]);
  const single = sim({ basis, width: inverse, outputs: 3 });
  if (name === "single") return single;
  const count = trainedCount(single);
  if (name === "fcn") {
    // Four hidden layers, as many as SIM has ReLUs: 3h² + 9h + 3.
    const h = widthFor(count, [3, 9, 3]);
    return mlp([2, h, h, h, h, 3]);
  }
  const sizes = { inputs: 2, outputs: 3, forward: solve, backward: solve };
  if (name === "monotone") return monotoneDeq({ ...sizes, width: widthFor(count, [2, 6, 3]) });
  if (name === "deq") {
    // Kept a contraction: without that its solves end after 100 iterations without having converged.
    const normalise = { kind: "spectral", target: 0.9, scale: "shrink" } as const;
    return deq({ ...sizes, layer: dense({ width: widthFor(count, [1, 6, 3]) }), normalise });
  }
  const fourier = { count: width, bandwidth: bandwidth! };
  const first = name === "fourier" ? coordinates(2) : basis;
  return sim({ basis: first, fourier, width: inverse, outputs: 3 });
}

/** The width h at which a h² + b h + c parameters are nearest to a count. */
const widthFor = (count: number, [a, b, c]: readonly [number, number, number]) =>
  Math.round((-b + Math.sqrt(b * b + 4 * a * (count - c))) / (2 * a));

/** Trains on the pixels of even rows and columns; a bandwidth is chosen by those of even rows and odd columns. */
export async function drawing(plan: DrawingPlan): Promise<Drawing> {
  const { side, seed, steps } = plan;
  const target = picture(plan.picture, side, seed);
  const [train, validate, test] = [
    [0, 0],
    [0, 1],
    [1, 1],
  ].map(([row, column]) => pixelSet(target, [row, column]));
  const began = performance.now();
  const run = (bandwidth: number | null, count: number) =>
    trained(drawerModel(plan, bandwidth), train, { ...plan, steps: count });
  let best: { bandwidth: number | null; psnr: number } = { bandwidth: null, psnr: -Infinity };
  for (const bandwidth of plan.bandwidths) {
    const { predict } = await run(bandwidth, Math.ceil(steps / 4));
    const found = psnrOf(await predict(validate), validate);
    if (found > best.psnr) best = { bandwidth, psnr: found };
  }
  const { predict, evaluations } = await run(best.bandwidth, steps);
  return {
    plan,
    parameters: trainedCount(drawerModel(plan, best.bandwidth)),
    bandwidth: best.bandwidth,
    psnr: psnrOf(await predict(test), test),
    trained: psnrOf(await predict(train), train),
    pixels: await predict(pixelSet(target, null)),
    evaluations,
    seconds: (performance.now() - began) / 1000,
  };
}

/** Full-batch training on one thread; `predict` gives a set's values. */
async function trained(
  model: Model,
  train: Dataset,
  { steps, rate, seed }: { readonly steps: number; readonly rate: number; readonly seed: number },
) {
  let theta = new Float32Array() as Readonly<Float32Array>;
  let evaluations = 1;
  const settings = {
    ...{ seed, epochs: steps, batch: train.count },
    optimiser: adam(),
    schedule: cosineRate(rate),
    compile: { threads: 1 },
  };
  // An epoch is one step, and ends with a test: of one pixel, since nothing is made of it.
  for await (const event of fit(model, { train, test: selectRows(train, [0]) }, settings)) {
    finished(model, event);
    if (event.type === "epoch") evaluations = event.train.forward?.meanIterations ?? 1;
    if (event.type === "end") theta = event.state.theta;
  }
  const predict = async (set: Dataset): Promise<number[]> => {
    const outputs = await outputsOf(model, set, set.count);
    const found = await outputs.of(theta);
    await outputs.release();
    return found;
  };
  return { predict, evaluations };
}

/** −10 log₁₀ of the mean squared error, in dB. */
export function psnrOf(predicted: readonly number[], { targets }: Dataset): number {
  if (targets.kind !== "values" || targets.values.length !== predicted.length)
    throw new UsageError(`psnrOf: ${predicted.length} numbers are not those of the set`);
  const { values } = targets;
  const squares = predicted.reduce((sum, y, i) => sum + (y - values[i]) ** 2, 0);
  return -10 * Math.log10(squares / values.length);
}
