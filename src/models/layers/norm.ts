import type { Value } from "../../graph/node.ts";
import { add, div, mul, sqrt, square, sub } from "../../graph/ops/elementwise.ts";
import { reshape } from "../../graph/ops/movement.ts";
import { reduceMean } from "../../graph/ops/reduction.ts";

const epsilon = 1e-5;

/**
 * Normalisation over groups of channels of each sample by itself: (x − mean)/√(variance + 1e-5),
 * then a gain and a shift [C] for each channel. x [N, C, ...]; one group is layer normalisation.
 *
 * Wu & He (2018), "Group normalization", arXiv:1803.08494.
 */
export function groupNorm(x: Value, groups: number, gain: Value, shift: Value): Value {
  const [samples, channels, ...space] = x.shape;
  const perGroup = Number(channels) / groups;
  const size = space.reduce<number>((n, dim) => n * Number(dim), perGroup);
  const rows = reshape(x, [samples, groups, size]);
  const centred = sub(rows, reduceMean(rows, [2], { keepdims: true }));
  const variance = reduceMean(square(centred), [2], { keepdims: true });
  // Few numbers: what is large is only centred, squared, averaged, scaled and shifted.
  const scale = div(reshape(gain, [groups, perGroup]), sqrt(add(variance, epsilon)));
  const ones = space.map(() => 1);
  const scaled = mul(
    reshape(centred, x.shape),
    reshape(scale, [samples, Number(channels), ...ones]),
  );
  return add(scaled, reshape(shift, [Number(channels), ...ones]));
}
