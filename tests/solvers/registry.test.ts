import { describe, expect, test } from "vitest";
import { randomStream } from "../../src/data/random.ts";
import { UsageError } from "../../src/errors.ts";
import type { Value } from "../../src/graph/node.ts";
import { add, mul, tanh } from "../../src/graph/ops/elementwise.ts";
import { affine, matmul } from "../../src/graph/ops/linear.ts";
import { squeeze, unsqueeze } from "../../src/graph/ops/movement.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { constant, input } from "../../src/graph/value.ts";
import { compile } from "../../src/runtime/program.ts";
import { solveOf } from "../../src/solvers/fixed-point.ts";
import type { StateMap } from "../../src/solvers/iterate.ts";
import { solveStatuses } from "../../src/solvers/options.ts";
import {
  type Purpose,
  type SolverChoice,
  solver,
  solverNames,
  solverTable,
} from "../../src/solvers/registry.ts";
import { problems } from "../problems.ts";

/** Sums over rows of eight numbers are computed in another way than those over six. */
const widths = [6, 8];
const count = 9;

/** Each sample has a matrix of its own: contractions of different speed, and expansive maps. */
function problemOf(width: number) {
  const stream = randomStream(7, "registry", width);
  const draw = (length: number, size: number) =>
    Float64Array.from({ length }, () => size * stream.normal());
  const sizes = [0.1, 0.3, 0.5, 0.7, 0.9, 1.2, 1.6, 0.2, 0.8];
  const samples = sizes.map((size) => ({
    A: draw(width * width, size / Math.sqrt(width)),
    b: draw(width, 1),
  }));
  const inputs = {
    A: input("A", "float64", ["N", width, width]),
    b: input("b", "float64", ["N", width]),
  };
  const shared = constant([...draw(width * width, 0.1)], "float64", [width, width]);
  const product = (z: Value) =>
    add(squeeze(matmul(inputs.A, unsqueeze(z, [2])), [2]), affine(z, shared));
  const maps: Readonly<Record<Purpose, StateMap>> = {
    "fixed-point": (z) => [tanh(add(product(z), inputs.b))],
    linear: (z) => [add(product(z), inputs.b)],
  };
  const feeds = (rows: readonly number[]) => ({
    A: tensorOf(Float64Array.from(rows.flatMap((i) => [...samples[i].A])), [
      rows.length,
      width,
      width,
    ]),
    b: tensorOf(Float64Array.from(rows.flatMap((i) => [...samples[i].b])), [rows.length, width]),
  });
  return { inputs, maps, feeds };
}

const cases = solverNames().flatMap((name) =>
  solverTable[name].serves.flatMap((purpose) =>
    widths.map((width) => [name, purpose, width] as const),
  ),
);

describe.each(cases)("%s, %s, n = %d", (name, purpose, width) => {
  test("bit for bit, a sample's answer does not depend on the rest of the batch", async () => {
    const { inputs, maps, feeds } = problemOf(width);
    const choice = {
      method: name,
      rtol: 1e-9,
      maxIterations: 60,
      trace: name !== "jfb" && name !== "phantom",
    };
    const { z, info } = solveOf(solver(choice, purpose))(maps[purpose], [inputs.b]);
    const { status, iterations, residual, trace } = info;
    const program = await compile(inputs, {
      z: z[0],
      status,
      iterations,
      residual,
      ...(trace && { trace }),
    });
    const solve = (rows: readonly number[]) => program.run(feeds(rows));
    const all = Array.from({ length: count }, (_, i) => i);
    const together = await solve(all);
    for (const rows of [[4, 2, 8, 0, 1, 7, 3, 6, 5], all.slice(0, 4), all.slice(4), [6], [0]]) {
      const found = await solve(rows);
      for (const [at, i] of rows.entries()) {
        const of = (from: typeof found, row: number) => [
          ...(from.z.data as Float64Array).slice(row * width, row * width + width),
          Number(from.status.data[row]),
          Number(from.iterations.data[row]),
          Number(from.residual.data[row]),
        ];
        expect(of(found, at), `sample ${i} of ${rows}`).toEqual(of(together, i));
      }
    }
    await program.release();

    const traced = trace && together.trace;
    if (traced) {
      // The smallest residual of the trace is the one reported, and there are as many as iterations.
      const tests = traced.shape[0];
      expect(traced.shape).toEqual([tests, count]);
      for (const i of all) {
        const residuals = Array.from({ length: tests }, (_, k) =>
          Number(traced.data[k * count + i]),
        );
        const seen = residuals.filter((r) => !Number.isNaN(r));
        expect(Math.min(...seen)).toBe(Number(together.residual.data[i]));
        const evaluations = Number(together.iterations.data[i]);
        expect(seen.length).toBe(evaluations);
      }
    }
  });
});

const converging = solverNames("fixed-point");

