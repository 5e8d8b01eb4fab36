import { requireStandardisation, type Standardisation } from "../data/standardise.ts";
import { requireObject, requireOneOf } from "../errors/arguments.ts";
import type { Values } from "../graph/ops/control.ts";
import { div, sub } from "../graph/ops/elementwise.ts";
import { concat } from "../graph/ops/movement.ts";
import { softmax } from "../graph/ops/reduction.ts";
import { constantOf, type Tensor, tensorOf } from "../graph/tensor.ts";
import { input } from "../graph/value.ts";
import { type Model, type Parameters, requireModel } from "../models/model.ts";
import { encode } from "../onnx/encode.ts";
import { type CompileOptions, compile } from "../runtime/program.ts";
import { solverHealth } from "../solvers/fixed-point.ts";
import type { Task } from "./targets.ts";

/** The tensors that a deployed model computes with, by their name in the file. */
export type Deployed = Readonly<Record<string, Tensor>>;

/**
 * What the model computes with at these parameters: W and its resolvent instead of A and B. What
 * training computed with operators outside the standard becomes plain numbers, cast to float32.
 */
export async function explicitTensors(
  model: Model,
  parameters: Parameters,
  standardisation: Standardisation | null,
  options: CompileOptions = {},
): Promise<Deployed> {
  requireModel("explicitTensors", model);
  requireObject("explicitTensors", "parameters", parameters, "tensors by name, as of parametersOf");
  if (standardisation !== null) requireStandardisation("explicitTensors", standardisation);
  const inputs = Object.fromEntries(
    Object.entries(parameters).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
  );
  const explicit = model.explicit(inputs);
  const computed = Object.entries(explicit).filter(([, value]) => value.node.op !== "Input");
  const outputs = Object.fromEntries(computed.map(([name, value]) => [`explicit.${name}`, value]));
  const found: Record<string, Tensor> = {};
  if (computed.length > 0) {
    const used = Object.fromEntries(Object.entries(inputs).filter(([name]) => name in parameters));
    const program = await compile(used, outputs, options);
    Object.assign(found, await program.run(parameters));
    await program.release();
  }
  const tensors = Object.fromEntries(
    Object.keys(explicit).map((name) => [name, found[`explicit.${name}`] ?? parameters[name]]),
  );
  if (standardisation === null) return tensors;
  const { mean, scale } = standardisation;
  return {
    ...tensors,
    "input.mean": tensorOf(mean, [mean.length]),
    "input.scale": tensorOf(scale, [scale.length]),
  };
}

export interface DeployOptions {
  readonly task: Task;
  readonly doc: string; // what the file says that it is
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * A trained model as an ONNX file of standard operators, the solver's loop included: input `x`
 * [N, inputs] of raw features, outputs `logits` and `probabilities` [N, K] (or `prediction`), and
 * where the model has them inputs of its own and further outputs. Of a model that solves an equation,
 * per sample `status` and `iterations` of the solve, and `residual`: how far z is from solving the
 * model's equation with the weights in the file, ‖σ(Wz + Ux + b) − z‖₂/‖z‖₂.
 */
export function deploy(model: Model, tensors: Deployed, options: DeployOptions): Uint8Array {
  requireModel("deploy", model);
  requireObject("deploy", "tensors", tensors, "tensors by name, as of explicitTensors");
  requireObject("deploy", "options", options, "{ task, doc, metadata }");
  const { task, doc, metadata } = options;
  requireOneOf("deploy", "task", task, ["classes", "values"]);
  const constants: Values = Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, constantOf(tensor, name)]),
  );
  const { "input.mean": mean, "input.scale": scale, ...explicit } = constants;
  const { ports = [["x", model.inputs]] } = model;
  const inputs = Object.fromEntries(
    ports.map(([name, width]) => [name, input(name, "float32", ["N", width])]),
  );
  const x = concat(Object.values(inputs), 1);
  const health = solverHealth();
  const also: Record<string, Values[string]> = {};
  const features = mean ? standardised(x, mean, scale) : x;
  const prediction = model.apply(explicit, features, { ...health, also });
  const [solve] = health.forward;
  const [equation] = health.equation;
  const outputs: Values = {
    ...(task === "classes"
      ? { logits: prediction, probabilities: softmax(prediction) }
      : { prediction }),
    ...also,
    ...(solve && {
      status: solve.status,
      iterations: solve.iterations,
      residual: equation ?? solve.residual,
    }),
  };
  return encode({ inputs, outputs, doc, metadata });
}

/** (x − mean)/scale, elementwise. */
const standardised = (x: Values[string], mean: Values[string], scale: Values[string]) =>
  div(sub(x, mean), scale);
