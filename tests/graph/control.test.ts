import { describe, expect, test } from "vitest";
import { ShapeError, UsageError } from "../../src/errors.ts";
import type { Value } from "../../src/graph/node.ts";
import { cond, loop, scan } from "../../src/graph/ops/control.ts";
import { add, cast, greater, mul, sin } from "../../src/graph/ops/elementwise.ts";
import { range } from "../../src/graph/ops/indexing.ts";
import { concat, slice } from "../../src/graph/ops/movement.ts";
import { reduceSum } from "../../src/graph/ops/reduction.ts";
import { inline, substitute } from "../../src/graph/substitute.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { captured, constant, input, makeBody, topologicalOrder } from "../../src/graph/value.ts";
import { encode } from "../../src/onnx/encode.ts";
import { evaluate } from "../autodiff/differences.ts";

const x = input("x", "float64", ["N"]);
const one = constant(1, "float64");
const positive = greater(reduceSum(x), 0);

describe("types of loops and branches", () => {
  test("rows are stacked along a new axis: its length is known where it can be", () => {
    const body = (state: { x: Value }) => ({ state, outputs: { row: state.x } });
    expect(loop({ times: 3 }, { x }, body).outputs.row.shape).toEqual([3, "N"]);
    const open = loop({ proceed: positive }, { x }, body).outputs.row.shape;
    expect(open[1]).toBe("N");
    expect(open[0]).toMatch(/^_/); // a size equal to no other
    const xs = input("xs", "float64", ["T", "N"]);
    expect(scan({ x }, { r: xs }, body).outputs.row.shape).toEqual(["T", "N"]);
  });

  test.each<[string, () => unknown, string]>([
    [
      "a loop whose state changes its shape",
      () => loop({ times: 2 }, { x: one }, () => ({ state: { x } })),
      "state 0 becomes float64[N], wanted float64[]",
    ],
    [
      "a loop whose state changes its dtype",
      () => loop({ times: 2 }, { x }, (s) => ({ state: { x: cast(s.x, "float32") } })),
      "state 0 becomes float32[N], wanted float64[N]",
    ],
    [
      "a loop whose condition is a number",
      () => loop({ times: 2 }, { x }, (state) => ({ state, proceed: one })),
      "the body's condition must be bool",
    ],
    [
      "a loop that forgets a state",
      () =>
        loop({ times: 2 }, { x, y: x }, ((s: { x: Value }) => ({ state: { x: s.x } })) as never),
      "the next state is {x}, wanted {x,y}",
    ],
    [
      "a scan whose state changes its shape",
      () => scan({ s: one }, { x }, () => ({ state: { s: x }, outputs: {} })),
      "state 0 becomes float64[N], wanted float64[]",
    ],
    [
      "a scan over nothing",
      () => scan({ s: one }, {}, (state) => ({ state, outputs: {} })),
      "no sequence to scan",
    ],
    [
      "a scan over a scalar",
      () => scan({ s: one }, { x: one }, (state) => ({ state, outputs: {} })),
      "a sequence is no scalar",
    ],
    [
      "a scan over sequences of two lengths",
      () =>
        scan({ s: one }, { x, y: input("y", "float64", ["M"]) }, (state) => ({
          state,
          outputs: {},
        })),
      "sequences of N and M steps",
    ],
    [
      "checkpoints over an unknown number of steps",
      () => scan({ s: one }, { x }, (state) => ({ state, outputs: {} }), { checkpointEvery: 2 }),
      "checkpointEvery needs a known number of rows, got N",
    ],
    [
      "a condition that is a number",
      () =>
        cond(
          one,
          () => ({ y: x }),
          () => ({ y: x }),
        ),
      "the condition must be bool",
    ],
    [
      "branches of different types",
      () =>
        cond(
          positive,
          () => ({ y: x }),
          () => ({ y: one }),
        ),
      "result of else 0 becomes float64[], wanted float64[N]",
    ],
    [
      "branches of different results",
      () =>
        cond<Record<string, Value>>(
          positive,
          () => ({ y: x }),
          () => ({ z: x }),
        ),
      "the result of the other branch is {z}, wanted {y}",
    ],
  ])("refuses %s", (_, make, message) => {
    expect(make).toThrow(ShapeError);
    expect(make).toThrow(message);
  });

  test("refuses checkpoints every 0 steps", () => {
    const xs = input("xs", "float64", [4]);
    const make = () =>
      scan({ s: one }, { xs }, (state) => ({ state, outputs: {} }), { checkpointEvery: 0 });
    expect(make).toThrow(UsageError);
  });

  test("a value made in a body cannot be used outside it", () => {
    let leaked: Value = one;
    const { state } = loop({ times: 2 }, { x }, (s) => {
      leaked = sin(s.x);
      return { state: { x: leaked } };
    });
    const outputs = { y: add(state.x, leaked) };
    expect(() => encode({ inputs: { x }, outputs })).toThrow(ShapeError);
    expect(() => encode({ inputs: { x }, outputs })).toThrow(
      "a value made in a body (by Add) is used outside it",
    );
  });
});