describe.each(converging)("%s", (name) => {
  test.each(problems)(
    "$name: what counts as converged is a solution",
    async ({ f, n, outcome, solution }) => {
      const z0 = input("z0", "float64", ["N", n]);
      const { z, info } = solveOf(solver({ method: name, rtol: 1e-10, maxIterations: 2000 }))(
        (v) => [f(v)],
        [z0],
      );
      const program = await compile({ z0 }, { z: z[0], fz: f(z[0]), status: info.status });
      const found = await program.run({ z0: tensorOf(new Float64Array(n), [1, n]) });
      await program.release();
      const status = solveStatuses[Number(found.status.data[0])];
      if (outcome === "converged") expect(status).toBe("converged");
      if (status !== "converged") return;
      expect(found.fz.data).toBeAllClose(found.z.data as Float64Array, { rtol: 1e-8, atol: 1e-8 });
      if (solution) expect(found.z.data).toBeAllClose(solution, { rtol: 1e-7, atol: 1e-7 });
    },
  );
});

test.each(["newton", "newton-gmres", "auto"])(
  "%s solves what only turns over or grows",
  async (name) => {
    for (const problem of problems.filter(({ solution }) => solution)) {
      const z0 = input("z0", "float64", ["N", problem.n]);
      const { z, info } = solveOf(solver({ method: name, rtol: 1e-10 }))(
        (v) => [problem.f(v)],
        [z0],
      );
      const program = await compile({ z0 }, { z: z[0], status: info.status });
      const found = await program.run({
        z0: tensorOf(new Float64Array(problem.n), [1, problem.n]),
      });
      await program.release();
      expect(found.status.data[0], problem.name).toBe(1n);
      expect(found.z.data).toBeAllClose(problem.solution!, { rtol: 1e-7, atol: 1e-7 });
    }
  },
);

test("a state of several tensors is solved as one", async () => {
  const [a, b] = [input("a", "float64", ["N", 2]), input("b", "float64", ["N", 2, 2])];
  const weight = input("w", "float64", [2, 2]);
  // The tensors meet: each is in the other's map.
  const f: StateMap = (p, q) => [
    tanh(add(add(affine(p, weight), 0.3), squeeze(matmul(unsqueeze(p, [1]), q), [1]))),
    tanh(add(mul(q, 0.4), mul(unsqueeze(p, [2]), 0.5))),
  ];
  const feeds = {
    a: tensorOf(Float64Array.of(0.5, -0.2, 0.1, 0.7), [2, 2]),
    b: tensorOf(Float64Array.of(0.1, 0.2, 0.3, -0.4, 0.5, 0.6, -0.7, 0.8), [2, 2, 2]),
    w: tensorOf(Float64Array.of(0.3, 1.4, -1.2, 0.5), [2, 2]),
  };
  for (const name of converging.filter((other) => other !== "picard")) {
    const { z, info } = solveOf(solver({ method: name, rtol: 1e-11, atol: 0, maxIterations: 500 }))(
      f,
      [a, b],
    );
    const [fa, fb] = f(...z);
    const program = await compile(
      { a, b, w: weight },
      { za: z[0], zb: z[1], fa, fb, status: info.status },
    );
    const found = await program.run(feeds);
    await program.release();
    expect([...found.status.data], name).toEqual([1n, 1n]);
    expect(found.fa.data).toBeAllClose(found.za.data as Float64Array, { rtol: 1e-9, atol: 1e-10 });
    expect(found.fb.data).toBeAllClose(found.zb.data as Float64Array, { rtol: 1e-9, atol: 1e-10 });
  }
});

describe("the registry", () => {
  test("says of each solver what it does, and of each option what it means", () => {
    for (const entry of Object.values(solverTable)) {
      expect(entry.about).toMatch(/\w+ \w+/);
      expect(entry.serves.length).toBeGreaterThan(0);
      for (const option of Object.values(entry.options)) {
        expect(option.about).not.toBe("");
        expect(Number.isFinite(option.default)).toBe(true);
      }
    }
  });

  test.each<[SolverChoice, Purpose, string]>([
    ["newtn", "fixed-point", 'unknown solver "newtn": did you mean "newton"?'],
    ["toString", "linear", 'unknown solver "toString"'],
    [
      { method: "picard", dampin: 0.5 },
      "fixed-point",
      'picard: unknown option "dampin": did you mean "damping"?',
    ],
    [{ method: "gmres", damping: 0.5 }, "linear", 'gmres: unknown option "damping"'],
    [
      { max_iterations: 5 },
      "fixed-point",
      'picard: unknown option "max_iterations": did you mean "maxIterations"?',
    ],
    [{ method: "picard", damping: 2 }, "fixed-point", "picard: damping = 2"],
    [{ method: "gmres", window: 1.5 }, "linear", "gmres: window = 1.5"],
    [{ method: "newton", growth: "much" }, "fixed-point", "newton: growth = much"],
    [{ rtol: -1 }, "fixed-point", "rtol = -1"],
    [{ trace: 1 }, "fixed-point", "trace = 1"],
    [
      "dense",
      "fixed-point",
      'dense was asked for the purpose "fixed-point" and serves "linear" alone',
    ],
  ])("refuses %j for %s", (choice, purpose, message) => {
    expect(() => solver(choice, purpose)).toThrow(UsageError);
    expect(() => solver(choice, purpose)).toThrow(message);
  });

  test("an option left undefined is its default", () => {
    expect(() => solver({ method: "picard", damping: undefined, rtol: undefined })).not.toThrow();
  });
});
