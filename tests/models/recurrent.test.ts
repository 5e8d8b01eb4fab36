import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { gradient } from "../../src/autodiff/gradient.ts";
import { ShapeError, UsageError } from "../../src/errors.ts";
import type { Value } from "../../src/graph/node.ts";
import { add, mul } from "../../src/graph/ops/elementwise.ts";
import { concat, full, reshape, slice, split } from "../../src/graph/ops/movement.ts";
import { reduceSum } from "../../src/graph/ops/reduction.ts";
import { castTensor, type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { constant, input } from "../../src/graph/value.ts";
import type { CellKind } from "../../src/models/recurrent/cells.ts";
import { recurrent } from "../../src/models/recurrent/recurrent.ts";
import { checkDerivative, evaluate, noise } from "../autodiff/differences.ts";

interface Case {
  readonly parameters: Record<string, number[]>;
  readonly u: number[];
  readonly state: Record<string, number[]>;
  readonly y: number[];
  readonly last: Record<string, number[]>;
  readonly weights: Record<string, number[]>; // of y and the last state in the loss
  readonly gradients: Record<string, number[]>;
}
const { sizes, cases } = JSON.parse(
  readFileSync(new URL("fixtures/recurrent.json", import.meta.url), "utf8"),
) as { sizes: Record<string, number>; cases: Record<CellKind, Case> };
const kinds = Object.keys(cases) as CellKind[];

const doubles = (numbers: readonly number[], shape: readonly number[]): Tensor =>
  tensorOf(Float64Array.from(numbers), shape);
const inputsOf = (feeds: Readonly<Record<string, Tensor>>) =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, { dtype, shape }]) => [name, input(name, dtype, shape)]),
  );
const total = (values: readonly Value[]) => values.reduce(add);

