import { describe, expect, test } from "vitest";
import { UsageError } from "../../src/errors.ts";
import type { Value } from "../../src/graph/node.ts";
import { add, mul } from "../../src/graph/ops/elementwise.ts";
import { transpose } from "../../src/graph/ops/movement.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { constant, input } from "../../src/graph/value.ts";
import { compile } from "../../src/runtime/program.ts";
import { iterate, type Method } from "../../src/solvers/iterate.ts";
import { solveOptions, solveStatuses } from "../../src/solvers/options.ts";
import { picard } from "../../src/solvers/picard.ts";
import { problems } from "../problems.ts";

/** Solves rows of starting points, and evaluates f at what was found. */
async function solve(
  f: (z: Value) => Value,
  starts: readonly (readonly number[])[],
  options = {},
  method: Method = picard(),
) {
  const n = starts[0].length;
  const z0 = input("z0", "float64", ["N", n]);
  const { z, info } = iterate(method, (x) => [f(x)], [z0], solveOptions(options));
  const program = await compile(
    { z0 },
    {
      z: z[0],
      fz: f(z[0]),
      status: info.status,
      iterations: info.iterations,
      residual: info.residual,
    },
  );
  const found = await program.run({
    z0: tensorOf(Float64Array.from(starts.flat()), [starts.length, n]),
  });
  await program.release();
  return {
    ...found,
    statuses: Array.from(found.status.data as BigInt64Array, (code) => solveStatuses[Number(code)]),
  };
}

const methods: Readonly<Record<string, Method>> = {
  picard: picard(),
  "damped picard": picard(0.7),
};

describe.each(Object.entries(methods))("%s", (name, method) => {
  test.each(problems)(
    "$name: ends as it must, and at the solution where it converges",
    async (problem) => {
      const options = { rtol: 1e-10, maxIterations: 2000 };
      const found = await solve(problem.f, [Array<number>(problem.n).fill(0)], options, method);
      // Damping turns the map that only turns over into a contraction.
      const outcome =
        problem.name === "turning over" && name !== "picard" ? "converged" : problem.outcome;
      // Damped, the overflowing map is caught growing before it overflows.
      const endings =
        name !== "picard" && outcome === "non-finite" ? [outcome, "diverged"] : [outcome];
      expect(endings).toContain(found.statuses[0]);
      if (outcome !== "converged") return;
      expect(found.fz.data).toBeAllClose(found.z.data as Float64Array, { rtol: 1e-8, atol: 1e-8 });
      if (problem.solution) {
        expect(found.z.data).toBeAllClose(problem.solution, { rtol: 1e-7, atol: 1e-7 });
      }
    },
  );

  test.each(problems)(
    "$name: the residual reported is that of the point returned",
    async ({ f, n }) => {
      const found = await solve(f, [Array<number>(n).fill(0.1)], { maxIterations: 7 }, method);
      const [z, fz] = [found.z.data as Float64Array, found.fz.data as Float64Array];
      const residual = Math.hypot(...z.map((x, i) => fz[i] - x));
      expect(found.residual.data).toBeAllClose([residual], { rtol: 1e-12, atol: 1e-15 });
    },
  );
});

