import { randomStream } from "../data/random.ts";
import { refuseUnknown, unknownName } from "../errors/suggest.ts";
import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { div, exp, mul, relu, sigmoid, softplus, square, tanh } from "../graph/ops/elementwise.ts";
import { affine } from "../graph/ops/linear.ts";
import { reshape, transpose } from "../graph/ops/movement.ts";
import { type Tensor, tensorOf, zerosOf } from "../graph/tensor.ts";
import { cayley } from "./cayley.ts";
import type { Model } from "./model.ts";

/** Activations whose slope is within [0, 1] everywhere, which the bound rests on. */
export const monotoneActivations = { relu, tanh, sigmoid, softplus } as const;
export type MonotoneActivation = keyof typeof monotoneActivations;

export interface LbdnOptions {
  readonly inputs: number;
  readonly outputs: number;
  readonly hidden: readonly number[];
  /** The Lipschitz constant, in the Euclidean norm, that no choice of parameters exceeds. */
  readonly gamma: number;
  readonly activation?: MonotoneActivation;
}

/**
 * Lipschitz-bounded deep network: ‖y(x) − y(x′)‖ ≤ γ‖x − x′‖ for all parameters, by sandwich layers,
 * each 1-Lipschitz, and an output layer that is an orthogonal projection's part:
 *
 *   h ← √2 AᵀΨ σ(√2 Ψ⁻¹B h + b),  AAᵀ + BBᵀ = I,  Ψ = diag(exp d);  h₀ = √γ x,  y = √γ B h + b
 *
 * Trained are X, Y of each Cayley transform, d and b; explicit are the matrices "in" and "out" on
 * both sides of σ with all scales folded in, and the multipliers Ψ², by which `certifyGain` proves
 * the bound of what was rounded to float32.
 *
 * Wang & Manchester (2023), "Direct parameterization of Lipschitz-bounded deep networks",
 * arXiv:2301.11526, section 4.
 *
 * @throws UsageError  for sizes or a γ that are not positive, or an activation of another slope
 */
export function lbdn(options: LbdnOptions): Model {
  const { inputs, outputs, hidden, gamma, activation = "relu" } = options;
  refuseUnknown("lbdn", options, ["inputs", "outputs", "hidden", "gamma", "activation"]);
  const sizes = [inputs, ...hidden, outputs];
  if (!sizes.every((size) => Number.isInteger(size) && size > 0))
    throw new UsageError(`lbdn: sizes [${sizes}]`, "wanted: positive whole numbers");
  if (!(gamma > 0 && gamma < Infinity))
    throw new UsageError(`lbdn: gamma = ${gamma}`, "wanted: a positive Lipschitz constant");
  if (!(activation in monotoneActivations))
    throw unknownName(
      "lbdn: no activation of slope in [0, 1] is",
      activation,
      Object.keys(monotoneActivations),
    );
  const sigma = monotoneActivations[activation];
  const root = Math.sqrt(gamma);
  const layers = hidden.map((width, i) => ({ name: `layer${i}`, from: sizes[i], width }));
  const last = sizes.at(-2)!;

  return {
    kind: "lbdn",
    inputs,
    outputs,
    settings: { model: { kind: "lbdn", widths: hidden, activation, lipschitz: gamma } },
    initialise: (seed) => {
      const parameters: Record<string, Tensor> = {};
      // Glorot's deviation: singular values of Y then spread about √2 − 1, where the gain is largest.
      const draw = (
        name: string,
        shape: readonly [number, number],
        width: number,
        from: number,
      ) => {
        const random = randomStream(seed, "initialise", name);
        const deviation = Math.sqrt(2 / (width + from));
        const data = Float32Array.from(
          { length: shape[0] * shape[1] },
          () => random.normal() * deviation,
        );
        parameters[name] = tensorOf(data, shape);
      };
      for (const { name, from, width } of layers) {
        draw(`${name}.X`, [width, width], width, from);
        draw(`${name}.Y`, [from, width], width, from);
        parameters[`${name}.d`] = zerosOf("float32", [width]);
        parameters[`${name}.bias`] = zerosOf("float32", [width]);
      }
      draw("output.X", [outputs, outputs], outputs, last);
      draw("output.Y", [last, outputs], outputs, last);
      parameters["output.bias"] = zerosOf("float32", [outputs]);
      return parameters;
    },
    explicit: (p) => {
      const made: Record<string, Value> = {};
      layers.forEach(({ name, width }, i) => {
        const { At, Bt } = cayley(p[`${name}.X`], p[`${name}.Y`]);
        const psi = exp(p[`${name}.d`]);
        const column = reshape(psi, [width, 1]);
        made[`${name}.in`] = div(mul(transpose(Bt), Math.SQRT2 * (i === 0 ? root : 1)), column);
        made[`${name}.out`] = mul(mul(At, psi), Math.SQRT2);
        made[`${name}.bias`] = p[`${name}.bias`];
        made[`${name}.multipliers`] = square(psi);
      });
      const { Bt } = cayley(p["output.X"], p["output.Y"]);
      const scale = layers.length === 0 ? gamma : root;
      made["output.weight"] = mul(transpose(Bt), scale);
      made["output.bias"] = p["output.bias"];
      return made;
    },
    apply: (p, x) => {
      let h = x;
      for (const { name } of layers)
        h = affine(sigma(affine(h, p[`${name}.in`], p[`${name}.bias`])), p[`${name}.out`]);
      return affine(h, p["output.weight"], p["output.bias"]);
    },
  };
}
