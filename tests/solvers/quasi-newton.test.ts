import { Matrix, solve as solveLinear } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import type { Value } from "../../src/graph/node.ts";
import { add, div, mul, square, tanh } from "../../src/graph/ops/elementwise.ts";
import { affine } from "../../src/graph/ops/linear.ts";
import { concat, reshape, slice } from "../../src/graph/ops/movement.ts";
import { type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import { constant, input } from "../../src/graph/value.ts";
import { compile } from "../../src/runtime/program.ts";
import { anderson } from "../../src/solvers/anderson.ts";
import { broyden, broydenDefaults } from "../../src/solvers/broyden.ts";
import { broydenByHistory } from "../../src/solvers/broyden-history.ts";
import { iterate, type Method, type StateMap } from "../../src/solvers/iterate.ts";
import { solveOptions, solveStatuses } from "../../src/solvers/options.ts";
import { picard } from "../../src/solvers/picard.ts";
import { noise } from "../autodiff/differences.ts";
import { problems } from "../problems.ts";

const methods: readonly (readonly [string, Method])[] = [
  ["anderson", anderson()],
  ["anderson, period 3", anderson({ period: 3 })],
  ["anderson, mixing 0.7, window 3", anderson({ mixing: 0.7, window: 3 })],
  ["anderson, mixing 0.7, period 2", anderson({ mixing: 0.7, period: 2 })],
  ["broyden", broyden()],
  ["broyden by its history", broydenByHistory(broydenDefaults)],
  ["broyden by its history, window 4", broydenByHistory({ ...broydenDefaults, window: 4 })],
];

const numbers = ({ data }: Tensor) => Array.from(data, Number);
type Rows = readonly (readonly number[])[];

async function run(outputs: Record<string, Value>, z0: Value, starts: Rows) {
  const program = await compile({ z0 }, outputs, { threads: 1 });
  const shape = [starts.length, starts[0].length];
  const found = await program.run({ z0: tensorOf(Float64Array.from(starts.flat()), shape) });
  await program.release();
  return found;
}

async function solve(method: Method, f: StateMap, starts: Rows, options = {}) {
  const z0 = input("z0", "float64", ["N", starts[0].length]);
  const { z, info } = iterate(method, f, [z0], solveOptions({ rtol: 1e-10, ...options }));
  const { z: found, ...rest } = await run({ z: z[0], ...info }, z0, starts);
  return {
    z: numbers(found),
    iterations: numbers(rest.iterations),
    residuals: numbers(rest.residual),
    statuses: numbers(rest.status).map((code) => solveStatuses[code]),
  };
}

const layer = problems.find(({ name }) => name === "a tanh layer")!;
const tanhLayer: StateMap = (z) => [layer.f(z)];

describe.each(methods)("%s", (_, method) => {
  test.each(problems)("$name: ends as it must", async ({ name: problem, n, f, solution }) => {
    const found = await solve(method, (z) => [f(z)], [Array<number>(n).fill(0)], {
      maxIterations: 300,
    });
    // e³ᶻ + 1 > z everywhere: there is nothing to find.
    if (problem === "overflowing") return expect(found.statuses[0]).not.toBe("converged");
    expect(found.statuses).toEqual(["converged"]);
    if (solution) expect(found.z).toBeAllClose(solution, { rtol: 1e-8, atol: 1e-9 });
  });

  test("a sample that is solved, or lost, or whose system is singular does not spoil the next", async () => {
    // 0 is a fixed point of each map; 2 z is no contraction; NaN is lost.
    const f: StateMap = (z) => [mul(tanh(z), constant([0.5, 0.3, -0.4], "float64"))];
    const starts = [
      [0, 0, 0],
      [1, 2, 3],
      [NaN, 0, 1],
      [1, 0, 0], // residuals in a line: all Gram matrices have rank 1
    ];
    const found = await solve(method, f, starts, { atol: 1e-12 });
    expect(found.statuses).toEqual(["converged", "converged", "non-finite", "converged"]);
    const alone = await solve(method, f, [starts[1], starts[1]], { atol: 1e-12 });
    expect(found.z.slice(3, 6)).toEqual(alone.z.slice(0, 3));
    expect(found.z.slice(0, 3)).toEqual([0, 0, 0]);
  });

  test("in single precision it comes as near as single precision can", async () => {
    const z0 = input("z0", "float32", ["N", 8]);
    const weight = constant(noise(64, 4), "float32", [8, 8]);
    const f = (z: Value) => tanh(affine(z, mul(weight, 0.4), constant(noise(8, 5), "float32")));
    const { z, info } = iterate(method, (x) => [f(x)], [z0], solveOptions({ rtol: 2e-6, atol: 0 }));
    const program = await compile({ z0 }, { z: z[0], fz: f(z[0]), status: info.status });
    const starts = tensorOf(Float32Array.from(noise(40, 6)), [5, 8]);
    const found = await program.run({ z0: starts });
    await program.release();
    expect(numbers(found.status)).toEqual([1, 1, 1, 1, 1]);
    expect(numbers(found.z)).toBeAllClose(numbers(found.fz), { rtol: 0, atol: 1e-5 });
  });

  test("several tensors are as one laid end to end", async () => {
    const z0 = input("z0", "float64", ["N", 8]);
    const cut = (z: Value) => [
      reshape(slice(z, 1, { end: 6 }), ["N", 3, 2]),
      slice(z, 1, { start: 6 }),
    ];
    const join = (a: Value, b: Value) => concat([reshape(a, ["N", 6]), b], 1);
    const options = solveOptions({ rtol: 1e-8 });
    const one = iterate(method, tanhLayer, [z0], options);
    const two = iterate(method, (a, b) => cut(layer.f(join(a, b))), cut(z0), options);
    const outputs = { one: one.z[0], two: join(two.z[0], two.z[1]) };
    const found = await run(outputs, z0, [
      [1, 2, 3, 4, 5, 6, 7, 8],
      [0, -1, 0, 1, 0, 0, 2, 0],
    ]);
    expect(found.two.data).toBeAllClose(found.one.data as Float64Array);
  });
});

test.each([...methods, ["picard", picard()] as const])(
  "%s: a sample's answer, bit for bit, does not depend on the rest of the batch",
  async (_, method) => {
    // An odd width, and parts that begin at an odd sample: rows begin at addresses that differ in what vector instructions make of them.
    const n = 7;
    const weight = constant(
      [...noise(n * n, 4)].map((v) => v / 3),
      "float64",
      [n, n],
    );
    const bias = constant(noise(n, 11), "float64");
    // Without tanh, which the runtime rounds differently in the last places of a buffer.
    const f: StateMap = (z) => [affine(div(z, add(square(z), 1)), weight, bias)];
    const starts = Array.from({ length: 41 }, (_, i) => noise(n, i).map((v) => v * i + 0.1));
    const options = { rtol: 1e-8, testEvery: 2 };
    const together = await solve(method, f, starts, options);
    expect(new Set(together.statuses)).toEqual(new Set(["converged"]));
    const all = starts.map((_, i) => i);
    const parts = [all.toReversed(), all.slice(0, 21), all.slice(21), [8, 1, 3]];
    for (const part of parts) {
      const found = await solve(
        method,
        f,
        part.map((i) => starts[i]),
        options,
      );
      expect(found.iterations).toEqual(part.map((i) => together.iterations[i]));
      expect(found.residuals).toEqual(part.map((i) => together.residuals[i]));
      expect(found.z).toEqual(part.flatMap((i) => together.z.slice(i * n, i * n + n)));
    }
  },
);

const n = 4;
const A = Matrix.from1DArray(
  n,
  n,
  [...noise(n * n, 3)].map((v) => 1.5 * v),
); // no contraction
const b = noise(n, 7);
const linear: StateMap = (z) => [
  affine(z, constant(A.to1DArray(), "float64", [n, n]), constant([...b], "float64")),
];
const exact = solveLinear(Matrix.eye(n).sub(A), Matrix.columnVector([...b])).to1DArray();

describe("on a linear map of R⁴ that does not contract", () => {
  test.each([
    // As GMRES does; the last evaluation sees that it is solved.
    ["anderson ends after n + 1 mixed iterates", anderson({ ridge: 0 }), n + 2],
    // Gay (1979), "Some convergence properties of Broyden's method".
    ["broyden ends after 2n steps", broyden({ smallest: 1e-9 }), 2 * n + 1],
    ["so it does by its history", broydenByHistory({ window: 9, smallest: 1e-9 }), 2 * n + 1],
  ])("%s", async (_, method, evaluations) => {
    const found = await solve(method, linear, [[0, 0, 0, 0]], { rtol: 1e-8 });
    expect(found.z).toBeAllClose(exact, { rtol: 1e-6 });
    expect(found.iterations[0]).toBeLessThanOrEqual(evaluations);
  });
});

test.each([
  [() => anderson({ beta: 1 } as never), 'anderson: unknown option "beta"'],
  [() => anderson({ window: 1 }), "anderson: window = 1"],
  [() => anderson({ window: 2.5 }), "anderson: window = 2.5"],
  [() => anderson({ ridge: -1 }), "anderson: ridge = -1"],
  [() => anderson({ mixing: 0 }), "anderson: mixing = 0"],
  [() => anderson({ period: 7 }), "anderson: period 7 with window 6"],
  [() => broyden({ memory: 3 } as never), 'broyden: unknown option "memory"'],
  [() => broyden({ smallest: 1 }), "broyden: smallest = 1"],
  [() => broyden({ window: Number.NaN }), "broyden: window = NaN"],
])("refuses %s", (make, message) => {
  expect(make).toThrow(UsageError);
  expect(make).toThrow(message);
});
