import { describe, expect, test } from "vitest";
import { ShapeError } from "../../src/errors.ts";
import { cond, loop, scan } from "../../src/graph/ops/control.ts";
import { add, greater, less, mul, tanh } from "../../src/graph/ops/elementwise.ts";
import { affine, matmul } from "../../src/graph/ops/linear.ts";
import { reduceSum } from "../../src/graph/ops/reduction.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { constant, input } from "../../src/graph/value.ts";
import { compile } from "../../src/runtime/program.ts";
import { openSessions } from "../../src/runtime/session.ts";

const vector = (...numbers: number[]) => tensorOf(Float64Array.from(numbers), [numbers.length]);

describe("compile", () => {
  test("runs an affine map for any batch size", async () => {
    const x = input("x", "float64", ["N", 2]);
    const w = input("w", "float64", [1, 2]);
    const program = await compile({ x, w }, { y: affine(x, w) });
    const weight = tensorOf(Float64Array.of(3, 4), [1, 2]);
    const { y } = await program.run({
      x: tensorOf(Float64Array.of(1, 2, 5, 6), [2, 2]),
      w: weight,
    });
    expect(y.shape).toEqual([2, 1]);
    expect(y.data).toBeAllClose([11, 39]);
    const single = await program.run({ x: tensorOf(Float64Array.of(1, 0), [1, 2]), w: weight });
    expect(single.y.data).toBeAllClose([3]);
    await program.release();
    expect(openSessions()).toBe(0);
  });

  test("a loop runs until its condition fails and captures outer values", async () => {
    const x = input("x", "float64", [1]);
    const limit = input("limit", "float64", [1]);
    const doubled = loop({ times: 50 }, { y: x }, ({ y }) => {
      const next = mul(y, 2);
      return {
        state: { y: next },
        proceed: reduceBool(less(next, limit)),
        outputs: { trace: next },
      };
    });
    const program = await compile(
      { x, limit },
      { y: doubled.state.y, trace: doubled.outputs.trace },
    );
    const { y, trace } = await program.run({ x: vector(3), limit: vector(40) });
    expect(y.data).toBeAllClose([48]);
    expect(trace.data).toBeAllClose([6, 12, 24, 48]);
    await program.release();
  });

  test("scan runs forwards and backwards; work that does not change is done once", async () => {
    const xs = input("xs", "float64", ["T"]);
    const a = input("a", "float64", []);
    const zero = constant(0, "float64");
    const step = ({ s }: { s: typeof a }, { x }: { x: typeof a }) => {
      const next = add(mul(s, tanh(a)), x);
      return { state: { s: next }, outputs: { s: next } };
    };
    const forward = scan({ s: zero }, { x: xs }, step);
    const backward = scan({ s: zero }, { x: xs }, step, { reverse: true });
    const program = await compile({ xs, a }, { f: forward.outputs.s, b: backward.outputs.s });
    const k = Math.tanh(0.5);
    const { f, b } = await program.run({
      xs: vector(1, 2, 3),
      a: tensorOf(Float64Array.of(0.5), []),
    });
    expect(f.data).toBeAllClose([1, 2 + k, 3 + k * (2 + k)]);
    expect(b.data).toBeAllClose([1 + k * (2 + 3 * k), 2 + 3 * k, 3]);
    await program.release();
  });

  test("cond takes one branch", async () => {
    const x = input("x", "float64", []);
    const y = cond(
      greater(x, 0),
      () => ({ y: mul(x, 10) }),
      () => ({ y: add(x, 1) }),
    ).y;
    const program = await compile({ x }, { y });
    const at = async (n: number) =>
      (await program.run({ x: tensorOf(Float64Array.of(n), []) })).y.data[0];
    expect(await at(2)).toBe(20);
    expect(await at(-2)).toBe(-1);
    await program.release();
  });

  test.each([
    ["a missing feed", {}, "is not fed"],
    ["an unknown feed", { x: vector(1, 2), z: vector(1) }, 'unknown input "z"'],
    ["a wrong shape", { x: vector(1) }, "float64[1], wanted float64[2]"],
    ["a wrong dtype", { x: tensorOf(Float32Array.of(1, 2), [2]) }, "float32[2], wanted float64[2]"],
  ])("refuses %s", async (_, feeds, message) => {
    const x = input("x", "float64", [2]);
    const program = await compile({ x }, { y: tanh(x) });
    const run = program.run(feeds as never);
    await expect(run).rejects.toThrow(ShapeError);
    await expect(run).rejects.toThrow(message);
    await program.release();
  });
});

const reduceBool = (x: ReturnType<typeof less>) => greater(reduceSum(castToInt(x)), 0);
const castToInt = (x: ReturnType<typeof less>) => cast(x, "int64");

import { cast } from "../../src/graph/ops/elementwise.ts";

void matmul;
