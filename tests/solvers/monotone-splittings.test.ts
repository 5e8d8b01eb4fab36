import { describe, expect, test } from "vitest";
import { gradient } from "../../src/autodiff/gradient.ts";
import { mulberryMatrix } from "../../src/data/random.ts";
import { UsageError } from "../../src/errors.ts";
import { filled } from "../../src/graph/ops/movement.ts";
import { reduceSum } from "../../src/graph/ops/reduction.ts";
import { scalarOf, tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import { type MonotoneSplitting, monotoneDeq } from "../../src/models/monotone-deq.ts";
import { compile } from "../../src/runtime/program.ts";
import { adaptiveForwardBackward } from "../../src/solvers/adaptive-forward-backward.ts";
import { solverHealth } from "../../src/solvers/fixed-point.ts";
import { iterate, type Solution } from "../../src/solvers/iterate.ts";
import { solveOptions } from "../../src/solvers/options.ts";
import { picard } from "../../src/solvers/picard.ts";
import { proxKinds, proxOf } from "../../src/solvers/prox.ts";
import {
  douglasRachford,
  forwardBackward,
  peacemanRachford,
  reflectedResolvent,
} from "../../src/solvers/splitting.ts";
import { lipschitz, stepSize, tuneAlpha } from "../../src/solvers/step-size.ts";
import { equilibrium, monotoneMatrix, norm, times, transposed } from "./equilibria.ts";

const [n, samples] = [30, 6];
const rows = mulberryMatrix(3, samples, n);
const W = input("W", "float64", [n, n]);
const c = input("c", "float64", ["N", n]);
const cs = Array.from({ length: samples }, (_, i) => [...rows.slice(i * n, i * n + n)]);
const feeds = (m: number) => ({
  W: tensorOf(Float64Array.from(monotoneMatrix(1, n, m).flat()), [n, n]),
  c: tensorOf(rows, [samples, n]),
});

/** ‖I − W‖₂ by many steps of the power method. */
function largest(m: number): number {
  const matrix = monotoneMatrix(1, n, m).map((row, i) => row.map((w, j) => +(i === j) - w));
  let v = cs[0];
  let L = 0;
  for (let k = 0; k < 5000; k++) {
    v = times(transposed(matrix), times(matrix, v));
    L = Math.sqrt(norm(v));
    v = v.map((x) => x / L ** 2);
  }
  return L;
}

test.each([1, 0.1])("m = %d: L by power iteration, and the steps it gives", async (m) => {
  const outputs = {
    L: lipschitz(W),
    pr: stepSize("peaceman-rachford", W, m),
    fb: stepSize("forward-backward", W, m),
    bar: gradient(reduceSum(lipschitz(W)), { W }).W,
  };
  const program = await compile({ W }, outputs);
  const found = await program.run({ W: feeds(m).W });
  await program.release();
  const L = largest(m);
  expect(Number(found.L.data[0])).toBeLessThanOrEqual(L * (1 + 1e-12));
  expect(Number(found.L.data[0])).toBeGreaterThan(0.98 * L);
  // From a rougher L, which is from below too.
  expect(Number(found.pr.data[0])).toBeGreaterThanOrEqual(L ** -0.5);
  expect(Number(found.pr.data[0])).toBeLessThan((0.8 * L) ** -0.5);
  expect(Number(found.fb.data[0])).toBeCloseTo(m / Number(found.L.data[0]) ** 2, 12);
  expect(new Set(found.bar.data as Float64Array)).toEqual(new Set([0])); // held
});

/** Iterations of each sample, and how far each is from the equilibrium. */
async function measured(
  m: number,
  build: (alpha: typeof c) => { z: typeof c; info: Solution["info"] },
  kind: (typeof proxKinds)[number] = "relu",
) {
  const alpha = input("alpha", "float64", []);
  const { z, info } = build(alpha);
  const program = await compile(
    { W, c, alpha },
    { z, status: info.status, iterations: info.iterations },
  );
  const step = m / largest(m) ** 2;
  const found = await program.run({ ...feeds(m), alpha: scalarOf(step, "float64") });
  await program.release();
  const matrix = monotoneMatrix(1, n, m);
  const wanted = cs.map((shift) => equilibrium(matrix, shift, kind));
  expect(new Set(found.status.data as BigInt64Array)).toEqual(new Set([1n]));
  expect(found.z.data).toBeAllClose(wanted.flat(), { rtol: 1e-5, atol: 1e-5 });
  return Array.from(found.iterations.data as BigInt64Array, Number);
}
const options = solveOptions({ rtol: 1e-7, maxIterations: 20_000 });
const mean = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b) / numbers.length;

