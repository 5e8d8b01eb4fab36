import { randomStream } from "../../data/random.ts";
import { UsageError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import { cos, mul, sin } from "../../graph/ops/elementwise.ts";
import { affine } from "../../graph/ops/linear.ts";
import { concat } from "../../graph/ops/movement.ts";
import { type Tensor, tensorOf } from "../../graph/tensor.ts";

/** Random Fourier features of a Gaussian kernel. */
export interface FourierFeatures {
  /** m, even. */
  readonly count: number;
  /** σ of exp(−‖a − b‖²/(2σ²)). */
  readonly bandwidth: number;
}

/** @throws UsageError */
export function checkFourier({ count, bandwidth }: FourierFeatures): void {
  if (!(Number.isInteger(count) && count > 0 && count % 2 === 0))
    throw new UsageError(`random Fourier features: count = ${count}`, "an even number is wanted");
  if (!(bandwidth > 0 && Number.isFinite(bandwidth)))
    throw new UsageError(`random Fourier features: bandwidth ${bandwidth} is not positive`);
}

/** Frequencies [m/2, width], each from N(0, 1/σ²). float32. */
export function fourierWeights(
  { count, bandwidth }: FourierFeatures,
  width: number,
  seed: number,
): Tensor {
  const random = randomStream(seed, "initialise", "fourier.weight");
  const draw = () => random.normal() / bandwidth;
  const shape = [count / 2, width];
  return tensorOf(Float32Array.from({ length: shape[0] * width }, draw), shape);
}

/**
 * [cos Wa, sin Wa]/√(m/2) of rows a [..., d] under frequencies W [m/2, d] → [..., m]. Inner products
 * of two of them approach exp(−‖a − b‖²/(2σ²)) as O(1/√m).
 *
 * Rahimi & Recht (2007), "Random features for large-scale kernel machines", NeurIPS 20.
 */
export function fourierFeatures(a: Value, weight: Value): Value {
  const angles = affine(a, weight);
  const features = concat([cos(angles), sin(angles)], a.shape.length - 1);
  return mul(features, 1 / Math.sqrt(Number(weight.shape[0])));
}
