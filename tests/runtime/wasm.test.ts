import { expect, test } from "vitest";
import { splitBySeed } from "../../src/data/split.ts";
import { twoMoons } from "../../src/data/two-moons.ts";
import { scan } from "../../src/graph/ops/control.ts";
import { add, mul, tanh } from "../../src/graph/ops/elementwise.ts";
import { inverse, matmul } from "../../src/graph/ops/linear.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { constant, input } from "../../src/graph/value.ts";
import { monotoneDeq } from "../../src/models/monotone-deq.ts";
import type { Device } from "../../src/runtime/backend.ts";
import { compile } from "../../src/runtime/program.ts";
import { fit } from "../../src/training/fit.ts";
import { sgd } from "../../src/training/optimisers.ts";
import { constantRate } from "../../src/training/schedules.ts";

// The core of the suite on the WebAssembly build, beside the native one: control flow, the inverse,
// and a training run with its implicit derivative.

test("a graph with a scan and an inverse gives the native numbers", async () => {
  const x = input("x", "float64", [2, 2]);
  const { state } = scan(
    { s: inverse(x) },
    { k: constant([1, 2, 3], "float64") },
    ({ s }, { k }) => {
      const next = tanh(add(matmul(s, x), mul(s, k)));
      return { state: { s: next }, outputs: {} };
    },
  );
  const run = async (device: Device) => {
    const program = await compile({ x }, { y: state.s }, { device, threads: 1 });
    const { y } = await program.run({ x: tensorOf(Float64Array.of(2, 1, 0.5, 3), [2, 2]) });
    await program.release();
    return y.data as Float64Array;
  };
  expect(await run("wasm")).toBeAllClose(await run("cpu"), { rtol: 1e-12, atol: 1e-14 });
});

test("a monotone network trains to the same weights", async () => {
  const data = splitBySeed(twoMoons(300, 3, 0.1), 0.8, 1);
  const model = monotoneDeq({
    inputs: 2,
    width: 10,
    outputs: 2,
    m: 0.5,
    forward: { rtol: 1e-6 },
    backward: { rtol: 1e-6 },
  });
  const train = async (device: Device) => {
    const options = {
      seed: 1,
      epochs: 3,
      batch: 32,
      optimiser: sgd({ momentum: 0.9 }),
      schedule: constantRate(1e-2),
    };
    for await (const event of fit(model, data, { ...options, compile: { device, threads: 1 } })) {
      if (event.type === "end") return event.state.theta;
    }
    throw new Error("the run had no end");
  };
  // Single precision and two sets of kernels. (Adam would turn rounding of a vanishing gradient into whole steps.)
  expect(await train("wasm")).toBeAllClose(await train("cpu"), { rtol: 1e-3, atol: 1e-4 });
});
