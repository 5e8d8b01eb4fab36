import { UsageError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import type { Values } from "../../graph/ops/control.ts";
import { type Activation, activations } from "../mlp.ts";

/**
 * A layer whose equilibrium z* = f(z*; x) is a model's state. The state may be several tensors, each
 * [N, ...shape]; samples must not mix, so no statistics over the batch.
 */
export interface EquilibriumLayer {
  readonly kind: string;
  /** Shapes of the state's tensors, of one sample. */
  readonly state: readonly (readonly number[])[];
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  /** What of f depends on x [N, inputs] alone: computed once per solve. */
  readonly inject: (p: Values, x: Value) => readonly Value[];
  /** f(z; x), of the types of z. */
  readonly apply: (p: Values, z: readonly Value[], injected: readonly Value[]) => readonly Value[];
  /** What the output is computed from [N, features]. */
  readonly read: (z: readonly Value[]) => Value;
  readonly features: number;
  /** ‖∂f/∂z‖²_F of each sample [N], where a closed form is cheap. */
  readonly squaredJacobian?: (p: Values, z: readonly Value[], injected: readonly Value[]) => Value;
}

export interface ParameterSpec {
  readonly shape: readonly number[];
  /** The number it starts at, or that of inputs which the spread of random ones follows. */
  readonly start: { readonly fanIn: number } | { readonly value: number };
  /** A weight that acts on the state: normalisation, and the choice of its start, are about these. */
  readonly recurrent?: boolean;
}

/** A layer for so many features. */
export type Layer = (inputs: number) => EquilibriumLayer;

export const weight = (shape: readonly number[], recurrent = false): ParameterSpec => ({
  shape,
  start: { fanIn: shape.slice(1).reduce((n, size) => n * size, 1) },
  ...(recurrent && { recurrent }),
});
export const bias = (count: number, fanIn: number): ParameterSpec => ({
  shape: [count],
  start: { fanIn },
});
export const constantly = (count: number, value: number): ParameterSpec => ({
  shape: [count],
  start: { value },
});

/** @throws UsageError naming the first size that is no positive whole number */
export const positiveWhole = (layer: string, sizes: Readonly<Record<string, number>>) => {
  for (const [name, size] of Object.entries(sizes)) {
    if (!(Number.isInteger(size) && size > 0))
      throw new UsageError(`${layer}: ${name} = ${size}: a positive whole number is wanted`);
  }
};

/** σ by name. @throws UsageError */
export function activationOf(layer: string, name: Activation): (x: Value) => Value {
  const sigma = activations[name];
  if (sigma) return sigma;
  const known = Object.keys(activations).join(", ");
  throw new UsageError(`${layer}: unknown activation "${name}"`, `known: ${known}`);
}
