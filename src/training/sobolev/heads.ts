import { UsageError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import { affine } from "../../graph/ops/linear.ts";
import { uniformFanIn } from "../../models/initialise.ts";
import type { Model, Parameters } from "../../models/model.ts";

const prefix = "head.";

/**
 * A model with an auxiliary linear head f_ℓ = C_ℓ z_ℓ + c_ℓ on each of its hidden layers, trained with it and
 * left in `pass.auxiliary`. Heads are there only while training: evaluation and export compute without them.
 * The model starts as it would without.
 *
 * Mohr et al. (2021), "Applications of Koopman mode analysis to neural networks", section on Sobolev 1.
 *
 * @throws UsageError  for a model without hidden layers that can be read
 */
export function withHeads(model: Model): Model {
  const { hidden = [], outputs } = model;
  if (hidden.length === 0)
    throw new UsageError(
      `withHeads: ${model.kind} has no hidden layer that a head could stand on`,
      "take an mlp with hidden layers, deq or monotone-deq, or the loss sobolev-2",
    );
  return {
    ...model,
    initialise: (seed) => ({
      ...model.initialise(seed),
      ...Object.fromEntries(
        hidden.flatMap((width, i) =>
          Object.entries({ weight: [outputs, width], bias: [outputs] }).map(([part, shape]) => {
            const name = `${prefix}${i}.${part}`;
            return [name, uniformFanIn(shape, width, seed, name)];
          }),
        ),
      ),
    }),
    explicit: (parameters, supplies) => ({
      ...model.explicit(withoutHeads(parameters), supplies),
      ...(supplies && headsOf(parameters)),
    }),
    apply: (p, x, pass) => {
      if (!(`${prefix}0.weight` in p)) return model.apply(p, x, pass);
      const layers: Value[] = [];
      const prediction = model.apply(p, x, { ...pass, hidden: layers });
      pass.hidden?.push(...layers);
      layers.forEach((z, i) => {
        pass.auxiliary?.push(affine(z, p[`${prefix}${i}.weight`], p[`${prefix}${i}.bias`]));
      });
      return prediction;
    },
  };
}

/** The parameters of the model itself, once its heads have done their work. */
export const withoutHeads = <T extends Parameters[string] | Value>(
  parameters: Readonly<Record<string, T>>,
): Readonly<Record<string, T>> => only(parameters, (name) => !name.startsWith(prefix));

const headsOf = <T>(parameters: Readonly<Record<string, T>>) =>
  only(parameters, (name) => name.startsWith(prefix));

const only = <T>(record: Readonly<Record<string, T>>, keep: (name: string) => boolean) =>
  Object.fromEntries(Object.entries(record).filter(([name]) => keep(name)));
