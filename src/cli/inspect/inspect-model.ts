import { spectralRadius } from "../../linalg/eigenvalues.ts";
import { matrixOf } from "../../linalg/matrix.ts";
import { singularValues } from "../../linalg/svd.ts";
import type { FloatType } from "../../onnx/foreign/dense.ts";
import { type DenseLayer, layersOf } from "../../onnx/foreign/layers.ts";
import type { ForeignModel } from "../../onnx/foreign/model.ts";
import { openModel } from "../../onnx/foreign/open.ts";
import type { InfoRecord } from "../../onnx/read-model.ts";
import { table } from "../analysis/analysis-text.ts";
import { grouped, short } from "../output/numbers.ts";
import type { Outcome } from "../output/output.ts";
import { simIn, simText } from "./sim-spectrum.ts";

/** `eigenflow inspect MODEL.onnx`: the layers of a model of any exporter, and what can be replaced. */
export async function inspectModel(path: string): Promise<Outcome> {
  const model = await openModel(path);
  const { dense, others } = layersOf(model);
  const layers = dense.map((layer, i) => ({ place: i + 1, ...layerDocument(layer) }));
  const left = others.map(({ node: _, ...rest }) => rest);
  const spectrum = await simIn(path, model);
  const document = {
    path,
    kind: "onnx",
    producer: model.producer,
    opset: model.opsets.get("")!,
    inputs: model.inputs.map(infoDocument),
    outputs: model.outputs.map(infoDocument),
    parameters: parametersOf(model),
    layers,
    others: left,
    ...(spectrum && { spectrum }),
  };
  // The last on the way to the first output; others may come after it, such as those of a limit.
  const end = layers.findIndex(({ output }) => output === document.outputs[0]?.name);
  const last = layers.findLast(({ replaceable }, i) => replaceable && (end < 0 || i < end));
  return {
    document,
    text: [
      `${path}: ONNX model of ${model.producer || "an unnamed exporter"}, opset ${document.opset}, ` +
        `${grouped(document.parameters)} parameters`,
      `  ${document.inputs.map(infoText).join(", ")} -> ${document.outputs.map(infoText).join(", ")}`,
      ...(layers.length === 0 ? ["no dense layers"] : layersText(layers)),
      ...(left.length === 0 ? [] : ["left as they are:"]),
      ...table(
        left.map((other) => [
          `  ${other.name}`,
          other.op,
          other.shape.join(" x "),
          `${grouped(other.parameters)} parameters`,
          other.reason,
        ]),
      ),
      ...(spectrum ? simText(spectrum) : []),
      ...(last === undefined
        ? []
        : [`you can: eigenflow replace ${path} --layers ${last.name} --data …`]),
    ].join("\n"),
  };
}

const layersText = (layers: readonly LayerDocument[]): string[] => [
  ...table([
    ["  #", "layer", "shape", "activation", "parameters", "σ max", "σ min", "rank", "ρ", ""],
    ...layers.map((layer, i) => [
      `  ${i + 1}`,
      layer.name,
      `${layer.inputs} x ${layer.outputs}`,
      layer.activation ?? "-",
      grouped(layer.parameters),
      short(layer.largest),
      short(layer.smallest),
      String(layer.rank),
      layer.spectralRadius === null ? "-" : short(layer.spectralRadius),
      layer.replaceable ? "can be replaced" : `not replaced: ${layer.reason}`,
    ]),
  ]),
  ...layers
    .filter(({ foldable }) => foldable)
    .map(({ name }) => `  ${name}: batch normalisation follows; --fold-batch-norm takes it in`),
];

/** The spacing of numbers about 1, below which a singular value is rounding. */
const spacing: Readonly<Record<FloatType, number>> = {
  float16: 2 ** -10,
  bfloat16: 2 ** -7,
  float32: 2 ** -23,
  float64: 2 ** -52,
};

type LayerDocument = ReturnType<typeof layerDocument>;

function layerDocument(layer: DenseLayer) {
  const { name, weight, bias, activation, dtype, reason, foldable, input, output } = layer;
  const { rows, cols, data } = weight;
  const W = matrixOf(rows, cols, data);
  const values = singularValues(W);
  const tolerance = Math.max(rows, cols) * spacing[dtype] * values[0];
  return {
    name,
    inputs: rows,
    outputs: cols,
    activation,
    dtype,
    input,
    output,
    parameters: data.length + (bias?.length ?? 0),
    largest: values[0],
    smallest: values[values.length - 1],
    rank: values.filter((s) => s > tolerance).length,
    tolerance,
    spectralRadius: rows === cols ? spectralRadius(W) : null,
    replaceable: reason === null,
    reason,
    foldable,
  };
}

/** The floating-point numbers that a model stores among its initialisers. */
export const parametersOf = ({ tensors }: ForeignModel): number =>
  [...tensors.values()]
    .filter(({ code }) => [1, 10, 11, 16].includes(code))
    .reduce((sum, { dims }) => sum + dims.reduce((n, d) => n * d, 1), 0);

const infoDocument = ({ name, dims }: InfoRecord) => ({
  name,
  shape: dims?.map((dim) => (typeof dim === "bigint" ? Number(dim) : dim || "?")) ?? null,
});

const infoText = ({ name, shape }: ReturnType<typeof infoDocument>) =>
  `${name}${shape === null ? "" : ` [${shape.join(", ")}]`}`;
