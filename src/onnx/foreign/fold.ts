import { gemm } from "../../graph/ops/linear.ts";
import { input, tensor } from "../../graph/value.ts";
import { batchNormAfter, type Normalisation } from "./batch-norm.ts";
import { constantsOf } from "./constants.ts";
import { fragmentOf } from "./fragment.ts";
import { type DenseLayer, layersOf } from "./layers.ts";
import type { ForeignModel } from "./model.ts";
import { swapped } from "./replace.ts";

/**
 * The model with every batch normalisation that follows x W + b at once folded into it:
 * s (x W + b) + t = x (W diag s) + (s b + t), where s = γ/√(v + ε) and t = β − m s.
 * Equal to the original but for rounding.
 */
export function foldBatchNorm(model: ForeignModel): ForeignModel {
  for (let current = model; ; ) {
    const found = firstFoldable(current);
    if (found === null) return current;
    current = folded(current, ...found);
  }
}

function firstFoldable(model: ForeignModel): [DenseLayer, Normalisation] | null {
  const constants = constantsOf(model);
  for (const layer of layersOf(model).dense) {
    const norm = batchNormAfter(model, constants, layer);
    if (norm !== null) return [layer, norm];
  }
  return null;
}

function folded(
  model: ForeignModel,
  layer: DenseLayer,
  { node, scale, shift }: Normalisation,
): ForeignModel {
  const { weight, bias, dtype } = layer;
  const { rows, cols } = weight;
  const type = dtype === "float64" ? "float64" : "float32";
  const numbers = (data: Float64Array) => (type === "float64" ? data : Float32Array.from(data));
  const W = tensor(numbers(weight.data.map((w, k) => w * scale[k % cols])), [rows, cols], "weight");
  const b = tensor(numbers(shift.map((t, j) => t + scale[j] * (bias?.[j] ?? 0))), [cols], "bias");
  const x = input("x", type, ["N", rows]);
  const part = fragmentOf(
    model,
    { inputs: { x }, outputs: { y: gemm(x, W, b) } },
    {
      input: layer.input,
      output: node.outputs[0],
      inputType: dtype,
      outputType: dtype,
      prefix: `${layer.name}.folded`, // so that the layer keeps its name
    },
  );
  // A layer that batch normalisation follows has no activation before it.
  return swapped(model, [...layer.nodes, node], part);
}
