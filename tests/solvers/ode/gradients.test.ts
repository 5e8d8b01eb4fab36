import { describe, expect, test } from "vitest";
import { gradient } from "../../../src/autodiff/gradient.ts";
import type { Value } from "../../../src/graph/node.ts";
import type { Values } from "../../../src/graph/ops/control.ts";
import { add, cos, mul, square, sub, tanh } from "../../../src/graph/ops/elementwise.ts";
import { affine } from "../../../src/graph/ops/linear.ts";
import { concat, reshape, slice } from "../../../src/graph/ops/movement.ts";
import { reduceSum } from "../../../src/graph/ops/reduction.ts";
import { type Tensor, tensorOf } from "../../../src/graph/tensor.ts";
import { constant, input } from "../../../src/graph/value.ts";
import { integrate, type OdeOptions } from "../../../src/solvers/ode/integrate.ts";
import { odeStatuses } from "../../../src/solvers/ode/options.ts";
import { checkDerivative, evaluate, noise } from "../../autodiff/differences.ts";

const shapes = { start: [2, 2], A: [3, 2], b: [3], C: [2, 3] } as const;
const feeds: Record<string, Tensor> = Object.fromEntries(
  Object.entries(shapes).map(([name, shape], i) => {
    const count = shape.reduce((n: number, size: number) => n * size, 1);
    return [name, tensorOf(Float64Array.from(noise(count, i + 3)), shape)];
  }),
);
const inputs: Values = Object.fromEntries(
  Object.entries(shapes).map(([name, shape]) => [name, input(name, "float64", shape)]),
);
const field =
  ({ A, b, C }: Values) =>
  (t: Value, y: Value) =>
    add(affine(tanh(affine(y, A, b)), C), mul(cos(t), 0.3));
const at = [0, 0.4, 1.5];
/** Weighted sums of y at every time. */
const sumOf = (y: Value) => reduceSum(mul(y, constant(noise(12, 8), "float64", [3, 2, 2])));
const tight = { rtol: 1e-11, atol: 1e-12 };

describe("derivatives are those of central differences", () => {
  test.each<[string, OdeOptions]>([
    ["rk4", { method: "rk4", steps: 3 }],
    ["the accepted steps of dopri5", tight],
    ["the adjoint", { ...tight, gradient: "adjoint" }],
  ])("%s", async (_, options) => {
    const { y } = integrate(field(inputs), inputs.start, at, options);
    await checkDerivative({ inputs, feeds, outputs: [y] });
  });

  test("twice, of rk4 and of accepted steps", async () => {
    for (const options of [{ method: "rk4", steps: 2 } as const, tight]) {
      const { y } = integrate(field(inputs), inputs.start, [0, 0.4], options);
      const problem = { inputs, feeds, outputs: [reduceSum(square(y))] };
      await checkDerivative(await checkDerivative(problem));
    }
  });
});

const slopesOf = async (options: OdeOptions, times = at) => {
  const { y, info, backward } = integrate(field(inputs), inputs.start, times, options);
  const bars = gradient(sumOf(y), inputs);
  const extra: Values =
    backward.length > 0 ? { status: backward[0].status, back: backward[0].evaluations } : {};
  const named = Object.fromEntries(Object.entries(bars).map(([k, v]) => [`bar.${k}`, v]));
  const found = await evaluate(inputs, { ...named, ...extra, forth: info.evaluations }, feeds);
  const list = (name: string) => Array.from(found[name]?.data ?? [], Number);
  return {
    slopes: Object.keys(inputs).flatMap((name) => list(`bar.${name}`)),
    backStatuses: list("status").map((code) => odeStatuses[code]),
    forth: list("forth"),
    back: list("back"),
  };
};

test("the adjoint and the accepted steps agree as the tolerance tightens, and count their evaluations", async () => {
  const exact = (await slopesOf({ rtol: 1e-12, atol: 1e-13 })).slopes;
  const distance = (slopes: readonly number[]) =>
    Math.max(...slopes.map((x, i) => Math.abs(x - exact[i])));
  const errors: number[] = [];
  for (const rtol of [1e-3, 1e-6, 1e-9]) {
    const found = await slopesOf({ rtol, atol: rtol, gradient: "adjoint" });
    expect(found.backStatuses).toEqual(["converged", "converged"]);
    for (const count of [...found.back, ...found.forth]) expect(count % 2).toBe(0);
    expect(Math.min(...found.back)).toBeGreaterThanOrEqual(2 * (2 + 6)); // two intervals
    errors.push(distance(found.slopes));
  }
  expect(errors[1]).toBeLessThan(0.1 * errors[0]);
  expect(errors[2]).toBeLessThan(0.1 * errors[1]);
  expect(errors[2]).toBeLessThan(1e-7);
});

