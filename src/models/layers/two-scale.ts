import { UsageError } from "../../errors.ts";
import type { Value } from "../../graph/node.ts";
import { add } from "../../graph/ops/elementwise.ts";
import { concat, reshape } from "../../graph/ops/movement.ts";
import { reduceMean } from "../../graph/ops/reduction.ts";
import { conv, convTranspose } from "../../graph/ops/window.ts";
import { type ImageLayerOptions, imageLayer, normParameters } from "./convolutional.ts";
import { type Layer, positiveWhole, weight } from "./layer.ts";
import { groupNorm } from "./norm.ts";

/**
 * Two images as the state, the second of half the resolution; x enters at the first:
 *
 *   z₁ = GN(σ(W₁₁ ∗ z₁ + W₁₂ ↑ z₂ + U ∗ x + b)),  z₂ = GN(σ(W₂₂ ∗ z₂ + W₂₁ ↓ z₁))
 *
 * where ↓ is a convolution with 2×2 kernels and stride 2, and ↑ the transpose of one. The output is
 * read from z₁ pooled and the means of z₂'s channels.
 *
 * After Bai, Koltun & Kolter (2020), "Multiscale deep equilibrium models", arXiv:2006.08656.
 */
export const twoScale =
  (options: ImageLayerOptions & { /** Of z₂. */ readonly coarse?: number }): Layer =>
  (inputs) => {
    const { channels, kernel = 3, groups = 1, coarse = 2 * channels } = options;
    const { rows, columns, sigma, same, injection, inject, pooled, features } = imageLayer(
      "twoScale",
      inputs,
      options,
    );
    positiveWhole("twoScale", { coarse });
    if (rows % 2 !== 0 || columns % 2 !== 0)
      throw new UsageError(`twoScale: half of ${rows} × ${columns} is no whole number`);
    if (coarse % groups !== 0)
      throw new UsageError(`twoScale: ${groups} groups do not divide ${coarse} coarse channels`);
    const strides = [2, 2];
    return {
      kind: "two-scale",
      state: [
        [channels, rows, columns],
        [coarse, rows / 2, columns / 2],
      ],
      parameters: {
        W11: weight([channels, channels, kernel, kernel], true),
        // Each pixel of ↑ z₂ is made of one position, unlike those of a convolution.
        W12: { shape: [coarse, channels, 2, 2], start: { fanIn: coarse }, recurrent: true },
        W22: weight([coarse, coarse, kernel, kernel], true),
        W21: weight([coarse, channels, 2, 2], true),
        ...injection,
        ...normParameters("norm1", channels),
        ...normParameters("norm2", coarse),
      },
      inject: ({ U, b }, x) => [inject(x, U, b)],
      apply: (p, [fine, half], [c]) => {
        const norm = (x: Value, name: string) =>
          groupNorm(sigma(x), groups, p[`${name}.gain`], p[`${name}.shift`]);
        const up = convTranspose(half, p.W12, { strides });
        const down = conv(fine, p.W21, null, { strides });
        return [
          norm(add(add(same(fine, p.W11), up), c), "norm1"),
          norm(add(same(half, p.W22), down), "norm2"),
        ];
      },
      read: ([fine, half]) => {
        const means = reshape(reduceMean(half, [2, 3]), [half.shape[0], coarse]);
        return concat([pooled(fine), means], 1);
      },
      features: features + coarse,
    };
  };
