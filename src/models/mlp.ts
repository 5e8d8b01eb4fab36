import { requireObject, requireOneOf, requireThat } from "../errors/arguments.ts";
import { refuseUnknown } from "../errors/suggest.ts";
import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { gelu, relu, sigmoid, silu, softplus, tanh } from "../graph/ops/elementwise.ts";
import { affine } from "../graph/ops/linear.ts";
import { heNormal, layerStart, uniformFanIn } from "./initialise.ts";
import type { Model, Parameters } from "./model.ts";

export const activations = { relu, tanh, sigmoid, softplus, gelu, silu } as const;
export type Activation = keyof typeof activations;

export interface MlpOptions {
  readonly activation?: Activation; // of all layers but the last; relu
  /** How weights begin: uniform by their fan-in, or normal after He. */
  readonly initial?: "fan-in" | "he";
}

/**
 * Feed-forward network: h₀ = x, hᵢ₊₁ = σ(Wᵢ hᵢ + bᵢ), the last layer without σ.
 *
 * @param widths  sizes from the inputs to the outputs: [784, 128, 10]
 */
export function mlp(widths: readonly number[], options: MlpOptions = {}): Model {
  requireThat("mlp", "widths", widths, Array.isArray(widths), "sizes as in [784, 128, 10]");
  if (widths.length < 2 || widths.some((width) => !(Number.isInteger(width) && width > 0))) {
    throw new UsageError(`mlp: widths [${widths}]: two or more positive whole numbers are wanted`);
  }
  requireObject("mlp", "options", options, "{ activation, initial }, or nothing");
  refuseUnknown("mlp", options, ["activation", "initial"]);
  const { activation = "relu", initial = "fan-in" } = options;
  requireOneOf("mlp", "activation", activation, Object.keys(activations));
  requireOneOf("mlp", "initial", initial, ["fan-in", "he"]);
  const layers = widths.length - 1;
  const sigma = activations[activation];
  return {
    kind: "mlp",
    inputs: widths[0],
    outputs: widths[layers],
    hidden: widths.slice(1, -1),
    settings: { model: { kind: "mlp", widths: widths.slice(1, -1), activation, initial } },
    initialise: (seed) => {
      const parameters: Record<string, Parameters[string]> = {};
      for (let i = 0; i < layers; i++) {
        const draw = initial === "he" ? heNormal : uniformFanIn;
        const shape = [widths[i + 1], widths[i]];
        Object.assign(parameters, layerStart(`layer${i}`, shape, seed, draw));
      }
      return parameters;
    },
    explicit: (parameters) => parameters,
    apply: (p, x, pass) => {
      let h: Value = x;
      for (let i = 0; i < layers; i++) {
        h = affine(h, p[`layer${i}.weight`], p[`layer${i}.bias`]);
        if (i === layers - 1) break;
        h = sigma(h);
        pass.hidden?.push(h);
      }
      return h;
    },
  };
}
