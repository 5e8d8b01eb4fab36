import type { Value } from "../../graph/node.ts";
import { add, cast, div, maximum, mul, sqrt, square, sub } from "../../graph/ops/elementwise.ts";
import { reshape } from "../../graph/ops/movement.ts";
import { reducedCount, reduceMean, reduceSum } from "../../graph/ops/reduction.ts";
import { customVjp } from "../../graph/value.ts";
import { constantStart } from "../initialise.ts";
import type { Parameters, Supplies } from "../model.ts";

const epsilon = 1e-5;
/** Share of the newest batch in the running statistics. */
const momentum = 0.1;

const gainOf = (name: string) => `${name}.gain`;
const shiftOf = (name: string) => `${name}.shift`;
const meanOf = (name: string) => `${name}.mean`;
const varianceOf = (name: string) => `${name}.variance`;

/** Gain 1, shift 0, running mean 0 and variance 1 of each channel. */
export const batchNormParameters = (name: string, channels: number): Parameters => ({
  [gainOf(name)]: constantStart([channels], 1),
  [shiftOf(name)]: constantStart([channels], 0),
  [meanOf(name)]: constantStart([channels], 0),
  [varianceOf(name)]: constantStart([channels], 1),
});

/** The running statistics: parameters that training sets without a gradient. */
export const batchNormSettled = (name: string): readonly string[] => [
  meanOf(name),
  varianceOf(name),
];

/**
 * Normalisation of each channel over the batch, while training: (x − mean)/√(variance + 1e-5), then a
 * gain and a shift, for x [N, C, ...]. The running statistics move a tenth of the way to the batch's
 * (its variance with N − 1). The derivative is written out, two reductions instead of eight:
 * x̄ = a(ȳ − mean(ȳ) − x̂ mean(ȳx̂)), a = gain/√(variance + 1e-5).
 *
 * Ioffe & Szegedy (2015), "Batch normalization", arXiv:1502.03167, Algorithm 1.
 */
export function batchNorm(
  x: Value,
  parameters: Readonly<Record<string, Value>>,
  name: string,
  { next }: Supplies,
): Value {
  const axes = x.shape.map((_, i) => i).filter((i) => i !== 1);
  const keepdims = { keepdims: true };
  const mean = reduceMean(x, axes, keepdims);
  const centred = sub(x, mean);
  const variance = reduceMean(square(centred), axes, keepdims);
  const deviation = sqrt(add(variance, epsilon));
  const channels = Number(x.shape[1]);
  const column = (v: Value) => reshape(v, [1, channels, ...x.shape.slice(2).map(() => 1)]);
  const gain = column(parameters[gainOf(name)]);
  const shift = column(parameters[shiftOf(name)]);
  const count = cast(reducedCount(x, axes), x.dtype);

  const towards = (old: Value, found: Value) =>
    add(mul(old, 1 - momentum), mul(reshape(found, [channels]), momentum));
  const unbiased = mul(variance, div(count, maximum(sub(count, 1), 1)));
  next.settled[meanOf(name)] = towards(parameters[meanOf(name)], mean);
  next.settled[varianceOf(name)] = towards(parameters[varianceOf(name)], unbiased);

  const y = add(mul(centred, div(gain, deviation)), shift);
  return customVjp(
    [y],
    [x, gain, shift, mean, deviation, count],
    ([, x, gain, , mean, deviation, count], _, [ybar]) => {
      const normal = div(sub(x, mean), deviation);
      const shiftBar = reduceSum(ybar!, axes, keepdims);
      const gainBar = reduceSum(mul(ybar!, normal), axes, keepdims);
      const through = add(div(shiftBar, count), mul(normal, div(gainBar, count)));
      const xbar = mul(sub(ybar!, through), div(gain, deviation));
      return [null, xbar, gainBar, shiftBar, null, null, null];
    },
  )[0];
}

/**
 * After training a normalisation by the running statistics is part of the convolution before it:
 * weight [M, ...] and bias [M] with it folded in.
 */
export function foldedBatchNorm(
  weight: Value,
  bias: Value,
  parameters: Readonly<Record<string, Value>>,
  name: string,
): { readonly weight: Value; readonly bias: Value } {
  // Weights tried ahead of training may have a variance below zero.
  const variance = maximum(parameters[varianceOf(name)], 0);
  const scale = div(parameters[gainOf(name)], sqrt(add(variance, epsilon)));
  const rows = reshape(scale, [Number(weight.shape[0]), ...weight.shape.slice(1).map(() => 1)]);
  const shifted = mul(sub(bias, parameters[meanOf(name)]), scale);
  return { weight: mul(weight, rows), bias: add(shifted, parameters[shiftOf(name)]) };
}