describe("the shared loop", () => {
  // Some end soon, some late, one diverges, one never ends.
  const rates = [0.1, 0.5, 0.9, 4, -1];

  test("a sample's answer, bit for bit, does not depend on the rest of the batch", async () => {
    const layer = problems.find(({ name }) => name === "a tanh layer")!;
    const starts = Array.from({ length: 9 }, (_, i) =>
      Array.from({ length: 8 }, (_, j) => Math.sin(i * 8 + j) * i),
    );
    const together = await solve(layer.f, starts, { rtol: 1e-6, testEvery: 2 });
    const shuffled = [4, 2, 8, 0, 1, 7, 3, 6, 5];
    const permuted = await solve(
      layer.f,
      shuffled.map((i) => starts[i]),
      { rtol: 1e-6, testEvery: 2 },
    );
    for (const [at, i] of shuffled.entries()) {
      expect(permuted.z.data.slice(at * 8, at * 8 + 8)).toEqual(
        together.z.data.slice(i * 8, i * 8 + 8),
      );
      expect(permuted.iterations.data[at]).toBe(together.iterations.data[i]);
    }
    const parts = [starts.slice(0, 4), starts.slice(4)];
    const split = [
      await solve(layer.f, parts[0], { rtol: 1e-6, testEvery: 2 }),
      await solve(layer.f, parts[1], { rtol: 1e-6, testEvery: 2 }),
    ];
    expect([...split[0].z.data, ...split[1].z.data]).toEqual([...together.z.data]);
  });

  test("statuses and counts are per sample", async () => {
    const rows = await Promise.all(
      rates.map((r) => solve((z) => add(mul(z, r), 1), [[0]], { rtol: 1e-6, maxIterations: 300 })),
    );
    expect(rows.map(({ statuses }) => statuses[0])).toEqual([
      "converged",
      "converged",
      "converged",
      "diverged",
      "max-iterations",
    ]);
    const counts = rows.map(({ iterations }) => Number(iterations.data[0]));
    expect(counts[0]).toBeLessThan(counts[1]);
    expect(counts[1]).toBeLessThan(counts[2]);
    expect(counts[4]).toBe(300);
  });

  test("a sample that leaves the finite numbers does not spoil its neighbour", async () => {
    const square = (z: Value) => add(mul(z, z), 0.1);
    const found = await solve(square, [[0.2], [5], [NaN]], { rtol: 1e-10, maxIterations: 200 });
    expect(found.statuses[0]).toBe("converged");
    expect(found.z.data[0]).toBeCloseTo((1 - Math.sqrt(0.6)) / 2, 8);
    expect(["diverged", "non-finite"]).toContain(found.statuses[1]);
    expect(found.statuses[2]).toBe("non-finite");
  });

  test("samples in the last axis end as samples in the first do", async () => {
    const [n, count] = [3, 4];
    const factors = tensorOf(Float64Array.of(0.2, -0.5, 0.9), [n]);
    const starts = Float64Array.from({ length: n * count }, (_, k) =>
      k >= 2 * n ? Math.sin(k) : [1, 2, 10, NaN, 0, 0][k],
    );
    const columns = starts.map((_, k) => starts[(k % count) * n + Math.floor(k / count)]);
    const f = (along: readonly number[]) => (z: Value) =>
      add(mul(z, constant([...(factors.data as Float64Array)], "float64", along)), 1);
    const options = solveOptions({ rtol: 1e-8, maxIterations: 60, testEvery: 2 });
    const first = input("first", "float64", ["N", n]);
    const last = input("last", "float64", [n, "N"]);
    const rows = iterate(picard(), (z) => [f([1, n])(z)], [first], options);
    const across = iterate(picard(), (z) => [f([n, 1])(z)], [last], options, undefined, "last");
    const program = await compile({ first, last }, {
      a: transpose(rows.z[0], [1, 0]),
      b: across.z[0],
      ...Object.fromEntries(
        (["status", "iterations", "residual"] as const).flatMap((name) => [
          [`a.${name}`, rows.info[name]],
          [`b.${name}`, across.info[name]],
        ]),
      ),
    } as Record<string, Value>);
    const found = await program.run({
      first: tensorOf(starts, [count, n]),
      last: tensorOf(columns, [n, count]),
    });
    await program.release();
    expect(found.b.data).toBeAllClose(found.a.data as Float64Array, { rtol: 1e-13 });
    expect(found["b.status"]).toEqual(found["a.status"]);
    expect(found["b.iterations"]).toEqual(found["a.iterations"]);
    expect(found["b.residual"].data).toBeAllClose(found["a.residual"].data as Float64Array, {
      rtol: 1e-6,
    });
    expect(new Set(found["b.status"].data as BigInt64Array).size).toBeGreaterThan(1);
  });

  test("an overflowing norm is no convergence", async () => {
    // ‖f(z)‖² overflows while the step is still finite: the tolerance is then infinite.
    const found = await solve((z) => mul(z, 2), [[1e150]], {
      rtol: 0.4,
      maxIterations: 100,
      divergence: 1e300,
    });
    expect(found.statuses[0]).not.toBe("converged");
  });

  test("the best iterate is returned when there is no convergence", async () => {
    // From 10 the map first comes near its fixed point 1, which repels it afterwards.
    const found = await solve((z) => add(mul(add(z, -1), -1.5), 1), [[1.01]], {
      maxIterations: 20,
      rtol: 1e-12,
    });
    expect(found.z.data).toBeAllClose([1.01]);
  });

  test.each([
    [{ maxIter: 5 }, 'unknown solver option "maxIter"'],
    [{ maxIterations: 0 }, "maxIterations = 0"],
    [{ testEvery: 1.5 }, "testEvery = 1.5"],
    [{ rtol: NaN }, "rtol = NaN"],
  ])("refuses %j", (options, message) => {
    expect(() => solveOptions(options as never)).toThrow(UsageError);
    expect(() => solveOptions(options as never)).toThrow(message);
  });
});
