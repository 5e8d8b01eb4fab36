import type { Value } from "../node.ts";
import { apply } from "../value.ts";

export interface WindowOptions {
  readonly strides?: readonly number[];
  readonly pads?: readonly number[]; // all begins, then all ends
  readonly dilations?: readonly number[];
  readonly group?: number;
}

/** Cross-correlation: x [N, C, H, W], weight [M, C/group, kH, kW], bias [M] → [N, M, H′, W′]. */
export const conv = (x: Value, weight: Value, bias: Value | null, options: WindowOptions = {}) =>
  apply("Conv", bias === null ? [x, weight] : [x, weight, bias], { ...options });

/** Adjoint of `conv` in its first argument: x [N, M, H′, W′], weight [M, C/group, kH, kW] → [N, C, H, W]. */
export const convTranspose = (
  x: Value,
  weight: Value,
  options: WindowOptions & { readonly output_padding?: readonly number[] } = {},
) => apply("ConvTranspose", [x, weight], { ...options });

export type PoolOptions = Omit<WindowOptions, "group">;

/** Largest entry of each window: x [N, C, H, W] → [N, C, H′, W′]. */
export const maxPool = (x: Value, kernel: readonly number[], options: PoolOptions = {}) =>
  apply("MaxPool", [x], { kernel_shape: kernel, strides: kernel, ...options });

/** Mean of each window, padding counted. */
export const averagePool = (x: Value, kernel: readonly number[], options: PoolOptions = {}) =>
  apply("AveragePool", [x], {
    kernel_shape: kernel,
    strides: kernel,
    count_include_pad: 1,
    ...options,
  });