test("the adjoint takes the same steps whatever the scale of the loss", async () => {
  const of = async (factor: number) => {
    const { y, backward } = integrate(field(inputs), inputs.start, at, { gradient: "adjoint" });
    const bars = gradient(mul(sumOf(y), factor), inputs);
    const outputs = { A: bars.A, start: bars.start, count: backward[0].evaluations };
    const found = await evaluate(
      inputs,
      Object.fromEntries(Object.entries(outputs).map(([k, v]) => [`bar.${k}`, v])),
      feeds,
    );
    return {
      slopes: [...found["bar.A"].data, ...found["bar.start"].data].map((x) => Number(x) / factor),
      count: Array.from(found["bar.count"].data, Number),
    };
  };
  const [plain, tiny] = [await of(1), await of(2 ** -40)];
  expect(tiny.count).toEqual(plain.count);
  expect(tiny.slopes).toBeAllClose(plain.slopes, { rtol: 1e-12 });
});

describe("where the adjoint is inexact", () => {
  // ẏ = λy: what a Runge–Kutta method computes is a polynomial in λh times y₀, whatever h is.
  const lambda = input("lambda", "float64", [1]);
  const y0 = input("y0", "float64", [1, 1]);
  const slope = async (gradientBy: "discrete" | "adjoint") => {
    const { y } = integrate((_, now) => mul(now, lambda), y0, [0, 2], {
      rtol: 1e-2,
      atol: 1e-2,
      gradient: gradientBy,
    });
    const last = reshape(slice(y, 0, { start: 1 }), []);
    const { y0: bar } = gradient(last, { y0 });
    const found = await evaluate(
      { lambda, y0 },
      { last, bar },
      {
        lambda: tensorOf(Float64Array.of(-3), [1]),
        y0: tensorOf(Float64Array.of(1.7), [1, 1]),
      },
    );
    return { ratio: Number(found.last.data[0]) / 1.7, bar: Number(found.bar.data[0]) };
  };

  test("at a loose tolerance the gradient of the steps is that of what was computed", async () => {
    const { ratio, bar } = await slope("discrete");
    expect([bar]).toBeAllClose([ratio], { rtol: 1e-13 });
  });

  test("and the adjoint's is not, by about the tolerance", async () => {
    const { ratio, bar } = await slope("adjoint");
    expect(Math.abs(bar - ratio)).toBeGreaterThan(1e-7);
    expect(Math.abs(bar - ratio)).toBeLessThan(1e-2);
  });

  test("where the flow contracts it is wrong by orders, unless many times are asked for", async () => {
    // Van der Pol's equation at μ = 10: back in time, what is left of y's error explodes.
    const [y0, mu] = [input("y0", "float64", [1, 2]), input("mu", "float64", [1])];
    const stiff = (_: Value, y: Value) => {
      const [x, v] = [slice(y, 1, { end: 1 }), slice(y, 1, { start: 1 })];
      return concat([v, sub(mul(mul(sub(1, square(x)), v), mu), x)], 1);
    };
    const slopes = async (options: OdeOptions, intervals: number) => {
      const times = Array.from({ length: intervals + 1 }, (_, i) => (4 * i) / intervals);
      const { y } = integrate(stiff, y0, times, options);
      const bars = gradient(reduceSum(slice(y, 0, { start: intervals })), { y0, mu });
      const found = await evaluate(
        { y0, mu },
        { of_y0: bars.y0, of_mu: bars.mu },
        { y0: tensorOf(Float64Array.of(2, 0), [1, 2]), mu: tensorOf(Float64Array.of(10), [1]) },
      );
      return [...found.of_y0.data, ...found.of_mu.data].map(Number);
    };
    const loose = { rtol: 1e-4, atol: 1e-4 };
    const exact = await slopes({ rtol: 1e-10, atol: 1e-10 }, 1);
    expect(await slopes(loose, 1)).toBeAllClose(exact, { rtol: 0.02 });
    const [astray] = await slopes({ ...loose, gradient: "adjoint" }, 1);
    expect(Math.abs(astray)).toBeGreaterThan(1e3 * Math.abs(exact[0]));
    const helped = await slopes({ ...loose, gradient: "adjoint" }, 100);
    expect(helped).toBeAllClose(exact, { rtol: 0.02 });
  });
});
