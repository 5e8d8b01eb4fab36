import { describe, expect, test } from "vitest";
import { gradient } from "../../src/autodiff/gradient.ts";
import type { Value } from "../../src/graph/node.ts";
import { cond, scan, type Values } from "../../src/graph/ops/control.ts";
import { add, cast, greater, mul, sin, tanh } from "../../src/graph/ops/elementwise.ts";
import { gather } from "../../src/graph/ops/indexing.ts";
import { matmul } from "../../src/graph/ops/linear.ts";
import { slice, unsqueeze } from "../../src/graph/ops/movement.ts";
import { reduceSum } from "../../src/graph/ops/reduction.ts";
import type { Shape } from "../../src/graph/shape.ts";
import { type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { constant, input, topologicalOrder } from "../../src/graph/value.ts";
import { encode } from "../../src/onnx/encode.ts";
import { place } from "../../src/onnx/place.ts";
import { checkDerivative, evaluate, noise, type Problem } from "./differences.ts";

/** A problem over named float64 inputs; sizes of named axes are `named`. */
function problem(
  shapes: Readonly<Record<string, Shape>>,
  build: (values: Record<string, Value>) => readonly Value[],
  named = 3,
): Problem {
  const inputs: Record<string, Value> = {};
  const feeds: Record<string, Tensor> = {};
  Object.entries(shapes).forEach(([name, shape], i) => {
    inputs[name] = input(name, "float64", shape);
    const sizes = shape.map((dim) => (typeof dim === "string" ? named : dim));
    const count = sizes.reduce((n, size) => n * size, 1);
    feeds[name] = tensorOf(Float64Array.from(noise(count, i + 1)), sizes);
  });
  return { inputs, feeds, outputs: build(inputs) };
}

/** First and second order. */
async function checkTwice(given: Problem) {
  await checkDerivative(await checkDerivative(given));
}

const recurrent = { h: [2, 2], xs: ["T", 2, 2], w: [2, 2] } as const;

describe.each([{ reverse: false }, { reverse: true }])("scan, reverse: $reverse", (options) => {
  const run = ({ h, xs, w }: Record<string, Value>) =>
    scan(
      { h },
      { x: xs },
      (now, { x }) => {
        const next = tanh(add(matmul(now.h, w), x));
        return { state: { h: next }, outputs: { y: mul(next, x) } };
      },
      options,
    );

  test.each([
    ["last state and outputs", (v: Values) => [run(v).state.h, run(v).outputs.y]],
    ["the last state only", (v: Values) => [run(v).state.h]],
    ["the outputs only", (v: Values) => [run(v).outputs.y]],
    ["one row of the outputs", (v: Values) => [slice(run(v).outputs.y, 0, { start: 1, end: 2 })]],
  ])("derivatives of %s", async (_, build) => {
    await checkTwice(problem(recurrent, build));
  });

  test("a counter beside the float state, that picks weights", async () => {
    await checkTwice(
      problem({ h: [2], ws: [3, 2], xs: ["T", 2] }, ({ h, ws, xs }) => {
        const zero = constant(0, "int64");
        const { state, outputs } = scan(
          { count: zero, h },
          { x: xs },
          ({ count, h: before }, { x }) => {
            const next = sin(add(mul(before, gather(ws, count)), x));
            return { state: { count: add(count, 1), h: next }, outputs: { count, next } };
          },
          options,
        );
        return [state.h, mul(outputs.next, unsqueeze(cast(outputs.count, "float64"), [1]))].map(
          (y) => reduceSum(y),
        );
      }),
    );
  });

  test("a scan in a scan, the inner one over rows of the outer and a captured value", async () => {
    await checkTwice(
      problem({ h: [2], xs: [2, "T", 2], a: [2] }, ({ h, xs, a }) => {
        const { state, outputs } = scan(
          { h },
          { rows: xs },
          (outer, { rows }) => {
            const scaled = mul(a, outer.h);
            const inner = scan(
              { s: outer.h },
              { x: rows },
              ({ s }, { x }) => {
                const next = sin(add(mul(s, x), scaled));
                return { state: { s: next }, outputs: { next } };
              },
              options,
            );
            return {
              state: { h: inner.state.s },
              outputs: { sums: reduceSum(inner.outputs.next, [0]) },
            };
          },
          options,
        );
        return [state.h, outputs.sums];
      }),
    );
  });

  test.each([1, 2, 3, 4, 7, 9])("checkpoints every %i of 7 steps change nothing", async (k) => {
    const shapes = { ...recurrent, xs: [7, 2, 2] };
    const of =
      (checkpointEvery?: number) =>
      ({ h, xs, w }: Record<string, Value>) => {
        const { state, outputs } = scan(
          { h },
          { x: xs },
          (now, { x }) => {
            const next = tanh(add(matmul(now.h, w), x));
            return { state: { h: next }, outputs: { y: mul(next, x) } };
          },
          { ...options, checkpointEvery },
        );
        const loss = add(reduceSum(mul(outputs.y, xs)), reduceSum(sin(state.h)));
        return [loss, outputs.y, ...Object.values(gradient(loss, { h, xs, w }))];
      };
    const [plain, saving] = [problem(shapes, of()), problem(shapes, of(k))];
    const numbers = async ({ inputs, feeds, outputs }: Problem) => {
      const named = Object.fromEntries(outputs.map((y, i) => [`y${i}`, y]));
      const found = await evaluate(inputs, named, feeds);
      return outputs.flatMap((_, i) => Array.from(found[`y${i}`].data, Number));
    };
    expect(saving.outputs.map(({ shape }) => shape)).toEqual(
      plain.outputs.map(({ shape }) => shape),
    );
    expect(await numbers(saving)).toBeAllClose(await numbers(plain), { rtol: 1e-13, atol: 1e-15 });
  });
});

describe("scan", () => {
  const decay = (xs: Value, data: Value, checkpointEvery?: number) =>
    scan(
      { h: constant([0, 0], "float64") },
      { x: xs },
      ({ h }, { x }) => ({
        state: { h: sin(add(mul(h, reduceSum(data, [0])), x)) },
        outputs: { before: h },
      }),
      { checkpointEvery },
    );

  test("its derivative carries no sums for what nobody asked for", () => {
    const [xs, data] = [input("xs", "float64", [4, 2]), input("data", "float64", [50, 2])];
    const { xs: slope } = gradient(reduceSum(decay(xs, data).state.h), { xs });
    const scans = topologicalOrder([slope]).filter(({ op }) => op === "Scan");
    expect(scans.map(({ inputs }) => inputs.length)).toEqual([2, 3]); // h, x; h̄, h, x
  });

  test("runs forwards once, and stores states only for a derivative", () => {
    const [xs, data] = [input("xs", "float64", [4, 2]), input("data", "float64", [50, 2])];
    const { state } = decay(xs, data);
    const loss = reduceSum(state.h);
    const written = (outputs: readonly Value[]) =>
      [...place(outputs).kept.values()].map((k) => k.length);
    expect(written([loss])).toEqual([1]);
    // Forwards the state and the stored states; backwards h̄, the cotangents of x and the rows unused.
    const { xs: slope } = gradient(loss, { xs });
    expect(written([loss, slope]).sort()).toEqual([2, 2]);
  });

  test("with checkpoints stores every k-th state", () => {
    const [xs, data] = [input("xs", "float64", [12, 2]), input("data", "float64", [50, 2])];
    const loss = reduceSum(decay(xs, data, 4).state.h);
    const { root, kept } = place([gradient(loss, { xs }).xs]);
    const rows = root.nodes
      .filter(({ op }) => op === "Scan")
      .flatMap((node) => kept.get(node)!.map((i) => node.outputs[i].shape))
      .filter((shape) => shape.length === 2);
    expect(rows).toContainEqual([3, 2]);
    expect(rows).not.toContainEqual([12, 2]);
    expect(encode({ inputs: { xs, data }, outputs: { loss } }).length).toBeGreaterThan(0);
  });
});

describe("cond", () => {
  const branches = ({ a, b, x }: Values) =>
    cond(
      greater(reduceSum(x), 0),
      () => ({ y: mul(sin(a), x), z: a }),
      () => ({ y: x, z: mul(b, b) }),
    );

  test.each([1, -1])("derivatives where the sum of x has sign %i", async (sign) => {
    const given = problem({ a: [2], b: [2], x: [2] }, (v) => Object.values(branches(v)));
    const x = tensorOf(Float64Array.of(0.4 * sign, 0.3 * sign), [2]);
    await checkTwice({ ...given, feeds: { ...given.feeds, x } });
  });

  test("inside a scan, and a scan inside it", async () => {
    await checkTwice(
      problem({ h: [2], a: [2], xs: ["T", 2] }, ({ h, a, xs }) => {
        const { state } = scan({ h }, { x: xs }, (now, { x }) => {
          const { y } = cond(
            greater(reduceSum(x), 0.2),
            () => ({ y: sin(add(mul(now.h, a), x)) }),
            () => {
              const inner = scan({ s: now.h }, { row: xs }, ({ s }, { row }) => ({
                state: { s: tanh(add(mul(s, a), row)) },
                outputs: {},
              }));
              return { y: inner.state.s };
            },
          );
          return { state: { h: y }, outputs: {} };
        });
        return [state.h];
      }),
    );
  });
});
