import type { Value } from "../../graph/node.ts";
import { add, div, mul, sqrt, sub } from "../../graph/ops/elementwise.ts";
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
  const size = space.reduce<number>((n, dim) => n * Number(dim), Number(channels)) / groups;
  const rows = reshape(x, groups === 1 ? [samples, size] : [samples, groups, size]);
  const axis = [rows.shape.length - 1];
  const centred = sub(rows, reduceMean(rows, axis, { keepdims: true }));
  const variance = reduceMean(mul(centred, centred), axis, { keepdims: true });
  const normal = reshape(div(centred, sqrt(add(variance, epsilon))), x.shape);
  const perChannel = (v: Value) => reshape(v, [Number(channels), ...space.map(() => 1)]);
  return add(mul(normal, perChannel(gain)), perChannel(shift));
}
