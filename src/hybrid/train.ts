import type { Dataset } from "../data/dataset.ts";
import { selectRows } from "../data/dataset.ts";
import { NumericError } from "../errors.ts";
import { constantStart } from "../models/initialise.ts";
import { mlp } from "../models/mlp.ts";
import type { Model, Parameters } from "../models/model.ts";
import type { FitStatus } from "../training/events.ts";
import { fit } from "../training/fit.ts";
import type { Optimiser } from "../training/optimisers.ts";
import { parametersOf } from "../training/state.ts";
import { type Network, networkOf } from "./network.ts";
import { type Enough, type PlateauOptions, plateauRate } from "./plateau.ts";

/** How a small network is trained. */
export interface Recipe extends Omit<PlateauOptions, "enough"> {
  readonly epochs: number;
  readonly batch: number;
  readonly optimiser: Optimiser;
}

/** A ReLU network of these widths, He-normal weights, biases at 0.01: the start of the paper's code. */
export const startedMlp = (widths: readonly number[]): Model => {
  const model = mlp(widths, { initial: "he" });
  return {
    ...model,
    initialise: (seed) =>
      Object.fromEntries(
        Object.entries(model.initialise(seed)).map(([name, tensor]) => [
          name,
          name.endsWith(".bias") ? constantStart(tensor.shape, 0.01) : tensor,
        ]),
      ),
  };
};

/** Trains a model on all rows; what is measured while it trains is of a few of them. */
export async function trained(
  model: Model,
  data: Dataset,
  recipe: Recipe,
  { seed, enough }: { readonly seed: number; readonly enough?: Enough },
): Promise<{ readonly parameters: Parameters; readonly loss: number; readonly status: FitStatus }> {
  const { schedule, observe } = plateauRate({ ...recipe, enough });
  const test = selectRows(
    data,
    Array.from({ length: Math.min(32, data.count) }, (_, i) => i),
  );
  const { epochs, optimiser } = recipe;
  const batch = Math.min(recipe.batch, data.count);
  let loss = Number.NaN;
  const options = { seed, epochs, batch, optimiser, schedule, observe };
  for await (const event of fit(model, { train: data, test }, options)) {
    if (event.type === "epoch") loss = event.train.loss;
    if (event.type === "end") {
      const { state, status } = event;
      return { parameters: parametersOf(model, state), loss, status };
    }
  }
  throw new NumericError("training ended without a result");
}

/** A ReLU classifier trained from `startedMlp`. */
export async function trainedNetwork(
  widths: readonly number[],
  data: Dataset,
  recipe: Recipe,
  options: { readonly seed: number; readonly enough?: Enough },
): Promise<Network> {
  const { parameters } = await trained(startedMlp(widths), data, recipe, options);
  return networkOf(parameters);
}
