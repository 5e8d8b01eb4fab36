import { refuseUnknown } from "../errors/suggest.ts";
import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { add, relu } from "../graph/ops/elementwise.ts";
import { affine } from "../graph/ops/linear.ts";
import { reshape, transpose } from "../graph/ops/movement.ts";
import { conv } from "../graph/ops/window.ts";
import { type Initial, initialOf, layerStart } from "./initialise.ts";
import type { Model, Parameters } from "./model.ts";
import { normalisationParameters, normalised } from "./weight-normalisation.ts";

export interface TemporalConvolutionOptions {
  /** Steps of a sequence. */
  readonly length: number;
  /** Numbers of each step; a row of features is one sequence, step after step. */
  readonly inputs: number;
  readonly channels: number;
  /** Residual levels; the i-th has dilation 2ⁱ. */
  readonly levels: number;
  readonly kernel: number;
  /** Numbers read from each step. */
  readonly outputs: number;
  /** Of the weights; biases are uniform by their fan-in. */
  readonly initial?: Initial;
}

const known = ["length", "inputs", "channels", "levels", "kernel", "outputs", "initial"];

/**
 * Causal temporal convolutional network: levels of two weight-normalised convolutions with ReLU, of
 * dilation 2ⁱ, and a residual (a 1×1 convolution where the channels differ), then ReLU; last a dense
 * layer at each step. No output depends on a later input; it depends on the last
 * 1 + 2(kernel − 1)(2^levels − 1) of them. Features [N, length·inputs] → [N, length, outputs].
 *
 * Bai, Kolter & Koltun (2018), "An empirical evaluation of generic convolutional and recurrent
 * networks for sequence modeling", arXiv:1803.01271, section 3.
 *
 * @throws UsageError
 */
export function temporalConvolution(options: TemporalConvolutionOptions): Model {
  refuseUnknown("temporalConvolution", options, known);
  const { length, inputs, channels, levels, kernel, outputs } = options;
  for (const [name, n] of Object.entries({ length, inputs, channels, levels, kernel, outputs })) {
    if (!(Number.isInteger(n) && n > 0))
      throw new UsageError(`temporalConvolution: ${name} = ${n} is no positive whole number`);
  }
  const drawWeight = initialOf(options.initial ?? { kind: "uniform-fan-in" });
  const widthOf = (level: number) => (level === 0 ? inputs : channels);
  const bridged = inputs !== channels; // only the first level can change the channels
  const normalise = { kind: "weight" } as const;
  const convolutions = Array.from({ length: levels }, (_, i) => [`level${i}.0`, `level${i}.1`]);
  const normalisedNames = convolutions.flat().map((name) => `${name}.weight`);
  return {
    kind: "temporal-convolution",
    inputs: length * inputs,
    outputs,
    initialise: (seed) => {
      const parameters: Record<string, Parameters[string]> = {};
      const layer = (name: string, shape: readonly number[]) =>
        Object.assign(parameters, layerStart(name, shape, seed, drawWeight));
      convolutions.forEach(([first, second], i) => {
        layer(first, [channels, widthOf(i), kernel]);
        layer(second, [channels, channels, kernel]);
      });
      if (bridged) layer("bridge", [channels, inputs, 1]);
      layer("dense", [outputs, channels]);
      const weights = Object.fromEntries(normalisedNames.map((name) => [name, parameters[name]]));
      return { ...parameters, ...normalisationParameters(normalise, weights) };
    },
    explicit: (parameters, supplies) =>
      normalised(normalise, normalisedNames, parameters, supplies),
    apply: (p, x) => {
      let h: Value = transpose(reshape(x, [x.shape[0], length, inputs]), [0, 2, 1]);
      convolutions.forEach((names, i) => {
        const residual = i === 0 && bridged ? conv(h, p["bridge.weight"], p["bridge.bias"]) : h;
        for (const name of names) {
          const past = (kernel - 1) * 2 ** i;
          h = relu(
            conv(h, p[`${name}.weight`], p[`${name}.bias`], {
              pads: [past, 0],
              dilations: [2 ** i],
            }),
          );
        }
        h = relu(add(h, residual));
      });
      return affine(transpose(h, [0, 2, 1]), p["dense.weight"], p["dense.bias"]);
    },
  };
}
