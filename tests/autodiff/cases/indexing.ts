import fc from "fast-check";
import type { indexOperators } from "../../../src/graph/infer/indexing.ts";
import {
  gather,
  gatherElements,
  gatherND,
  range,
  scatterElements,
  scatterND,
} from "../../../src/graph/ops/indexing.ts";
import { apply, constant } from "../../../src/graph/value.ts";
import { axisOf, between, type Case, flag, list, nameThrees, seeds, sizes, useOf } from "./draw.ts";

const product = (shape: readonly number[]) => shape.reduce((n, size) => n * size, 1);

/** As many indices as asked, repeated and counted from either end. */
const indicesInto = (size: number, count: number) => list(between(-size, size - 1), count);

/** Rows of k indices into the first k axes; for writing, each place at most once. */
const rowsInto = (shape: readonly number[], depth: number, once: boolean) => {
  const places = shape
    .slice(0, depth)
    .reduce<number[][]>(
      (all, size) => all.flatMap((row) => Array.from({ length: size }, (_, i) => [...row, i])),
      [[]],
    );
  return once
    ? fc.shuffledSubarray(places, { minLength: 1 })
    : fc.array(fc.constantFrom(...places), { minLength: 1, maxLength: 4 });
};

const places = sizes(1).chain((shape) => fc.tuple(fc.constant(shape), between(1, shape.length)));

export const indexingCases = {
  Gather: sizes(1).chain((shape) =>
    fc.tuple(axisOf(shape.length), sizes(0, 2), flag, seeds).chain(([axis, wanted, named, seed]) =>
      indicesInto(shape.at(axis)!, product(wanted)).map((whole) =>
        useOf(
          {
            feeds: {
              x: { sizes: shape, dims: nameThrees(shape, named) },
              indices: { sizes: wanted, whole },
            },
            build: ({ x, indices }) => [gather(x, indices, axis)],
          },
          seed,
        ),
      ),
    ),
  ),

  GatherElements: sizes(1).chain((shape) =>
    fc.tuple(axisOf(shape.length), between(1, 4), seeds).chain(([axis, count, seed]) => {
      const wanted = shape.with(axis, count);
      return indicesInto(shape.at(axis)!, product(wanted)).map((whole) =>
        useOf(
          {
            feeds: { x: { sizes: shape }, indices: { sizes: wanted, whole } },
            build: ({ x, indices }) => [gatherElements(x, indices, axis)],
          },
          seed,
        ),
      );
    }),
  ),

  GatherND: places.chain(([shape, depth]) =>
    fc.tuple(rowsInto(shape, depth, false), flag, seeds).map(([rows, named, seed]) =>
      useOf(
        {
          feeds: {
            x: { sizes: shape, dims: nameThrees(shape, named) },
            indices: { sizes: [rows.length, depth], whole: rows.flat() },
          },
          build: ({ x, indices }) => [gatherND(x, indices)],
        },
        seed,
      ),
    ),
  ),

  ScatterElements: sizes(1).chain((shape) =>
    fc.tuple(axisOf(shape.length), flag, seeds).chain(([axis, adds, seed]) => {
      const size = shape.at(axis)!;
      const line = adds
        ? fc.array(between(-size, size - 1), { minLength: 1, maxLength: 4 })
        : fc.shuffledSubarray([...Array(size).keys()], { minLength: 1 });
      return line.map((along) => {
        const at = (axis + shape.length) % shape.length;
        const wanted = shape.with(at, along.length);
        const inner = product(shape.slice(at + 1));
        const whole = Array.from(
          { length: product(wanted) },
          (_, i) => along[Math.floor(i / inner) % along.length],
        );
        return useOf(
          {
            feeds: {
              x: { sizes: shape },
              indices: { sizes: wanted, whole },
              updates: { sizes: wanted },
            },
            build: ({ x, indices, updates }) => [
              scatterElements(x, indices, updates, axis, adds ? "add" : "none"),
            ],
          },
          seed,
        );
      });
    }),
  ),

  ScatterND: places.chain(([shape, depth]) =>
    flag.chain((adds) =>
      fc.tuple(rowsInto(shape, depth, !adds), flag, seeds).map(([rows, named, seed]) => {
        const tail = shape.slice(depth);
        return useOf(
          {
            feeds: {
              x: { sizes: shape, dims: nameThrees(shape, named) },
              indices: { sizes: [rows.length, depth], whole: rows.flat() },
              updates: {
                sizes: [rows.length, ...tail],
                dims: [rows.length, ...nameThrees(tail, named)],
              },
            },
            build: ({ x, indices, updates }) => [
              scatterND(x, indices, updates, adds ? "add" : "none"),
            ],
          },
          seed,
        );
      }),
    ),
  ),

  // The values beside and at the index; the indices have no derivative.
  OneHot: sizes(1, 2).chain((shape) =>
    fc
      .tuple(indicesInto(3, product(shape)), between(-1, shape.length), seeds)
      .map(([whole, axis, seed]) =>
        useOf(
          {
            dtype: "float32",
            feeds: { indices: { sizes: shape, whole }, values: { sizes: [2] } },
            build: ({ indices, values }) => [
              apply("OneHot", [indices, constant(3, "int64"), values], { axis }),
            ],
          },
          seed,
        ),
      ),
  ),

  Range: seeds.map((seed) =>
    useOf(
      {
        feeds: {
          start: { sizes: [], range: [-0.2, 0.2] },
          limit: { sizes: [], range: [3.3, 3.4] },
          delta: { sizes: [], range: [0.9, 1] },
        },
        build: ({ start, limit, delta }) => [range(start, limit, delta)],
      },
      seed,
    ),
  ),
} satisfies Record<keyof typeof indexOperators, fc.Arbitrary<Case>>;
