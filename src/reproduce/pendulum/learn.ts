import type { Value } from "../../graph/node.ts";
import { full } from "../../graph/ops/movement.ts";
import { elementCount } from "../../graph/shape.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { input } from "../../graph/value.ts";
import type { Parameters } from "../../models/model.ts";
import type { SequenceModel } from "../../models/sequence.ts";
import { compile } from "../../runtime/program.ts";
import { adam } from "../../training/optimisers.ts";
import { cosineRate } from "../../training/schedules.ts";
import { fitSequences, type Sequences } from "../../training/sequence-fit.ts";

export interface LearnPlan {
  readonly steps: number;
  readonly batch: number;
  readonly rate: number;
  readonly seed: number;
  /** Steps between two looks at the validation data. */
  readonly checkEvery: number;
}

export interface Learned {
  readonly parameters: Parameters;
  /** Least mean square on the validation data, and the step that had it. */
  readonly validation: number;
  readonly step: number;
  /** Of the optimisation alone. */
  readonly seconds: number;
}

/** Numbers that training moves. */
export const parameterCount = (parameters: Parameters): number =>
  Object.values(parameters).reduce((sum, { shape }) => sum + elementCount(shape)!, 0);

/** Outputs of a model for sequences of inputs [N, T, inputs], from states of 0. */
export async function simulator(model: SequenceModel, samples: number, extra = {}) {
  const parameters = Object.fromEntries(
    Object.entries(model.initialise(0)).map(([name, { dtype, shape }]) => [
      name,
      input(name, dtype, shape),
    ]),
  );
  const u = input("u", "float32", ["N", samples, model.inputs]);
  const x0 = full(0, [u.shape[0], model.states], u);
  const { y } = model.simulate(model.explicit(parameters), u, x0);
  const program = await compile({ ...parameters, u } as Record<string, Value>, { y, ...extra });
  return {
    run: async (values: Parameters, inputs: Tensor) =>
      (await program.run({ ...values, u: inputs })).y.data as Float32Array,
    release: () => program.release(),
  };
}

export const meanSquare = (a: Float32Array, b: Float32Array): number =>
  a.reduce((sum, x, k) => sum + (x - b[k]) ** 2, 0) / a.length;

/**
 * Trains by Adam along half a cosine and keeps the parameters that are best on the validation data.
 * The same for every kind of model.
 */
export async function learn(
  model: SequenceModel,
  train: Sequences,
  validation: Sequences,
  { steps, batch, rate, seed, checkEvery }: LearnPlan,
): Promise<Learned> {
  const looking = await simulator(model, validation.u.shape[1]);
  const target = validation.y.data as Float32Array;
  let best = { validation: Infinity, step: 0, parameters: model.initialise(seed) };
  let looked = 0;
  const began = performance.now();
  try {
    await fitSequences(
      model,
      { u: train.u, y: train.y },
      {
        seed,
        steps,
        batch,
        optimiser: adam(),
        schedule: cosineRate(rate),
        clipNorm: 1,
        stepsPerCall: checkEvery,
        afterCall: async (parameters, step) => {
          const since = performance.now();
          const found = meanSquare(await looking.run(parameters, validation.u), target);
          // The arrays are views of a vector that the next call replaces, not overwrites.
          if (found < best.validation) best = { validation: found, step, parameters };
          looked += performance.now() - since;
          return false;
        },
      },
    );
  } finally {
    await looking.release();
  }
  return { ...best, seconds: (performance.now() - began - looked) / 1000 };
}
