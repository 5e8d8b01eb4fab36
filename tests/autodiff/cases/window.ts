import fc from "fast-check";
import type { windowOperators } from "../../../src/graph/infer/window.ts";
import { averagePool, conv, convTranspose, maxPool } from "../../../src/graph/ops/window.ts";
import { apply } from "../../../src/graph/value.ts";
import { between, type Case, flag, list, seeds, useOf } from "./draw.ts";

/** A window over one or two axes, and sizes that it fits into. */
const windows = between(1, 2).chain((rank) =>
  fc.record({
    kernel: list(between(1, 3), rank),
    strides: list(between(1, 3), rank),
    pads: list(between(0, 2), 2 * rank),
    dilations: list(between(1, 2), rank),
    extra: list(between(0, 3), rank),
  }),
);

const channels = fc.record({
  batch: between(1, 2),
  named: flag,
  group: between(1, 2),
  inputs: fc.constantFrom(1, 2, 4), // a group; from 4 on the weights' rule is another
  outputs: between(1, 2), // a group
});

/** Pads of a pool are smaller than its kernel. */
const within = (pads: readonly number[], kernel: readonly number[]) =>
  pads.map((n, i) => Math.min(n, kernel[i % kernel.length] - 1));

/** The smallest sizes that a window fits into, and some more. */
const spans = (kernel: readonly number[], dilations: readonly number[], extra: readonly number[]) =>
  kernel.map((k, i) => dilations[i] * (k - 1) + 1 + extra[i]);

const batchOf = (sizes: readonly number[], named: boolean) => ({
  sizes,
  dims: named ? ["N", ...sizes.slice(1)] : sizes,
});

export const windowCases = {
  Conv: fc.tuple(windows, channels, flag, seeds).map(([w, c, biased, seed]) => {
    const { kernel, strides, pads, dilations, extra } = w;
    const [m, n] = [c.group * c.outputs, c.group * c.inputs];
    return useOf(
      {
        dtype: "float32",
        feeds: {
          x: batchOf([c.batch, n, ...spans(kernel, dilations, extra)], c.named),
          weight: { sizes: [m, c.inputs, ...kernel] },
          ...(biased && { bias: { sizes: [m] } }),
        },
        build: ({ x, weight, bias }) => [
          conv(x, weight, bias ?? null, { strides, pads, dilations, group: c.group }),
        ],
      },
      seed,
    );
  }),

  ConvTranspose: fc.tuple(windows, channels, seeds).map(([w, c, seed]) => {
    const { kernel, strides, pads, dilations, extra } = w;
    const [m, n] = [c.group * c.outputs, c.inputs];
    const places = extra.map((size) => size + 3);
    // The result must keep a positive size, and the padding beyond it be less than a stride.
    const cut = kernel.map((k, i) => Math.min(pads[i], dilations[i] * (k - 1)));
    return useOf(
      {
        dtype: "float32",
        feeds: {
          x: batchOf([c.batch, m, ...places], c.named),
          weight: { sizes: [m, n, ...kernel] },
        },
        build: ({ x, weight }) => [
          convTranspose(x, weight, {
            strides,
            dilations,
            group: c.group,
            pads: [...cut, ...cut.map(() => 0)],
            output_padding: strides.map((stride) => seed % stride),
          }),
        ],
      },
      seed,
    );
  }),

  MaxPool: fc.tuple(windows, between(1, 2), flag, seeds).map(([w, c, named, seed]) => {
    const { kernel, dilations, extra } = w;
    const tiled = seed % 3 === 0;
    const sizes = tiled
      ? kernel.map((k, i) => k * (extra[i] + 1))
      : spans(kernel, dilations, extra).map((n) => n + 2);
    const options = { strides: w.strides, pads: within(w.pads, kernel), dilations };
    return useOf(
      {
        // Windows side by side have a rule of their own, in float32.
        dtype: tiled && seed % 2 ? "float32" : "float64",
        feeds: { x: { ...batchOf([2, c, ...sizes], named), range: [-6, 6] } },
        build: ({ x }) => [maxPool(x, kernel, tiled ? {} : options)],
      },
      seed,
    );
  }),

  AveragePool: fc.tuple(windows, between(1, 2), flag, seeds).map(([w, c, named, seed]) => {
    const { kernel, strides, extra } = w;
    const pads = within(w.pads, kernel);
    const sizes = spans(
      kernel,
      kernel.map(() => 1),
      extra,
    );
    return useOf(
      {
        dtype: "float32",
        feeds: { x: batchOf([2, c, ...sizes], named) },
        build: ({ x }) => [
          seed % 2
            ? averagePool(x, kernel, { strides, pads })
            : apply("AveragePool", [x], { kernel_shape: kernel, strides, pads }),
        ],
      },
      seed,
    );
  }),
} satisfies Record<keyof typeof windowOperators, fc.Arbitrary<Case>>;
