import { expect, test } from "vitest";
import { gradient } from "../../src/autodiff/gradient.ts";
import { splitBySeed } from "../../src/data/split.ts";
import { twoMoons } from "../../src/data/two-moons.ts";
import { add, mul, square } from "../../src/graph/ops/elementwise.ts";
import { affine } from "../../src/graph/ops/linear.ts";
import { reduceSum } from "../../src/graph/ops/reduction.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { monotoneDeq } from "../../src/models/monotone-deq.ts";
import { compile } from "../../src/runtime/program.ts";
import { fixedPoint, solverHealth } from "../../src/solvers/fixed-point.ts";
import { solveStatuses } from "../../src/solvers/options.ts";
import { type SolverChoice, solver, solverNames } from "../../src/solvers/registry.ts";
import { deploy, explicitTensors } from "../../src/training/deploy.ts";
import type { Metrics } from "../../src/training/events.ts";
import { fit } from "../../src/training/fit.ts";
import { adam } from "../../src/training/optimisers.ts";
import { constantRate } from "../../src/training/schedules.ts";

/** Of the first epoch, and how the run ended. */
async function trained(forward: SolverChoice, backward: SolverChoice, unconvergedLimit = 1) {
  const model = monotoneDeq({ inputs: 2, width: 8, outputs: 2, m: 0.5, forward, backward });
  const data = splitBySeed(twoMoons(120, 3, 0.1), 0.8, 1);
  let metrics: Metrics | undefined;
  let ended = "";
  for await (const event of fit(model, data, {
    seed: 1,
    epochs: 1,
    batch: 32,
    optimiser: adam(),
    schedule: constantRate(1e-2),
    unconvergedLimit,
    compile: { threads: 1 },
  })) {
    if (event.type === "epoch") metrics = event.train;
    if (event.type === "end") ended = event.status;
  }
  return { forward: metrics!.forward!, backward: metrics!.backward!, ended };
}

test("a solve that fails shows in the events of training, forward and backward", async () => {
  const short = { rtol: 1e-9, atol: 0, maxIterations: 2 };
  const ahead = await trained(short, {});
  expect(ahead.forward.unconverged).toBe(1);
  expect(ahead.backward.unconverged).toBe(0);
  const behind = await trained({}, short);
  expect(behind.forward.unconverged).toBe(0);
  expect(behind.backward.unconverged).toBe(1);
  expect((await trained({}, short, 0.5)).ended).toBe("solver-failed");
});

test("a cheap gradient shows as truncated, neither converged nor failed", async () => {
  for (const [backward, steps] of [
    [{ method: "phantom", steps: 3 }, 3],
    ["jfb", 1],
  ] as const) {
    const found = await trained({}, backward, 0);
    expect(found.ended).toBe("completed");
    expect(found.backward).toMatchObject({ truncated: 1, unconverged: 0, meanIterations: steps });
    expect(found.forward.truncated).toBeUndefined();
  }
});

test("deployed files hold standard operators alone, unless solved by Anderson or Newton", async () => {
  const own: string[] = [];
  for (const forward of solverNames("fixed-point")) {
    const model = monotoneDeq({ inputs: 2, width: 6, outputs: 2, forward });
    const tensors = await explicitTensors(model, model.initialise(1), null);
    const bytes = deploy(model, tensors, { task: "classes", doc: "", metadata: {} });
    if (Buffer.from(bytes).includes("com.microsoft")) own.push(forward);
  }
  expect(own).toEqual(["anderson", "newton"]);
});

test("a backward solve that diverges says so, and leaves its best gradient, not zero", async () => {
  // z = Wz + x with an expansive W: Newton finds z, plain iteration cannot find the cotangent.
  const [W, x] = [input("W", "float64", [2, 2]), input("x", "float64", ["N", 2])];
  const statuses = async (backward: SolverChoice) => {
    const health = solverHealth();
    const [z] = fixedPoint(
      (v) => [add(affine(v, W), x)],
      [mul(x, 0)],
      { forward: solver({ method: "newton", rtol: 1e-12 }), backward: solver(backward, "linear") },
      health,
    );
    const bar = gradient(mul(reduceSum(square(z)), 0.5), { x }).x;
    const program = await compile(
      { W, x },
      { bar, forward: health.forward[0].status, backward: health.backward[0].status },
    );
    const found = await program.run({
      W: tensorOf(Float64Array.of(3, 1, -1, 2), [2, 2]),
      x: tensorOf(Float64Array.of(1, 2), [1, 2]),
    });
    await program.release();
    const name = (data: ArrayLike<number | bigint>) => solveStatuses[Number(data[0])];
    return {
      bar: [...(found.bar.data as Float64Array)],
      forward: name(found.forward.data),
      backward: name(found.backward.data),
    };
  };
  const failed = await statuses("picard");
  expect(failed.forward).toBe("converged");
  expect(failed.backward).toBe("diverged");
  expect(Math.hypot(...failed.bar)).toBeGreaterThan(0.1);
  // z = (I − W)⁻¹x = (−1, 1 …): here by hand, and ∂ℓ/∂x = (I − W)⁻ᵀ z.
  const exact = await statuses("gmres");
  expect(exact.backward).toBe("converged");
  const inverse = [
    [-1 / 3, 1 / 3],
    [-1 / 3, -2 / 3],
  ];
  const z = inverse.map(([a, b]) => a * 1 + b * 2);
  const wanted = [0, 1].map((j) => inverse[0][j] * z[0] + inverse[1][j] * z[1]);
  expect(exact.bar).toBeAllClose(wanted, { rtol: 1e-3, atol: 1e-3 });
});
