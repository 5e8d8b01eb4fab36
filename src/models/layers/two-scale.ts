import { UsageError } from "../../errors.ts";
import { add } from "../../graph/ops/elementwise.ts";
import { concat, reshape } from "../../graph/ops/movement.ts";
import { reduceMean } from "../../graph/ops/reduction.ts";
import { conv, convTranspose } from "../../graph/ops/window.ts";
import {
  type ImageLayerOptions,
  imageLayer,
  normParameters,
  requireImageOptions,
} from "./convolutional.ts";
import { type Layer, positiveWhole, weight } from "./layer.ts";

/**
 * Two images as the state, the second of half the resolution:
 *
 *   z₁ = σ(GN(W₁₁ ∗ z₁ + W₁₂ ↑ z₂ + GN(U₁ ∗ x + b₁)))
 *   z₂ = σ(GN(W₂₂ ∗ z₂ + W₂₁ ↓ z₁ + GN(U₂ ∗ x + b₂)))
 *
 * where ↓ is a convolution with 2×2 kernels and stride 2, and ↑ the transpose of one. The output is
 * read from z₁ pooled and the means of z₂'s channels.
 *
 * After Bai, Koltun & Kolter (2020), "Multiscale deep equilibrium models", arXiv:2006.08656, where x
 * enters at the first scale only.
 */
export const twoScale = (
  options: ImageLayerOptions & { /** Of z₂. */ readonly coarse?: number },
): Layer => {
  requireImageOptions("twoScale", options);
  return (inputs) => {
    const { channels, kernel = 3, groups = 1, stride = 1, coarse = 2 * channels } = options;
    const parts = imageLayer("twoScale", inputs, options);
    const { rows, columns, sigma, same, norm } = parts;
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
        ...parts.injection("1", channels),
        ...parts.injection("2", coarse),
        ...normParameters("norm1", channels),
        ...normParameters("norm2", coarse),
      },
      inject: (p, x) => [parts.inject(p, x, "1", stride), parts.inject(p, x, "2", 2 * stride)],
      apply: (p, [fine, half], [c1, c2]) => {
        const up = convTranspose(half, p.W12, { strides });
        const down = conv(fine, p.W21, null, { strides });
        return [
          sigma(norm(p, "norm1", add(add(same(fine, p.W11), up), c1))),
          sigma(norm(p, "norm2", add(add(same(half, p.W22), down), c2))),
        ];
      },
      read: ([fine, half]) => {
        const means = reshape(reduceMean(half, [2, 3]), [half.shape[0], coarse]);
        return concat([parts.pooled(fine), means], 1);
      },
      features: parts.features + coarse,
    };
  };
};
