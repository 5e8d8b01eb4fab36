import fc from "fast-check";
import type { controlOperators } from "../../../src/graph/infer/control.ts";
import { cond, loop, scan } from "../../../src/graph/ops/control.ts";
import { add, mul, sin, tanh } from "../../../src/graph/ops/elementwise.ts";
import { matmul } from "../../../src/graph/ops/linear.ts";
import { between, type Case, flag, seeds, useOf } from "./draw.ts";

export const controlCases = {
  Scan: fc
    .tuple(between(1, 4), flag, flag, fc.constantFrom(undefined, 1, 2), between(0, 2), seeds)
    .map(([steps, named, reverse, checkpointEvery, used, seed]) =>
      useOf(
        {
          feeds: {
            h: { sizes: [1, 2] },
            xs: {
              sizes: [steps, 1, 2],
              dims: [named && checkpointEvery === undefined ? "T" : steps, 1, 2],
            },
            w: { sizes: [2, 2], range: [-1, 1] },
          },
          build: ({ h, xs, w }) => {
            const { state, outputs } = scan(
              { h },
              { x: xs },
              ({ h: before }, { x }) => {
                const next = tanh(add(matmul(before, w), x));
                return { state: { h: next }, outputs: { y: mul(next, x), z: sin(before) } };
              },
              { reverse, checkpointEvery },
            );
            return [[state.h, outputs.y, outputs.z], [state.h], [outputs.y]][used];
          },
        },
        seed,
      ),
    ),

  If: fc.tuple(flag, seeds).map(([taken, seed]) =>
    useOf(
      {
        feeds: {
          condition: { sizes: [], dtype: "bool", whole: [+taken] },
          a: { sizes: [2] },
          b: { sizes: [2] },
        },
        build: ({ condition, a, b }) => {
          const { y, z } = cond(
            condition,
            () => ({ y: mul(a, sin(b)), z: b }),
            () => ({ y: tanh(a), z: a }),
          );
          return [y, z];
        },
      },
      seed,
    ),
  ),

  Loop: seeds.map((seed) =>
    useOf(
      {
        derivative: "refused",
        feeds: { x: { sizes: [2] } },
        build: ({ x }) => [
          loop({ times: 2 }, { x }, (now) => ({ state: { x: sin(now.x) } })).state.x,
        ],
      },
      seed,
    ),
  ),
} satisfies Record<keyof typeof controlOperators, fc.Arbitrary<Case>>;
