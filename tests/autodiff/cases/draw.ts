import fc from "fast-check";
import { constantNumbers, type Value } from "../../../src/graph/node.ts";
import { cast } from "../../../src/graph/ops/elementwise.ts";
import { type DType, formatType, type Shape } from "../../../src/graph/shape.ts";
import type { Tensor } from "../../../src/graph/tensor.ts";
import { input, typedArray } from "../../../src/graph/value.ts";
import { noise, type Problem } from "../differences.ts";

type Arbitrary<T> = fc.Arbitrary<T>;

/** An input: sizes to feed, sizes or names in the graph, and where its numbers lie. */
export interface Feed {
  readonly sizes: readonly number[];
  readonly dims?: Shape; // the sizes, when left out
  readonly range?: readonly [number, number];
  readonly whole?: readonly number[]; // numbers of an int64 or bool input
  readonly dtype?: DType;
}

/** One use of an operator. `none`: deliberately without derivative; `refused`: asking for it throws. */
export interface Case {
  readonly problem: Problem;
  readonly derivative: "checked" | "none" | "refused";
  readonly [fc.toStringMethod]: () => string;
}

interface Use {
  readonly feeds: Readonly<Record<string, Feed>>;
  readonly build: (values: Record<string, Value>) => readonly Value[];
  readonly dtype?: "float32" | "float64";
  readonly derivative?: Case["derivative"];
}

/**
 * Float inputs get numbers a whole step apart, all different over all inputs and none near 0 in a
 * range about it: no kink or tie lies between the two points of a difference.
 */
export function useOf(
  { feeds, build, dtype = "float64", derivative = "checked" }: Use,
  seed = 1,
): Case {
  const entries = Object.entries(feeds);
  const count = (sizes: readonly number[]) => sizes.reduce((n, size) => n * size, 1);
  const total = entries.reduce((n, [, { sizes }]) => n + count(sizes), 0);
  const slots = noise(2 * total, seed)
    .slice(0, total + (total % 2))
    .map((key, slot) => ({ key, slot }))
    .sort((a, b) => a.key - b.key);
  const taken = slots.values();
  const next = ([low, high]: readonly [number, number]) =>
    low + ((taken.next().value!.slot + 0.5) / slots.length) * (high - low);

  const inputs: Record<string, Value> = {};
  const tensors: Record<string, Tensor> = {};
  for (const [name, feed] of entries) {
    const { sizes, dims = sizes, range = [-2, 2], whole } = feed;
    const type = feed.dtype ?? (whole ? "int64" : dtype);
    const numbers = whole ?? Array.from({ length: count(sizes) }, () => next(range));
    inputs[name] = input(name, type, dims);
    tensors[name] = { dtype: type, shape: sizes, data: typedArray(type, numbers) };
  }
  const outputs = build(inputs);
  const floats = derivative === "none" ? outputs.map((y) => cast(y, dtype)) : outputs;
  return {
    problem: { inputs, feeds: tensors, outputs: floats },
    derivative,
    [fc.toStringMethod]: () =>
      [...Object.entries(inputs), ...outputs.map((y) => [y.node.op, y] as const)]
        .map(([name, { node, ...type }]) => {
          const known = node.inputs.map((x) => (x ? (constantNumbers(x) ?? "·") : "-")).join(" ");
          return `${name} ${formatType(type)} ${known} ${JSON.stringify(node.attributes)}`;
        })
        .join("\n"),
  };
}

export const seeds = fc.integer({ min: 1, max: 1000 });
export const flag = fc.boolean();
export const between = (min: number, max: number) => fc.integer({ min, max });
export const list = <T>(item: Arbitrary<T>, length: number) =>
  fc.array(item, { minLength: length, maxLength: length });

/** Sizes 1 to 3 of up to three axes. */
export const sizes = (minLength = 0, maxLength = 3) =>
  fc.array(between(1, 3), { minLength, maxLength });

/** Axes of size 3 get a name, when asked. */
export const nameThrees = (shape: readonly number[], named: boolean): Shape =>
  shape.map((size) => (named && size === 3 ? "N" : size));

/** One of the axes, counted from either end. */
export const axisOf = (rank: number) => between(-rank, rank - 1);

/** Shapes that broadcast to `shape`: leading axes dropped, others of size 1. */
export const broadcasting = (shape: readonly number[]): Arbitrary<readonly number[]> =>
  fc
    .tuple(between(0, shape.length), list(fc.integer({ min: 0, max: 3 }), shape.length))
    .map(([drop, ones]) => shape.map((n, i) => (ones[i] === 0 ? 1 : n)).slice(ones[0] ? 0 : drop));
