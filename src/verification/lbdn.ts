import { z } from "zod";
import { CertificateError, DataError } from "../errors.ts";
import type { Tensor } from "../graph/tensor.ts";
import { spectralNormBound, unitRoundoff } from "../linalg/bounds.ts";
import type { Matrix } from "../linalg/matrix.ts";
import { roundUp } from "./decimals.ts";
import { gainGuess, gainMargin, type SandwichWeights } from "./sandwich-gain.ts";
import { inputScaleOf, requireAdded, requiredNumbers } from "./weights.ts";

/**
 * What is proven of the float32 weights of a Lipschitz-bounded network, as plain JSON: for raw inputs,
 * ‖y(x) − y(x′)‖₂ ≤ `bound` ‖x − x′‖₂, as the product of the layers' gains, of ‖W‖₂ of the output
 * and of what standardised inputs are divided by. About exact arithmetic on the stored weights, for
 * an activation of slope in [0, 1].
 */
export interface GainCertificate {
  readonly schema: "eigenflow/gain-certificate@1";
  readonly model: "lbdn";
  readonly precision: "float32";
  readonly norm: "l2";
  readonly inequality: typeof gainInequality;
  /** Λ and ρ of each layer, first to last. */
  readonly layers: readonly { readonly multipliers: readonly number[]; readonly gain: number }[];
  readonly output: number;
  readonly bound: number;
}
export const gainInequality = "2Λ − SᵀS − ρ⁻²(ΛT)(ΛT)ᵀ ⪰ 0 for each layer, Π ρ · ‖W‖₂ · ‖D‖₂ ≤ L";

const positive = z.number().positive();
const schema: z.ZodType<GainCertificate> = z.strictObject({
  schema: z.literal("eigenflow/gain-certificate@1"),
  model: z.literal("lbdn"),
  precision: z.literal("float32"),
  norm: z.literal("l2"),
  inequality: z.literal(gainInequality),
  layers: z.array(z.strictObject({ multipliers: z.array(positive), gain: positive })),
  output: z.number().nonnegative(),
  bound: z.number().nonnegative(),
});

/** A certificate from JSON that was read. @throws DataError  naming the field that is wrong */
export function parseGainCertificate(json: unknown): GainCertificate {
  const { data, error } = schema.safeParse(json);
  if (error === undefined) return data;
  const { path, message } = error.issues[0];
  throw new DataError(`certificate.${path.join(".")}: ${message}`, { cause: error });
}

/**
 * Proves the bound of a network from the explicit tensors of `lbdn`, in float64 of the stored float32.
 *
 * @throws CertificateError  where a layer's gain is not proven from its multipliers
 * @throws DataError, ShapeError  for tensors that are not those of such a network
 */
export function certifyGain(tensors: Readonly<Record<string, Tensor>>): GainCertificate {
  const { layers, output, inputScale } = weightsOf(tensors);
  const proven = layers.map((weights, i) => {
    const name = `layer${i}.multipliers`;
    const nominal = requiredNumbers(tensors, name, ["n"], { n: weights.T.rows }).data;
    const guess = nominal.every((x) => x > 0) ? gainGuess(weights, nominal) : null;
    for (let room = 2 ** -30; guess !== null && room < 2 ** -6; room *= 4) {
      const gain = roundUp(guess.rho * (1 + room));
      if (gainMargin(weights, guess.lambda, gain) >= 0)
        return { multipliers: [...guess.lambda], gain };
    }
    throw new CertificateError(
      `layer ${i}: 2Λ − SᵀS − ρ⁻²(ΛT)(ΛT)ᵀ ⪰ 0 is not proven for any ρ near the expected one`,
      "the weights are not those of the multipliers, or an exponent of Ψ is extreme",
    );
  });
  const norm = outputNorm(output);
  return {
    schema: "eigenflow/gain-certificate@1",
    model: "lbdn",
    precision: "float32",
    norm: "l2",
    inequality: gainInequality,
    layers: proven,
    output: norm,
    bound: roundUp(product([...proven.map(({ gain }) => gain), norm], inputScale)),
  };
}

