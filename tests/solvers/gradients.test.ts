import { describe, expect, test } from "vitest";
import { gradient } from "../../src/autodiff/gradient.ts";
import { mulberryMatrix } from "../../src/data/random.ts";
import type { Values } from "../../src/graph/ops/control.ts";
import { mul, square, sub } from "../../src/graph/ops/elementwise.ts";
import { filled } from "../../src/graph/ops/movement.ts";
import { reduceSum } from "../../src/graph/ops/reduction.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { compile } from "../../src/runtime/program.ts";
import { fixedPoint, solveOf, solverHealth } from "../../src/solvers/fixed-point.ts";
import { statusCode } from "../../src/solvers/options.ts";
import { type ProxKind, proxKinds, proxOf } from "../../src/solvers/prox.ts";
import { solver, solverNames } from "../../src/solvers/registry.ts";
import { peacemanRachford, reflectedResolvent } from "../../src/solvers/splitting.ts";
import {
  cotangent,
  equilibrium,
  type Matrix,
  monotoneMatrix,
  norm,
  solveDense,
  times,
  transposed,
} from "./equilibria.ts";

const n = 5;
const alphas = [0.1, 0.25, 0.5, 1, 2, 5];
const exact = { rtol: 1e-14, atol: 1e-15, maxIterations: 4000 };
const rows = (seed: number, count: number): Matrix => {
  const numbers = mulberryMatrix(seed, count, n);
  return Array.from({ length: count }, (_, i) => [...numbers.slice(i * n, i * n + n)]);
};
const W = monotoneMatrix(1, n, 0.5);
const [cs, targets] = [rows(3, 3), rows(4, 3)];
const a = (i: number) => (z: readonly number[]) => z.map((value, j) => value - targets[i][j]);
const feeds = {
  W: tensorOf(Float64Array.from(W.flat()), [n, n]),
  c: tensorOf(Float64Array.from(cs.flat()), [3, n]),
  target: tensorOf(Float64Array.from(targets.flat()), [3, n]),
};
const inputs = {
  W: input("W", "float64", [n, n]),
  c: input("c", "float64", ["N", n]),
  target: input("target", "float64", ["N", n]),
  alpha: input("alpha", "float64", []),
};

const converged = BigInt64Array.from(cs, () => BigInt(statusCode.converged));

/** ∂ℓ/∂c and ∂ℓ/∂W of ℓ = ½ Σ ‖z* − target‖² by dense elimination. */
function reference(kind: ProxKind) {
  const samples = cs.map((c, i) => cotangent(W, c, kind, a(i)));
  const barW = W.map((_, i) =>
    W.map((__, j) => samples.reduce((sum, { bar, z }) => sum + bar[i] * z[j], 0)),
  );
  return { c: samples.flatMap(({ bar }) => bar), W: barW.flat() };
}

const forwards = solverNames("fixed-point");
// Those that claim the gradient itself.
const backwards = solverNames("linear").filter((name) => name !== "jfb" && name !== "phantom");

describe.each(proxKinds)("%s", (kind) => {
  test("the reference is the derivative: central differences of the equilibrium", () => {
    const loss = (c: readonly number[], i: number) =>
      equilibrium(W, c, kind).reduce((sum, z, j) => sum + (z - targets[i][j]) ** 2 / 2, 0);
    const found = cs.flatMap((c, i) =>
      c.map((_, j) => {
        const at = (step: number) =>
          loss(
            c.map((value, k) => value + (k === j ? step : 0)),
            i,
          );
        return (at(1e-5) - at(-1e-5)) / 2e-5;
      }),
    );
    expect(reference(kind).c).toBeAllClose(found, { rtol: 1e-7, atol: 1e-9 });
  });

  test("for every α, every pair of solvers has the gradient of a dense solve", async () => {
    const [forward, backward] = await Promise.all([forwardProgram(kind), backwardProgram(kind)]);
    const wanted = reference(kind);
    const close = { rtol: 1e-10, atol: 1e-10 };
    for (const alpha of alphas) {
      const given = { ...feeds, alpha: tensorOf(Float64Array.of(alpha), []) };
      const equilibria = await forward.run({ W: given.W, c: given.c, alpha: given.alpha });
      for (const first of forwards) {
        const state = equilibria[`state of ${first}`];
        const found = await backward.run({ ...given, state });
        for (const second of backwards) {
          const about = `${first} and ${second}, α = ${alpha}`;
          expect(equilibria[`status of ${first}`].data, about).toEqual(converged);
          expect(found[`status of ${second}`].data, about).toEqual(converged);
          expect(found[`c of ${second}`].data, about).toBeAllClose(wanted.c, close);
          expect(found[`W of ${second}`].data, about).toBeAllClose(wanted.W, close);
        }
      }
    }
    await Promise.all([forward.release(), backward.release()]);
  });
});