describe.each(kinds)("%s", (kind) => {
  const { batch, times, inputs, units, outputs, layers } = sizes;
  const { parameters, u, state, y, last: wanted, weights, gradients } = cases[kind];
  const model = recurrent({ cell: kind, inputs, units, outputs, layers });

  test("has the outputs, last states and gradients of PyTorch", async () => {
    const shapes = model.initialise(1);
    const feeds: Record<string, Tensor> = {
      ...Object.fromEntries(
        Object.entries(parameters).map(([k, v]) => [k, doubles(v, shapes[k].shape)]),
      ),
      ...Object.fromEntries(Object.entries(state).map(([k, v]) => [k, doubles(v, [batch, units])])),
      u: doubles(u, [batch, times, inputs]),
    };
    expect(Object.keys(feeds).sort()).toEqual(
      [...Object.keys(shapes), ...Object.keys(state), "u"].sort(),
    );
    const values = inputsOf(feeds);
    const names = Object.keys(state); // layer by layer, h before c
    const x0 = concat(
      names.map((name) => values[name]),
      1,
    );
    const found = model.simulate(values, values.u, x0);
    const last = split(found.x, 1, Array<number>(names.length).fill(units));
    const ends = Object.fromEntries(names.map((name, i) => [`end.${name}`, last[i]]));
    const weighted = (name: string, value: Value) =>
      reduceSum(mul(value, constant(weights[name], "float64", value.shape as number[])));
    const loss = total([
      weighted("y", found.y),
      ...names.map((name, i) => weighted(name, last[i])),
    ]);
    const bars = Object.entries(gradient(loss, values)).map(([k, v]) => [`bar.${k}`, v]);
    const got = await evaluate(values, { y: found.y, ...ends, ...Object.fromEntries(bars) }, feeds);
    expect(got.y.data as Float64Array).toBeAllClose(y);
    expect(got.y.shape).toEqual([batch, times, outputs]);
    for (const [name, end] of Object.entries(wanted))
      expect(got[`end.${name}`].data as Float64Array).toBeAllClose(end);
    for (const [name, bar] of Object.entries(gradients))
      expect(got[`bar.${name}`].data as Float64Array).toBeAllClose(bar);
    expect(Object.keys(gradients)).toHaveLength(Object.keys(feeds).length);
  });

  const small = recurrent({ cell: kind, inputs: 2, units: 2, outputs: 1 });
  const rest = (of: Value) => full(0, [of.shape[0], small.states], of);
  const drawn = Object.fromEntries(
    Object.entries(small.initialise(2)).map(([k, v]) => [k, castTensor(v, "float64")]),
  );
  const u3 = doubles(noise(2 * 3 * 2, 5), [2, 3, 2]);

  test("first and second derivatives are those of differences", async () => {
    const feeds = { ...drawn, u: u3 };
    const values = inputsOf(feeds);
    const { y, x } = small.simulate(values, values.u, rest(values.u));
    const problem = { inputs: values, feeds, outputs: [y, reduceSum(mul(x, x))] };
    await checkDerivative(await checkDerivative(problem));
  });

  test("single steps, and two halves with the state handed on, give the whole sequence", async () => {
    const values = inputsOf({ ...drawn, u: doubles(noise(2 * 6 * 2, 6), [2, 6, 2]) });
    const { u: all } = values;
    const whole = small.simulate(values, all, rest(all));
    const part = (start: number, end: number) => slice(all, 1, { start, end });
    const first = small.simulate(values, part(0, 2), rest(all));
    const second = small.simulate(values, part(2, 6), first.x);
    let x: Value = rest(all);
    const ys: Value[] = [];
    for (let t = 0; t < 6; t++) {
      const stepped = small.step(values, reshape(part(t, t + 1), [2, 2]), x);
      x = stepped.x;
      ys.push(reshape(stepped.y, [2, 1, 1]));
    }
    const got = await evaluate(
      values,
      {
        whole: whole.y,
        halves: concat([first.y, second.y], 1),
        steps: concat(ys, 1),
        end: whole.x,
        endOfSteps: x,
      },
      { ...drawn, u: doubles(noise(2 * 6 * 2, 6), [2, 6, 2]) },
    );
    const tight = { rtol: 1e-13, atol: 1e-15 };
    expect(got.halves.data as Float64Array).toBeAllClose(got.whole.data as Float64Array, tight);
    expect(got.steps.data as Float64Array).toBeAllClose(got.whole.data as Float64Array, tight);
    expect(got.endOfSteps.data as Float64Array).toBeAllClose(got.end.data as Float64Array, tight);
  });

  test("takes any batch and any number of times in one graph", async () => {
    const feeds = { ...drawn };
    const values = { ...inputsOf(feeds), u: input("u", "float64", ["B", "T", 2]) };
    const { y } = small.simulate(values, values.u, rest(values.u));
    const { u: slope } = gradient(reduceSum(y), { u: values.u });
    const long = await evaluate(values, { y, slope }, { ...feeds, u: u3 });
    expect(long.slope.shape).toEqual([2, 3, 2]);
    const one = doubles([...u3.data].slice(0, 4).map(Number), [1, 2, 2]);
    const short = await evaluate(values, { y }, { ...feeds, u: one });
    // Causal, and no sample sees another.
    expect(short.y.data as Float64Array).toBeAllClose((long.y.data as Float64Array).slice(0, 2));
  });
});

test("initial numbers are uniform in ±1/√units, the same for the same seed", () => {
  const model = recurrent({ cell: "lstm", inputs: 3, units: 25, outputs: 2 });
  const drawn = model.initialise(4);
  expect(model.initialise(4)).toEqual(drawn);
  expect(model.initialise(5)).not.toEqual(drawn);
  const all = Object.values(drawn).flatMap(({ data }) => Array.from(data, Number));
  expect(all).toHaveLength(100 * 3 + 100 * 25 + 200 + 2 * 25 + 2);
  expect(Math.max(...all.map(Math.abs))).toBeLessThanOrEqual(0.2);
  expect(Math.max(...all)).toBeGreaterThan(0.199);
});

test("what does not fit is refused", () => {
  const options = { cell: "gru", inputs: 2, units: 3, outputs: 1 } as const;
  expect(() => recurrent({ ...options, cell: "gruu" as never })).toThrow(/did you mean "gru"/);
  expect(() => recurrent({ ...options, unit: 3 } as never)).toThrow(/did you mean "units"/);
  expect(() => recurrent({ ...options, layers: 0 })).toThrow(UsageError);
  const model = recurrent(options);
  const wrong = input("u", "float32", ["B", 7, 3]);
  const x0 = input("x", "float32", ["B", 3]);
  expect(() => model.simulate({}, wrong, x0)).toThrow(/wanted \[B, T, 2\]/);
  const right = input("u", "float32", ["B", 7, 2]);
  const short = input("x", "float32", ["B", 2]);
  expect(() => model.simulate({}, right, short)).toThrow(ShapeError);
  expect(() => model.simulate({}, right, short)).toThrow(/wanted \[B, 3\]/);
});
