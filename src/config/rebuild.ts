import { z } from "zod";
import { ShapeError } from "../errors.ts";
import { formatType, sameShape, type TensorType } from "../graph/shape.ts";
import { type Tensor, zerosOf } from "../graph/tensor.ts";
import { input } from "../graph/value.ts";
import type { Model } from "../models/model.ts";
import { type Deployed, deploy } from "../training/deploy.ts";
import { type Modelled, modelOf } from "./model-of.ts";
import { model } from "./models.ts";
import { forwardSolve } from "./schema.ts";

const count = z.int().min(1);

/** What the metadata `eigenflow.model` of a file of `train` say beside the model's own configuration. */
const about = z.looseObject({
  inputs: count,
  outputs: count,
  task: z.enum(["classes", "values"]),
  solver: forwardSolve.optional(),
});

/** What a file of `train` says of the model in it. */
export interface Described {
  readonly config: Modelled;
  readonly inputs: number;
  readonly outputs: number;
  readonly task: "classes" | "values";
}

/** The model as the metadata `eigenflow.model` of a file describe it; null where they describe none. */
export function describedModel(json: unknown): Described | null {
  const { data } = about.safeParse(json);
  if (data === undefined) return null;
  const { inputs, outputs, task, solver, ...rest } = data;
  const { features: _, classNames: __, target: ___, ...own } = rest; // of the data alone
  const settings = model.safeParse(own);
  if (!settings.success) return null;
  // Images of which nothing is said are those of mnist: no other data train without it.
  const config: Modelled = {
    model: settings.data,
    solver: solver && { forward: { method: "picard", ...solver } },
    data: { kind: "mnist" },
  };
  return { config, inputs, outputs, task };
}

/**
 * The file that this model is written as with these tensors: the same graph, by the same code, from what a
 * file says of itself and the numbers it holds. Tensors that are missing are taken as zeros.
 *
 * @throws EigenflowError  where tensors and description do not go together
 */
export function rebuilt(
  { config, inputs, outputs, task }: Described,
  tensors: Deployed,
): Uint8Array {
  const made = modelOf(config, inputs, outputs);
  const whole: Record<string, Tensor> = { ...tensors };
  for (const [name, { dtype, shape }] of Object.entries(tensorTypes(made))) {
    const sizes = shape as readonly number[];
    const found = whole[name];
    if (found === undefined) whole[name] = zerosOf(dtype, sizes);
    else if (found.dtype !== dtype || !sameShape(found.shape, shape))
      throw new ShapeError(
        `tensor ${name} is ${formatType(found)}, wanted ${formatType({ dtype, shape })}`,
      );
  }
  return deploy(made, whole, { task, doc: "", metadata: {} });
}

/** What a deployed model computes with. */
function tensorTypes({ initialise, explicit }: Model): Readonly<Record<string, TensorType>> {
  const parameters = Object.entries(initialise(0));
  const inputs = parameters.map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]);
  return explicit(Object.fromEntries(inputs));
}
