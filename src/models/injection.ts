import { ShapeError, UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { gather } from "../graph/ops/indexing.ts";
import { matmul } from "../graph/ops/linear.ts";
import { pad, reshape, transpose } from "../graph/ops/movement.ts";
import { constant } from "../graph/value.ts";

/** A strided convolution of images with zeros around them: kernels of k × k, k odd, (k − 1)/2 zeros. */
export interface Injection {
  readonly image: readonly [number, number, number]; // channels, height, width
  readonly kernel: number;
  readonly stride: number;
}

/** The side of what a square image becomes. @throws UsageError  for what is not square, or no window */
export function injectedSide({
  image: [planes, height, width],
  kernel,
  stride,
}: Injection): number {
  if (height !== width) {
    throw new UsageError(`a monotone convolution wants square images, not ${height} × ${width}`);
  }
  for (const [name, value] of Object.entries({ planes, kernel, stride })) {
    if (!(Number.isInteger(value) && value > 0))
      throw new UsageError(`injection: ${name} ${value}`);
  }
  if (kernel % 2 !== 1) throw new UsageError(`injection: a kernel of ${kernel}, which is not odd`);
  return Math.floor((height - 1) / stride) + 1;
}

/**
 * U x for features x [N, C·H·W] and U [n, C·k²], as [pixels, n, N]: samples last, and the pixels of
 * the result in the order given.
 */
export function inject(
  injection: Injection,
  order: readonly (readonly [number, number])[],
  U: Value,
  x: Value,
): Value {
  const [planes, height, width] = injection.image;
  const pixels = planes * height * width;
  if (x.shape[1] !== pixels) throw new ShapeError(`${x.shape[1]} features for images of ${pixels}`);
  const table = patchTable(injection, order);
  const taps = planes * injection.kernel ** 2;
  const columns = pad(transpose(x, [1, 0]), [0, 0, 1, 0]); // the row of zeros that stands for outside
  const patches = gather(columns, constant(table, "int64"));
  const samples = x.shape[0];
  return matmul(U, reshape(patches, [order.length, taps, samples]));
}

/** Which feature each tap of each output pixel reads; C·H·W outside the image. */
function patchTable(
  { image: [planes, height, width], kernel, stride }: Injection,
  order: readonly (readonly [number, number])[],
): number[] {
  const reach = (kernel - 1) / 2;
  const outside = planes * height * width;
  const taps = Array.from({ length: planes * kernel * kernel }, (_, tap) => tap);
  return order.flatMap(([row, column]) =>
    taps.map((tap) => {
      const y = stride * row + (Math.floor(tap / kernel) % kernel) - reach;
      const x = stride * column + (tap % kernel) - reach;
      const inside = y >= 0 && y < height && x >= 0 && x < width;
      return inside ? (Math.floor(tap / kernel ** 2) * height + y) * width + x : outside;
    }),
  );
}
