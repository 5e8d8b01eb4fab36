import { deq } from "../../models/deq.ts";
import { dense } from "../../models/layers/dense.ts";
import type { Layer } from "../../models/layers/layer.ts";
import { mlp } from "../../models/mlp.ts";
import type { Model } from "../../models/model.ts";
import { normalisedCnn } from "../../models/normalised-cnn.ts";
import { sim } from "../../models/sim/sim.ts";
import { temporalConvolution } from "../../models/temporal-convolution.ts";
import type { SolverChoice } from "../../solvers/registry.ts";
import { adam } from "../../training/optimisers.ts";
import { cosineRate } from "../../training/schedules.ts";
import { convolutional, type Recipe, recipes } from "../monotone/mnist.ts";
import { followed } from "./followed.ts";
import { denseSteps, monotoneSteps } from "./steps.ts";

const image = [1, 28, 28] as const;
const solve = { rtol: 1e-3, testEvery: 3 };

export const imageNetworks = [
  "single",
  "two-tier",
  "feed-forward",
  "conv-monotone",
  "monotone",
  "deq",
] as const;
export type ImageNetwork = (typeof imageNetworks)[number];
const rate = { optimiser: adam(), schedule: cosineRate(3e-3) };

/** Networks of about 80,000 parameters for images of 28 × 28, and how each is trained. */
export const imageRecipes: Readonly<Record<ImageNetwork, Recipe & { readonly title: string }>> = {
  single: {
    title: "SIM, single-tier",
    model: () =>
      sim({ basis: normalisedCnn({ image, channels: 24, outputs: 50 }), width: 32, outputs: 10 }),
    ...rate,
  },
  "two-tier": {
    title: "SIM, two-tier",
    model: () =>
      sim({
        basis: normalisedCnn({ image, channels: 21, outputs: 50 }),
        fourier: { count: 104, bandwidth: 10 },
        width: 32,
        outputs: 10,
      }),
    ...rate,
  },
  // The basis of the first, then layers as many as U, V and the inverse basis are in parameters.
  "feed-forward": {
    title: "feed-forward",
    model: () =>
      followed(normalisedCnn({ image, channels: 24, outputs: 50 }), mlp([50, 56, 56, 10])),
    ...rate,
  },
  "conv-monotone": {
    title: "monotone DEQ, convolutions",
    model: () => convolutional(54),
    ...rate,
  },
  monotone: { title: "monotone DEQ, dense", ...recipes.dense },
  deq: {
    title: "DEQ, dense",
    model: () =>
      deq({
        inputs: 784,
        outputs: 10,
        layer: dense({ width: 92 }),
        forward: solve,
        backward: solve,
      }),
    optimiser: adam(),
    schedule: cosineRate(1e-3),
  },
};

export const memoryNetworks = ["single", "two-tier", "feed-forward", "monotone", "deq"] as const;
export type MemoryNetwork = (typeof memoryNetworks)[number];
export const memoryTitles: Readonly<Record<MemoryNetwork, string>> = {
  single: "SIM, single-tier",
  "two-tier": "SIM, two-tier",
  "feed-forward": "feed-forward",
  monotone: "monotone DEQ",
  deq: "DEQ",
};

/**
 * Networks for copy memory with a delay of T. Both kinds of SIM have 17,294 parameters; the others are the
 * same convolutions with as many behind them as V, U, the inverse basis and the head have.
 *
 * @param deviation  of the normal start of V, U, the inverse basis and the head of a SIM; null for the usual one
 */
export function memoryNetwork(
  name: MemoryNetwork,
  delay: number,
  deviation: number | null,
  bandwidth = 500,
): Model {
  const [length, outputs] = [delay + 20, 10];
  const sizes = { length, inputs: 1, channels: 10, levels: 8, kernel: 8, outputs: 32 };
  const basis = temporalConvolution(sizes);
  const equilibrium = (layer: Layer, solver: SolverChoice) =>
    deq({ inputs: length * 32, outputs, layer, forward: solver, backward: solver });
  switch (name) {
    case "feed-forward":
      return followed(basis, mlp([32, 32, 32, 32, 32, outputs]));
    case "monotone":
      return followed(
        basis,
        equilibrium(monotoneSteps({ length, features: 32, width: 38 }), {
          method: "picard",
          ...solve,
        }),
      );
    case "deq":
      return followed(basis, equilibrium(denseSteps({ length, features: 32, width: 49 }), solve));
    default:
      return sim({
        basis,
        ...(name === "two-tier" && { fourier: { count: 32, bandwidth } }),
        width: 32,
        outputs,
        ...(deviation !== null && { initial: { kind: "normal", deviation } }),
      });
  }
}
