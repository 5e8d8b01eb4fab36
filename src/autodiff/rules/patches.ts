import type { Value } from "../../graph/node.ts";
import { gemm } from "../../graph/ops/linear.ts";
import { concat, pad, reshape, slice, transpose } from "../../graph/ops/movement.ts";

interface Sliding {
  readonly kernel: readonly number[];
  readonly pads: readonly number[];
  readonly dilations: readonly number[];
}

/**
 * ∂/∂w [M, C, ...kernel] of a convolution of stride 1 as one product: w̄ = Ȳ Pᵀ, the rows of
 * Ȳ [M, N·L] the cotangents of a kernel, those of P [C·K, N·L] the images moved by one place of the
 * kernel. Images are laid out as lines, so that moving one is a contiguous slice; ȳ is padded to
 * their width with zeros, which takes the places where a line wraps around.
 *
 * Measured at 16 → 32 channels, batch 128: 3.8 ms, as a convolution of transposed operands 7.9.
 */
export function weightCotangentByPatches(
  x: Value,
  ybar: Value,
  { kernel, pads, dilations }: Sliding,
): Value {
  const rank = kernel.length;
  const sides = (places: readonly number[]) => [
    0,
    0,
    ...places.slice(0, rank),
    0,
    0,
    ...places.slice(rank),
  ];
  const byChannel = (v: Value) => transpose(v, [1, 0, ...kernel.map((_, i) => i + 2)]);
  const padded = byChannel(pad(x, sides(pads)));
  const sizes = padded.shape.slice(2) as readonly number[];
  const outputs = ybar.shape.slice(2) as readonly number[];
  const product = (list: readonly number[]) => list.reduce((n, size) => n * size, 1);
  const strides = sizes.map((_, i) => product(sizes.slice(i + 1)));

  // From the first to the last output of an image, in places of a line.
  const length = outputs.reduce((n, size, i) => n + (size - 1) * strides[i], 1);
  const missing = sizes.map((size, i) => (i === 0 ? 0 : size - outputs[i]));
  const wide = pad(byChannel(ybar), sides([...missing.map(() => 0), ...missing]));
  const batch = x.shape[0];
  const line = slice(
    reshape(wide, [wide.shape[0], batch, product(wide.shape.slice(2) as number[])]),
    2,
    {
      end: length,
    },
  );

  const images = reshape(padded, [padded.shape[0], batch, product(sizes)]);
  const places = Array.from({ length: product(kernel) }, (_, k) =>
    kernel.reduce((start, size, i) => {
      const step = Math.floor(k / product(kernel.slice(i + 1))) % size;
      return start + step * dilations[i] * strides[i];
    }, 0),
  );
  const moved = concat(
    places.map((start) => slice(images, 2, { start, end: start + length })),
    0,
  );
  const [channels, kernels] = [Number(x.shape[1]), Number(ybar.shape[1])];
  const grouped = gemm(
    reshape(line, [kernels, -1]),
    reshape(moved, [places.length * channels, -1]),
    null,
    {
      transB: true,
    },
  );
  return transpose(reshape(grouped, [kernels, ...kernel, channels]), [
    0,
    rank + 1,
    ...kernel.map((_, i) => i + 1),
  ]);
}
