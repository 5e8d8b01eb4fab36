import { CertificateError } from "../../errors.ts";
import { matrixOf } from "../../linalg/matrix.ts";
import type { DecodedModel } from "../../onnx/decode.ts";
import { explain, layerProperties } from "../../verification/equilibria.ts";
import { short } from "../output/numbers.ts";
import type { Outcome } from "../output/output.ts";
import { graphFailure, graphLine } from "./graph-check.ts";
import { trainedGraph } from "./trained-graph.ts";

interface Sigma {
  readonly slope: number; // max σ′, rounded up
  readonly prox: boolean; // a proximal operator
  readonly bounded: boolean;
}
const activations: Readonly<Record<string, Sigma>> = {
  relu: { slope: 1, prox: true, bounded: false },
  tanh: { slope: 1, prox: true, bounded: true },
  sigmoid: { slope: 0.25, prox: true, bounded: true },
  softplus: { slope: 1, prox: true, bounded: false },
  gelu: { slope: 1.13, prox: false, bounded: false },
  silu: { slope: 1.1, prox: false, bounded: false },
};

/**
 * What the file of a deep equilibrium model with a dense layer z = σ(Wz + Ux + b) says of its equilibria,
 * though nothing was certified; null for any other file.
 */
export function plainLayer(bytes: Uint8Array, file: DecodedModel): Outcome | null {
  const { metadata, initialisers } = file;
  const activation = denseActivation(metadata["eigenflow.model"] ?? "{}");
  const { W } = initialisers;
  if (activation === null || W === undefined) return null;
  const [rows, cols] = W.shape.map(Number);
  const { slope, prox, bounded } = activations[activation];
  const layer = layerProperties(
    matrixOf(rows, cols, Float64Array.from(W.node.data!, Number)),
    slope,
  );
  const contracts = layer.gainBound < 1;
  const monotone = prox && layer.monotonicityBound > 0;
  const proven = contracts || monotone;
  const graph = trainedGraph(bytes, file);
  const holds = proven && graph.holds !== false;
  const { conclusion, can, cannot } = proven
    ? explain(layer, null, { prox })
    : {
        conclusion: "nothing",
        can: bounded
          ? `${activation} is bounded, so that an equilibrium exists for every input (Brouwer).`
          : "nothing follows from W alone.",
        cannot:
          `${bounded ? "that" : "that an equilibrium exists, that"} it is the only one, or that the iteration finds it. At equilibria ` +
          "that were found, ρ(J(z*)) tells whether the iteration is attracted: examineLayer of eigenflow/verification.",
      };
  const row = (name: string, value: number, meaning: string) =>
    `  ${name.padEnd(16)} ${short(value, 6).padEnd(10)} ${meaning}`;
  return {
    document: {
      holds,
      conclusion,
      can,
      cannot,
      layer: { ...layer, slope, activation },
      graph,
    },
    text: [
      `deq, dense layer, ${activation}: no certificate; what W says of z = σ(Wz + Ux + b)`,
      row("‖W‖₂ · max σ′", layer.gain, "below 1 the layer contracts"),
      row("m", layer.monotonicity, "λmin(I − (W + Wᵀ)/2); above 0 the layer is monotone"),
      row("min Re λ(I − W)", layer.smallestRealPart, "says nothing by itself"),
      graphLine(graph),
      proven
        ? `proven of W: the layer ${conclusion === "monotone" ? "is monotone" : conclusion}`
        : "proven of W: nothing of how many equilibria there are, or of the iteration",
      `  what can be said     ${can}`,
      `  what cannot be said  ${cannot}`,
    ].join("\n"),
    ...(graph.holds === false && { failure: graphFailure(graph, metadata) }),
    ...(!proven && {
      failure: new CertificateError(
        "W does not prove that the equilibrium is the only one, nor that the iteration finds it",
        "train with normalise: spectral and a target below 1, or a model of kind monotone-deq",
      ),
    }),
  };
}

/** σ of a plain layer, from what the file says of its model. */
function denseActivation(json: string): string | null {
  try {
    const { kind, layer } = JSON.parse(json);
    const known = kind === "deq" && layer?.kind === "dense" && layer.activation in activations;
    return known ? layer.activation : null;
  } catch {
    return null; // not one of ours
  }
}
