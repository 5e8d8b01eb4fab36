import { expect, test } from "vitest";
import { loop } from "../../src/graph/ops/control.ts";
import { add, mul } from "../../src/graph/ops/elementwise.ts";
import { gather } from "../../src/graph/ops/indexing.ts";
import { full } from "../../src/graph/ops/movement.ts";
import { reduceSum } from "../../src/graph/ops/reduction.ts";
import { scalarOf, tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { place } from "../../src/onnx/place.ts";
import { resolver } from "../../src/onnx/resolve.ts";
import { compile } from "../../src/runtime/program.ts";

/** Adds up rows of x, and as many ones as a batch has rows, asked for inside the loop. */
function summed() {
  const x = input("x", "float64", ["n", 2]);
  const order = input("order", "int64", ["S", "B"]);
  const steps = input("steps", "int64", []);
  const total = input("total", "float64", []);
  const { state } = loop({ times: steps }, { total }, (now, step) => {
    const rows = gather(x, gather(order, step));
    const ones = full(1, [rows.shape[0]], rows);
    return { state: { total: add(now.total, add(reduceSum(rows), reduceSum(mul(ones, 100)))) } };
  });
  return { inputs: { x, order, steps, total }, outputs: { sum: state.total } };
}

test("a size with a name is read from an input, and what only needs sizes leaves the loop", () => {
  const { inputs, outputs } = summed();
  const at = (resolve?: ReturnType<typeof resolver>) => {
    const { root } = place(Object.values(outputs), resolve);
    return root.nodes.map(({ op }) => op);
  };
  expect(at()).not.toContain("Expand");
  expect(at(resolver(inputs))).toEqual(expect.arrayContaining(["Shape", "Expand", "Loop"]));
});

test("and is the size of what is fed", async () => {
  const { inputs, outputs } = summed();
  const program = await compile(inputs, outputs);
  const { sum } = await program.run({
    x: tensorOf(Float64Array.of(1, 2, 3, 4, 5, 6), [3, 2]),
    order: tensorOf(BigInt64Array.of(0n, 1n, 2n, 2n), [2, 2]),
    steps: scalarOf(2, "int64"),
    total: tensorOf(Float64Array.of(0), []),
  });
  await program.release();
  expect(sum.data[0]).toBe(1 + 2 + 3 + 4 + 2 * (5 + 6) + 2 * 2 * 100);
});
