import fc from "fast-check";
import type { movementOperators } from "../../../src/graph/infer/movement.ts";
import {
  concat,
  expandTo,
  reshape,
  shapeOf,
  split,
  squeeze,
  transpose,
  unsqueeze,
} from "../../../src/graph/ops/movement.ts";
import type { Shape } from "../../../src/graph/shape.ts";
import { apply, constant } from "../../../src/graph/value.ts";
import {
  axisOf,
  between,
  broadcasting,
  type Case,
  flag,
  list,
  nameThrees,
  seeds,
  sizes,
  useOf,
} from "./draw.ts";

const vector = (numbers: readonly number[]) => constant(numbers, "int64");

/** Some of the axes, each counted from either end. */
const someAxes = (rank: number) =>
  fc
    .tuple(fc.subarray([...Array(rank).keys()]), flag)
    .map(([axes, fromEnd]) => axes.map((axis) => (fromEnd ? axis - rank : axis)));

/** From one shape to another; N is 6 and M is 2 when run. */
const reshapes: readonly (readonly [Shape, Shape])[] = [
  [[6], [2, 3]],
  [[2, 1, 3], [-1]],
  [[1, 1], []],
  [
    [4, 3],
    [2, -1, 2],
  ],
  [["N", 4], [-1]],
  [
    ["N", 4],
    ["N", 2, 2],
  ],
  [
    ["N", 4],
    [2, "N", 2],
  ],
  [
    ["N", 4],
    [2, -1],
  ],
  [
    ["N", 2],
    [-1, 4],
  ],
  [
    ["N", 2, "M"],
    ["M", "N", 2],
  ],
  [["N", "M"], [-1]],
  [
    ["N", "M"],
    [1, -1, 3],
  ],
];

const slices = fc.record({
  start: between(-5, 4),
  end: between(-5, 5),
  step: fc.constantFrom(1, 1, 2, 3, -1, -2),
});