describe("adaptive forward–backward", () => {
  test.each([
    [1, 3],
    [0.1, 8],
  ])("m = %d: the same equilibrium in at least %d times fewer iterations", async (m, gain) => {
    const prox = proxOf("relu");
    const safe = await measured(m, (alpha) => {
      const { map } = forwardBackward(W, alpha, prox);
      const found = iterate(
        picard(),
        map(c),
        [filled(0, c)],
        solveOptions({ ...options, rtol: 1e-8 }),
      );
      return { z: found.z[0], info: found.info };
    });
    const adaptive = await measured(m, (alpha) => {
      const method = adaptiveForwardBackward(W, c, alpha, prox);
      const { map } = forwardBackward(W, 1, prox);
      const found = iterate(method, map(c), [filled(0, c)], options);
      return { z: found.z[0], info: found.info };
    });
    expect(mean(safe) / mean(adaptive)).toBeGreaterThan(gain);
  });

  test.each(proxKinds)(
    "%s: ends at the true fixed point, whatever the rest of the batch",
    async (kind) => {
      const prox = proxOf(kind);
      const build = (alpha: typeof c) => {
        const method = adaptiveForwardBackward(W, c, alpha, prox);
        const found = iterate(method, (z) => [z], [filled(0, c)], options);
        return { z: found.z[0], info: found.info };
      };
      await measured(0.5, build, kind);
      const alpha = input("alpha", "float64", []);
      const program = await compile({ W, c, alpha }, { z: build(alpha).z });
      const solve = async (chosen: readonly number[]) => {
        const shift = Float64Array.from(chosen.flatMap((i) => cs[i]));
        const step = scalarOf(0.02, "float64");
        const { z } = await program.run({
          ...feeds(0.5),
          c: tensorOf(shift, [chosen.length, n]),
          alpha: step,
        });
        return chosen.map((_, i) => [...(z.data as Float64Array).slice(i * n, i * n + n)]);
      };
      const together = await solve([0, 1, 2, 3, 4, 5]);
      expect(await solve([4, 1])).toEqual([together[4], together[1]]);
      await program.release();
    },
  );
});

test("Douglas–Rachford reaches Peaceman–Rachford's equilibrium by shorter steps", async () => {
  const prox = proxOf("tanh");
  const counts = await Promise.all(
    [peacemanRachford, douglasRachford].map((splitting) =>
      measured(
        0.5,
        (alpha) => {
          const { map, read } = splitting(reflectedResolvent(W, alpha), alpha, prox);
          const found = iterate(picard(), map(c), [filled(0, c)], options);
          return { z: read(found.z[0]), info: found.info };
        },
        "tanh",
      ),
    ),
  );
  expect(mean(counts[1])).toBeGreaterThan(mean(counts[0]));
});

describe("tuneAlpha", () => {
  test("halves from 1 and keeps the fewest iterations", async () => {
    const counts = new Map([
      [1, 26],
      [0.5, 15],
      [0.25, 20],
      [0.125, 3],
    ]);
    const tried: number[] = [];
    const count = async (alpha: number) => {
      tried.push(alpha);
      return counts.get(alpha)!;
    };
    expect(await tuneAlpha(count)).toEqual({ alpha: 0.5, iterations: 15 });
    expect(tried).toEqual([1, 0.5, 0.25]);
  });

  test("goes on past steps that fail, and says when all do", async () => {
    const count = async (alpha: number) => (alpha > 0.2 ? Infinity : 40 / alpha);
    expect(await tuneAlpha(count)).toEqual({ alpha: 0.125, iterations: 320 });
    await expect(tuneAlpha(async () => Infinity)).rejects.toThrow(UsageError);
  });
});

describe("monotone networks", () => {
  const splittings: readonly MonotoneSplitting[] = [
    "peaceman-rachford",
    "douglas-rachford",
    "forward-backward",
    "adaptive-forward-backward",
  ];
  const sizes = { inputs: 3, width: 8, outputs: 2, m: 0.5, activation: "tanh" as const };
  const exact = { rtol: 1e-6, atol: 0, maxIterations: 5000 };

  test("of every splitting are the same function with the same gradient", async () => {
    const x = input("x", "float32", ["N", 3]);
    const found = [];
    for (const splitting of splittings) {
      const model = monotoneDeq({
        ...sizes,
        splitting,
        alpha: "auto",
        forward: exact,
        backward: { method: "auto", ...exact },
      });
      const initial = model.initialise(1);
      const parameters = Object.fromEntries(
        Object.entries(initial).map(([name, { dtype, shape }]) => [
          name,
          input(name, dtype, shape),
        ]),
      );
      const health = solverHealth();
      const y = model.apply(model.explicit(parameters), x, health);
      const { A, B } = gradient(reduceSum(y), { A: parameters.A, B: parameters.B });
      const [forward] = health.forward;
      const [backward] = health.backward;
      const program = await compile(
        { ...parameters, x },
        { y, barA: A, barB: B, forward: forward.status, backward: backward.status },
      );
      const data = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i * i));
      found.push(await program.run({ ...initial, x: tensorOf(data, [4, 3]) } as never));
      await program.release();
    }
    for (const [i, { y, barA, barB, forward, backward }] of found.entries()) {
      expect(new Set([...forward.data, ...backward.data]), splittings[i]).toEqual(new Set([1n]));
      const close = { rtol: 1e-4, atol: 2e-5 };
      expect(y.data).toBeAllClose(found[0].y.data as Float32Array, close);
      expect(barA.data).toBeAllClose(found[0].barA.data as Float32Array, close);
      expect(barB.data).toBeAllClose(found[0].barB.data as Float32Array, close);
    }
  });

  test.each<[string, object, string]>([
    ["an unknown solver", { forward: "newtn" }, 'did you mean "newton"?'],
    ["a linear solver forward", { forward: { method: "gmres" } }, 'serves "linear" alone'],
    [
      "an unknown option",
      { backward: { method: "gmres", widow: 3 } },
      'gmres: unknown option "widow"',
    ],
    [
      "a method beside the adaptive splitting",
      { splitting: "adaptive-forward-backward", forward: "newton" },
      "give options only",
    ],
  ])("refuse %s", (_, options, message) => {
    expect(() => monotoneDeq({ ...sizes, ...options })).toThrow(UsageError);
    expect(() => monotoneDeq({ ...sizes, ...options })).toThrow(message);
  });
});
