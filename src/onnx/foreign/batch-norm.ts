import type { Constants } from "./constants.ts";
import { onlyUser, type Weight } from "./dense.ts";
import type { ForeignModel } from "./model.ts";
import { rankOf } from "./rank.ts";
import type { ForeignNode } from "./read-node.ts";

/** x ↦ scale · x + shift, what batch normalisation does once it is trained. */
export interface Normalisation {
  readonly node: ForeignNode;
  readonly scale: Float64Array; // γ/√(v + ε) [width]
  readonly shift: Float64Array; // β − γ m/√(v + ε) [width]
}

/** ε where a file does not give it. */
const usualEpsilon = 1e-5;

/** The batch normalisation that takes x W + b, and nothing else does; null where there is none. */
export function batchNormAfter(
  model: ForeignModel,
  constants: Constants,
  layer: { readonly weight: Weight; readonly input: string; readonly linear: string },
): Normalisation | null {
  // It acts along axis 1, which is that of the features for two axes alone.
  if (rankOf(model, constants, layer.linear) !== 2) return null;
  const [value, width] = [layer.linear, layer.weight.cols];
  const node = onlyUser(model, value);
  if (node === undefined || !isNormalisation(model, node) || node.inputs[0] !== value) return null;
  const parts = node.inputs.slice(1, 5).map((name) => constants(name)?.data ?? null);
  if (parts.length !== 4 || !parts.every((part) => part?.length === width)) return null;
  const [gamma, beta, mean, variance] = parts as Float64Array[];
  const epsilon = node.attributes.get("epsilon")?.float ?? usualEpsilon;
  const scale = gamma.map((g, i) => g / Math.sqrt(variance[i] + epsilon));
  return { node, scale, shift: beta.map((b, i) => b - mean[i] * scale[i]) };
}

/** One that uses the statistics it was trained with; in training mode it uses those of the batch. */
export const isNormalisation = (model: ForeignModel, node: ForeignNode): boolean =>
  node.op === "BatchNormalization" &&
  node.domain === "" &&
  !node.attributes.get("training_mode")?.int &&
  node.outputs.slice(1).every((name) => name === "" || !model.users.has(name));
