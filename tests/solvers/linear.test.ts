import { describe, expect, test } from "vitest";
import { randomStream } from "../../src/data/random.ts";
import { UsageError } from "../../src/errors.ts";
import type { Value } from "../../src/graph/node.ts";
import { add } from "../../src/graph/ops/elementwise.ts";
import { matmul } from "../../src/graph/ops/linear.ts";
import { filled, squeeze, unsqueeze } from "../../src/graph/ops/movement.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { compile } from "../../src/runtime/program.ts";
import { dense } from "../../src/solvers/dense.ts";
import { fixedPoint, type Solve, solverHealth } from "../../src/solvers/fixed-point.ts";
import { gmres } from "../../src/solvers/gmres.ts";
import { solveStatuses } from "../../src/solvers/options.ts";
import { jfb, phantom } from "../../src/solvers/phantom.ts";
import { solver } from "../../src/solvers/registry.ts";
import { norm, solveDense } from "./equilibria.ts";

/** Solves g = Aᵢ g + bᵢ for every sample. */
async function solveAll(solve: Solve, As: readonly number[][][], bs: readonly number[][]) {
  const n = bs[0].length;
  const A = input("A", "float64", ["N", n, n]);
  const b = input("b", "float64", ["N", n]);
  const f = (g: Value) => [add(squeeze(matmul(A, unsqueeze(g, [2])), [2]), b)];
  const { z, info } = solve(f, [b]);
  const { status, iterations, residual } = info;
  const program = await compile({ A, b }, { g: z[0], status, iterations, residual });
  const found = await program.run({
    A: tensorOf(Float64Array.from(As.flat(2)), [As.length, n, n]),
    b: tensorOf(Float64Array.from(bs.flat()), [bs.length, n]),
  });
  await program.release();
  const g = bs.map((_, i) => [...(found.g.data as Float64Array).slice(i * n, i * n + n)]);
  return {
    g,
    iterations: [...(found.iterations.data as BigInt64Array)].map(Number),
    residuals: [...(found.residual.data as Float64Array)],
    statuses: [...(found.status.data as BigInt64Array)].map((i) => solveStatuses[Number(i)]),
  };
}

const apply = (A: readonly number[][], g: readonly number[]) =>
  A.map((row) => row.reduce((sum, a, j) => sum + a * g[j], 0));
const residualOf = (A: readonly number[][], g: readonly number[], b: readonly number[]) =>
  norm(apply(A, g).map((value, i) => value + b[i] - g[i]));
const wanted = (A: readonly number[][], b: readonly number[]) =>
  solveDense(
    A.map((row, i) => row.map((a, j) => +(i === j) - a)),
    b,
  );
const random = (seed: number, n: number, size: number) => {
  const stream = randomStream(seed, "linear");
  const draw = () => Array.from({ length: n }, () => (size * stream.normal()) / Math.sqrt(n));
  return { A: Array.from({ length: n }, draw), b: Array.from({ length: n }, stream.normal) };
};
/** A turn of the plane and a map that only turns over: (I − A) is skew but for 1, or 2. */
const quarter = [
  [1, 3],
  [-3, 1],
];

const exact = { rtol: 1e-12, atol: 0, maxIterations: 200 };
const solvers: Readonly<Record<string, Solve>> = {
  "gmres(20)": gmres({}, exact),
  "gmres(5)": gmres({ window: 5 }, exact),
  dense: dense(exact),
};

