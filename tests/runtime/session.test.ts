import { expect, test } from "vitest";
import { add, mul } from "../../src/graph/ops/elementwise.ts";
import { matmul } from "../../src/graph/ops/linear.ts";
import { input } from "../../src/graph/value.ts";
import { encode } from "../../src/onnx/encode.ts";
import { openProgram } from "../../src/runtime/model-file.ts";
import { compile } from "../../src/runtime/program.ts";
import { openSessions } from "../../src/runtime/session.ts";
import { largestProduct, threadsFor } from "../../src/runtime/threads.ts";

const x = input("x", "float64", [3]);

test("programs of equal structure share a session until the last lets go", async () => {
  const first = await compile({ x }, { y: mul(x, 2) });
  const same = await compile({ x }, { y: mul(x, 2) });
  expect(openSessions()).toBe(1);
  const other = await compile({ x }, { y: add(x, 2) });
  expect(openSessions()).toBe(2);
  const feeds = { x: { dtype: "float64", shape: [3], data: Float64Array.of(1, 2, 3) } as const };
  await first.release();
  await first.release(); // twice is once
  expect((await same.run(feeds)).y.data).toEqual(Float64Array.of(2, 4, 6));
  await same.release();
  await other.release();
  expect(openSessions()).toBe(0);
  await expect(first.run(feeds)).rejects.toThrow("released");
});

test("a model file shares no session with a program that leaves out fusions of the same bytes", async () => {
  const inputs = { a: input("a", "float64", [3, 3]) };
  const outputs = { y: mul(matmul(inputs.a, inputs.a), 0.1) };
  const program = await compile(inputs, outputs, { threads: 1 });
  const file = await openProgram(encode({ inputs, outputs }), { threads: 1 });
  expect(openSessions()).toBe(2);
  await program.release();
  await file.release();
  expect(openSessions()).toBe(0);
});

test("threads follow the largest product, inside bodies too", () => {
  const small = matmul(input("a", "float32", ["N", 32]), input("b", "float32", [32, 32]));
  expect(largestProduct([small], { N: 32 })).toBe(32 ** 3);
  expect(threadsFor([small], { N: 32 }, 8)).toBe(1);
  expect(threadsFor([small], { N: 1000 }, 8)).toBe(8);
});