export interface GainCheck {
  readonly holds: boolean;
  /** Of each layer, how far its matrix is above 0, proven; negative where it is not. */
  readonly margins: readonly number[];
  /** The product of the gains claimed, of ‖W‖₂ and of ‖D‖₂: L is at least that. */
  readonly found: number;
  readonly sentence: string;
}

/**
 * Proves a certificate again from the tensors alone: its multipliers and gains are tried, not trusted.
 *
 * @throws DataError, ShapeError  for tensors that are not those of such a network
 */
export function recheckGain(
  { layers: claimed, output: claimedOutput, bound }: GainCertificate,
  tensors: Readonly<Record<string, Tensor>>,
): GainCheck {
  const { layers, output, inputScale } = weightsOf(tensors);
  if (layers.length !== claimed.length)
    throw new DataError(`a certificate of ${claimed.length} layers for ${layers.length}`);
  const margins = layers.map((weights, i) => {
    const { multipliers, gain } = claimed[i];
    if (multipliers.length !== weights.T.rows)
      throw new DataError(`layer ${i}: ${multipliers.length} multipliers, ${weights.T.rows} units`);
    return gainMargin(weights, Float64Array.from(multipliers), gain);
  });
  const failed = margins.findIndex((margin) => !(margin >= 0));
  const outputHolds = outputNorm(output) <= claimedOutput;
  const found = product([...claimed.map(({ gain }) => gain), claimedOutput], inputScale);
  const holds = failed < 0 && outputHolds && found <= bound;
  const reason =
    failed >= 0
      ? `the gain ${claimed[failed].gain} of layer ${failed} is not proven`
      : outputHolds
        ? `the product of the gains is ${roundUp(found)}`
        : `the output layer has a norm of ${outputNorm(output)}`;
  const sentence = `lipschitz ${holds ? "holds" : "FAILS"}: claimed ${bound}, ${reason}`;
  return { holds, margins, found, sentence };
}

/** ‖W‖₂, proven, as a short decimal. */
const outputNorm = (W: Matrix): number => {
  const { value, margin } = spectralNormBound(W);
  return roundUp(value + margin);
};

function product(gains: readonly number[], inputScale: Float64Array | null): number {
  const whole = gains.reduce((so, gain) => so * gain, 1);
  const input = inputScale === null ? 1 : 1 / Math.min(...inputScale.map(Math.abs));
  return whole * input * (1 + 4 * (gains.length + 2) * unitRoundoff);
}

interface NetworkWeights {
  readonly layers: readonly SandwichWeights[];
  readonly output: Matrix;
  readonly inputScale: Float64Array | null;
}

function weightsOf(tensors: Readonly<Record<string, Tensor>>): NetworkWeights {
  const layers: SandwichWeights[] = [];
  const read = (name: string, axes: readonly string[], known: Readonly<Record<string, number>>) => {
    const { shape, data } = requiredNumbers(tensors, name, axes, known);
    return { rows: shape[0], cols: shape[1], data };
  };
  let width: Readonly<Record<string, number>> = {};
  for (let i = 0; `layer${i}.in` in tensors; i++) {
    const T = read(`layer${i}.in`, ["n", "p"], width);
    const S = read(`layer${i}.out`, ["m", "n"], { n: T.rows });
    layers.push({ T, S });
    width = { p: S.rows };
  }
  const output = read("output.weight", ["k", "p"], width);
  const features = layers[0]?.T.cols ?? output.cols;
  requireAdded(tensors);
  return { layers, output, inputScale: inputScaleOf(tensors, features) };
}

/** Sizes of the network that tensors are of, and what its inputs are divided by. */
export function gainShape(tensors: Readonly<Record<string, Tensor>>) {
  const { layers, output, inputScale } = weightsOf(tensors);
  return {
    inputs: layers[0]?.T.cols ?? output.cols,
    hidden: layers.map(({ T }) => T.rows),
    outputs: output.rows,
    inputScale,
  };
}