const splittingOf = (kind: ProxKind) =>
  peacemanRachford(reflectedResolvent(inputs.W, inputs.alpha), inputs.alpha, proxOf(kind));

/** The state of the splitting at the equilibrium, by every forward solver. */
function forwardProgram(kind: ProxKind) {
  const outputs = forwards.map((method) => {
    const solve = solveOf(solver({ method, ...exact }));
    const { z, info } = solve(splittingOf(kind).map(inputs.c), [filled(0, inputs.c)]);
    return { [`state of ${method}`]: z[0], [`status of ${method}`]: info.status };
  });
  const { W, c, alpha } = inputs;
  return compile({ W, c, alpha }, Object.assign({}, ...outputs) as Values);
}

/** ∂ℓ/∂c and ∂ℓ/∂W at a state that a forward solver found, by every backward solver. */
function backwardProgram(kind: ProxKind) {
  const state = input("state", "float64", ["N", n]);
  const outputs = backwards.map((method) => {
    const splitting = splittingOf(kind);
    const health = solverHealth();
    const known = { status: state, iterations: state, residual: state };
    const [found] = fixedPoint(
      splitting.map(inputs.c),
      [filled(0, inputs.c)],
      {
        forward: { solve: () => ({ z: [state], info: known }) },
        backward: solver({ method, ...exact }, "linear"),
      },
      health,
    );
    const error = sub(splitting.read(found), inputs.target);
    const bars = gradient(mul(reduceSum(square(error)), 0.5), { c: inputs.c, W: inputs.W });
    const [{ status }] = health.backward;
    return {
      [`c of ${method}`]: bars.c,
      [`W of ${method}`]: bars.W,
      [`status of ${method}`]: status,
    };
  });
  return compile({ ...inputs, state }, Object.assign({}, ...outputs) as Values);
}

/**
 * ∂ℓ/∂c by the paper's backward Peaceman–Rachford splitting, ũ ← (u + αa)/(1 + α(d + extra)) where J > 0.
 * Theorem 3 has extra = 0; Algorithms 3 and 4 print 1.
 */
function backwardSplitting(
  W: Matrix,
  { slopes, a, alpha, extra }: { slopes: number[]; a: number[]; alpha: number; extra: number },
): number[] {
  const M = transposed(W).map((row, i) => row.map((w, j) => (i === j ? 1 + alpha : 0) - alpha * w));
  const V = transposed(
    M.map((_, j) =>
      solveDense(
        M,
        M.map((__, i) => +(i === j)),
      ),
    ),
  );
  let [u, v] = [a.map(() => 0), a.map(() => 0)];
  for (let k = 0; k < 500; k++) {
    const half = v.map((x, i) => 2 * x - u[i]);
    u = times(V, half).map((x, i) => 2 * x - half[i]);
    v = u.map((x, i) =>
      slopes[i] > 0 ? (x + alpha * a[i]) / (1 + alpha * (1 / slopes[i] - 1 + extra)) : 0,
    );
  }
  return v;
}

describe("the printed denominator 1 + α(1 + D) of the backward splitting", () => {
  const width = 30;
  const big = monotoneMatrix(1, width, 1);
  const [c, target] = [3, 4].map((seed) => [...mulberryMatrix(seed, 1, width)]);
  // The wrong fixed point does not depend on α; it depends on the problem.
  test.each([
    ["relu", 0.38, 0.43],
    ["tanh", 0.31, 0.41],
  ] as const)("would not pass for %s: its error is %d to %d", (kind, least, most) => {
    const minus = (z: readonly number[]) => z.map((value, i) => value - target[i]);
    const { z, slopes, bar } = cotangent(big, c, kind, minus);
    for (const alpha of [0.25, 1, 2]) {
      const given = { slopes, a: minus(z), alpha };
      const right = backwardSplitting(big, { ...given, extra: 0 });
      const wrong = backwardSplitting(big, { ...given, extra: 1 });
      expect(right).toBeAllClose(bar, { rtol: 1e-10, atol: 1e-10 });
      expect(() => expect(wrong).toBeAllClose(bar, { rtol: 1e-10, atol: 1e-10 })).toThrow("limit");
      const error = norm(wrong.map((x, i) => x - bar[i])) / norm(bar);
      expect(error).toBeGreaterThan(least - 0.005);
      expect(error).toBeLessThan(most);
    }
  });
});