describe("substitute", () => {
  const [a, b] = [input("a", "float64", [2]), input("b", "float64", [2])];

  test("builds again what depends on a replaced value and shares the rest", () => {
    const shared = sin(b);
    const y = mul(add(a, shared), shared);
    const [replaced] = substitute([y], new Map([[a, b]]));
    const nodes = topologicalOrder([replaced]);
    expect(nodes).toContain(shared.node);
    expect(nodes).not.toContain(a.node);
    expect(substitute([shared], new Map([[a, b]]))).toEqual([shared]);
  });

  test("reaches what bodies capture, bodies in bodies too", async () => {
    const outer = scan({ s: a }, { x: b }, ({ s }, { x: row }) => {
      const inner = loop({ times: 2 }, { t: s }, ({ t }) => ({
        state: { t: add(mul(t, row), mul(a, s)) },
      }));
      return { state: { s: inner.state.t }, outputs: {} };
    });
    const c = input("c", "float64", [2]);
    const [replaced] = substitute([outer.state.s], new Map([[a, c]]));
    expect(topologicalOrder([replaced])).not.toContain(a.node);
    const feeds = { b: tensorOf(Float64Array.of(0.5, -2), [2]) };
    const point = tensorOf(Float64Array.of(3, 4), [2]);
    const [was, is] = [
      await evaluate({ a, b }, { y: outer.state.s }, { ...feeds, a: point }),
      await evaluate({ c, b }, { y: replaced }, { ...feeds, c: point }),
    ];
    expect(is.y.data).toEqual(was.y.data);
  });

  test("gives sizes without a name new ones, in bodies as well", () => {
    const body = makeBody([{ dtype: "int64", shape: [] }], (count) => {
      const rows = cast(range(constant(0, "int64"), count, constant(1, "int64")), "float64");
      return [
        loop({ times: 2 }, { rows }, (s) => ({ state: { rows: mul(s.rows, 2) } })).state.rows,
      ];
    });
    const [first] = inline(body, [constant(3, "int64")]);
    const [second] = inline(body, [input("n", "int64", [])]);
    expect(first.shape).toEqual([3]);
    expect(second.shape).not.toEqual(body.results[0].shape);
  });

  test("a body is inlined without what it captures", () => {
    const deep = sin(sin(b));
    const body = makeBody([a], (p) => [add(p, deep), deep]);
    expect(captured([body])).toEqual([deep]);
    const [sum, passed] = inline(body, [b]);
    expect(passed).toBe(deep);
    expect(sum.node.inputs).toEqual([b, deep]);
    const [, renamed] = inline(body, [b], new Map([[deep, a]]));
    expect(renamed).toBe(a);
  });
});

test("rows that nobody uses, and what only they need, are not written", async () => {
  const xs = input("xs", "float64", [4]);
  const costly = sin(sin(sin(xs)));
  const scanned = (reverse: boolean) =>
    scan(
      { s: one },
      { x: xs },
      ({ s }, { x: row }) => ({
        state: { s: mul(s, row) },
        outputs: { unused: mul(concat([costly, xs], 0), s), before: s, after: mul(s, row) },
      }),
      { reverse },
    );
  const text = (outputs: Record<string, Value>) =>
    Buffer.from(encode({ inputs: { xs }, outputs })).toString("latin1");
  const [ahead, back] = [scanned(false), scanned(true)];
  expect(text({ y: ahead.state.s })).not.toContain("Sin");
  expect(text({ y: ahead.outputs.unused })).toContain("Sin");

  const found = await evaluate(
    { xs },
    {
      ahead: ahead.outputs.after,
      back: back.outputs.before,
      one: slice(back.outputs.after, 0, { end: 1 }),
    },
    { xs: tensorOf(Float64Array.of(2, 3, 5, 7), [4]) },
  );
  expect(found.ahead.data).toEqual(Float64Array.of(2, 6, 30, 210));
  expect(found.back.data).toEqual(Float64Array.of(105, 35, 7, 1));
  expect(found.one.data).toEqual(Float64Array.of(210));
});