describe.each(Object.entries(solvers))("%s", (name, solve) => {
  test("solves what plain iteration cannot, of any scale, and tells the residual", async () => {
    const scales = [1e-9, 1, 1e6];
    const problems = [1, 2, 3].map((seed, i) => {
      // Expansive: the spectral radius is about 1.6.
      const { A, b } = random(seed, 8, 1.6);
      return { A, b: b.map((x) => x * scales[i]) };
    });
    // With five directions a restarted search may stagnate on an indefinite system.
    const given =
      name === "gmres(5)"
        ? problems.map(({ A, b }) => ({ b, A: A.map((r) => r.map((x) => x / 3)) }))
        : problems;
    const found = await solveAll(
      solve,
      given.map(({ A }) => A),
      given.map(({ b }) => b),
    );
    given.forEach(({ A, b }, i) => {
      expect(found.statuses[i]).toBe("converged");
      const scale = norm(b);
      expect(found.g[i].map((x) => x / scale)).toBeAllClose(
        wanted(A, b).map((x) => x / scale),
        { rtol: 1e-9, atol: 1e-10 },
      );
      expect(residualOf(A, found.g[i], b)).toBeLessThan(4e-12 * (norm(found.g[i]) + scale));
      expect(Math.abs(found.residuals[i] - residualOf(A, found.g[i], b))).toBeLessThan(
        1e-13 * (norm(found.g[i]) + scale),
      );
    });
  });

  test("does not break down where I − A is skew, or the right side zero", async () => {
    const { g, statuses } = await solveAll(
      solve,
      [quarter, quarter],
      [
        [1, 2],
        [0, 0],
      ],
    );
    expect(statuses).toEqual(["converged", "converged"]);
    expect(g[0]).toBeAllClose(wanted(quarter, [1, 2]), { rtol: 1e-10, atol: 1e-12 });
    expect(g[1]).toEqual([0, 0]);
  });

  test("says when there is no solution, and spoils no neighbour", async () => {
    const singular = [
      [1, 0],
      [0, 0.5],
    ];
    const { g, statuses } = await solveAll(
      solve,
      [singular, quarter],
      [
        [1, 1],
        [1, 2],
      ],
    );
    expect(statuses[0]).not.toBe("converged");
    expect(statuses[1]).toBe("converged");
    expect(g[1]).toBeAllClose(wanted(quarter, [1, 2]), { rtol: 1e-10, atol: 1e-12 });
  });
});

test("gmres takes at most n + 1 products, and as many as there are different eigenvalues", async () => {
  const { A, b } = random(5, 6, 1.3);
  const two = [0.9, -0.5, 0.9, -0.5, 0.9, 0.9].map((d, i, all) =>
    all.map((_, j) => (i === j ? d : 0)),
  );
  const { iterations } = await solveAll(gmres({}, exact), [A, two], [b, b]);
  expect(iterations[0]).toBeLessThanOrEqual(7);
  expect(iterations[1]).toBe(3);
});

describe("phantom gradients", () => {
  test("are the damped Neumann series, and claim nothing", async () => {
    const { A, b } = random(3, 6, 0.9);
    const [steps, damping] = [4, 0.6];
    let [term, sum] = [b, b.map(() => 0)];
    for (let i = 0; i < steps; i++) {
      sum = sum.map((s, j) => s + damping * term[j]);
      const image = apply(A, term);
      term = term.map((x, j) => damping * image[j] + (1 - damping) * x);
    }
    const found = await solveAll(phantom({ steps, damping }), [A], [b]);
    expect(found.g[0]).toBeAllClose(sum, { rtol: 1e-12, atol: 1e-13 });
    expect(found.residuals[0]).toBeCloseTo(residualOf(A, sum, b), 12);
    expect(found).toMatchObject({ statuses: ["truncated"], iterations: [4] });
    const crude = await solveAll(jfb(), [A, A], [b, b.map(() => NaN)]);
    expect(crude.g[0]).toEqual(b);
    expect(crude.statuses).toEqual(["truncated", "non-finite"]);
  });
});

test("no linear solver is taken for z = f(z)", () => {
  const x = input("x", "float64", ["N", 3]);
  for (const method of ["gmres", "dense", "phantom", "jfb"]) {
    const linear = solver(method, "linear");
    expect(() =>
      fixedPoint((z) => [z], [filled(0, x)], { forward: linear, backward: linear }, solverHealth()),
    ).toThrow(UsageError);
    expect(() => solver(method)).toThrow('and serves "linear" alone');
  }
});