export const movementCases = {
  Reshape: fc.tuple(fc.constantFrom(...reshapes), seeds).map(([[from, to], seed]) =>
    useOf(
      {
        feeds: {
          x: { sizes: from.map((n) => (n === "N" ? 6 : n === "M" ? 2 : Number(n))), dims: from },
        },
        build: ({ x }) => [
          to.includes(-1) ? apply("Reshape", [x, vector(to as number[])]) : reshape(x, to),
        ],
      },
      seed,
    ),
  ),

  Transpose: sizes().chain((shape) =>
    fc
      .tuple(
        fc.option(fc.shuffledSubarray([...shape.keys()], { minLength: shape.length })),
        flag,
        seeds,
      )
      .map(([perm, named, seed]) =>
        useOf(
          {
            feeds: { x: { sizes: shape, dims: nameThrees(shape, named) } },
            build: ({ x }) => [perm ? transpose(x, perm) : apply("Transpose", [x])],
          },
          seed,
        ),
      ),
  ),

  Squeeze: sizes(1).chain((shape) =>
    fc.tuple(someAxes(shape.length), flag, seeds).map(([axes, named, seed]) => {
      const ones = shape.map((n, i) =>
        axes.includes(i) || axes.includes(i - shape.length) ? 1 : n,
      );
      return useOf(
        {
          feeds: { x: { sizes: ones, dims: nameThrees(ones, named) } },
          build: ({ x }) => [squeeze(x, axes)],
        },
        seed,
      );
    }),
  ),

  Unsqueeze: sizes(0, 2).chain((shape) =>
    fc.tuple(someAxes(shape.length + 1), flag, seeds).map(([axes, named, seed]) =>
      useOf(
        {
          feeds: { x: { sizes: shape, dims: nameThrees(shape, named) } },
          build: ({ x }) => [unsqueeze(x, axes.length > 1 ? axes.slice(0, 1) : axes)],
        },
        seed,
      ),
    ),
  ),

  Expand: sizes().chain((shape) =>
    fc.tuple(broadcasting(shape), flag, seeds).map(([small, named, seed]) =>
      useOf(
        {
          feeds: {
            x: { sizes: small, dims: nameThrees(small, named) },
            like: { sizes: shape, dims: nameThrees(shape, named) },
          },
          build: ({ x, like }) => [named ? expandTo(x, like) : apply("Expand", [x, vector(shape)])],
        },
        seed,
      ),
    ),
  ),

  Concat: sizes(1).chain((shape) =>
    fc
      .tuple(
        axisOf(shape.length),
        fc.array(between(1, 3), { minLength: 1, maxLength: 3 }),
        flag,
        seeds,
      )
      .map(([axis, lengths, named, seed]) => {
        const at = (axis + shape.length) % shape.length;
        const parts = lengths.map((n) => ({
          sizes: shape.with(at, n),
          dims: nameThrees(shape, named).with(at, n),
        }));
        return useOf(
          {
            feeds: Object.fromEntries(parts.map((part, i) => [`x${i}`, part])),
            build: (v) => [
              seed % 2
                ? apply("Concat", Object.values(v), { axis })
                : concat(Object.values(v), axis),
            ],
          },
          seed,
        );
      }),
  ),

  Split: sizes(1).chain((shape) =>
    fc
      .tuple(
        axisOf(shape.length),
        fc.array(between(1, 3), { minLength: 1, maxLength: 3 }),
        flag,
        seeds,
      )
      .map(([axis, lengths, named, seed]) => {
        const at = (axis + shape.length) % shape.length;
        const total = lengths.reduce((sum, n) => sum + n, 0);
        return useOf(
          {
            feeds: {
              x: { sizes: shape.with(at, total), dims: nameThrees(shape, named).with(at, total) },
            },
            // Not every part need be used.
            build: ({ x }) => split(x, axis, lengths).slice(seed % 2),
          },
          seed,
        );
      })
      .filter(({ problem }) => problem.outputs.length > 0),
  ),

  Slice: sizes(1).chain((shape) =>
    fc
      .tuple(someAxes(shape.length), list(slices, shape.length), flag, seeds)
      .map(([axes, cuts, named, seed]) =>
        useOf(
          {
            feeds: { x: { sizes: shape, dims: nameThrees(shape, named) } },
            build: ({ x }) => {
              const along = axes.length > 0 ? axes : [0];
              const column = (key: "start" | "end" | "step") =>
                vector(along.map((_, i) => cuts[i][key]));
              const [starts, ends] = [column("start"), column("end")];
              const plain = seed % 4 === 0; // axes and steps may be left out
              return [
                apply(
                  "Slice",
                  plain ? [x, starts, ends] : [x, starts, ends, vector(along), column("step")],
                ),
              ];
            },
          },
          seed,
        ),
      ),
  ),

  Pad: sizes(1).chain((shape) =>
    fc.tuple(list(between(-1, 2), 2 * shape.length), flag, seeds).map(([given, named, seed]) => {
      const rank = shape.length;
      const pads = given.map((n, i) => (shape[i % rank] === 3 ? n : Math.max(n, 0)));
      return useOf(
        {
          feeds: { x: { sizes: shape, dims: nameThrees(shape, named) }, value: { sizes: [] } },
          build: ({ x, value }) => [
            apply("Pad", seed % 3 ? [x, vector(pads), value] : [x, vector(pads)]),
          ],
        },
        seed,
      );
    }),
  ),

  Shape: fc.tuple(sizes(1), flag, seeds).map(([shape, named, seed]) =>
    useOf(
      {
        derivative: "none",
        feeds: { x: { sizes: shape, dims: nameThrees(shape, named) } },
        build: ({ x }) => [shapeOf(x, 0, 1)],
      },
      seed,
    ),
  ),
} satisfies Record<keyof typeof movementOperators, fc.Arbitrary<Case>>;
