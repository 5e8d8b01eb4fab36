import { describe, expect, test } from "vitest";
import { ShapeError, UsageError } from "../../../src/errors.ts";
import type { Value } from "../../../src/graph/node.ts";
import { add, mul, sin, square, sub } from "../../../src/graph/ops/elementwise.ts";
import { affine } from "../../../src/graph/ops/linear.ts";
import { concat, slice } from "../../../src/graph/ops/movement.ts";
import { castTensor, type Tensor, tensorOf } from "../../../src/graph/tensor.ts";
import { constant, input } from "../../../src/graph/value.ts";
import { integrate, type OdeOptions } from "../../../src/solvers/ode/integrate.ts";
import { odeStatuses } from "../../../src/solvers/ode/options.ts";
import {
  classical,
  dormandPrince,
  type Rational,
  type VectorField,
} from "../../../src/solvers/ode/runge-kutta.ts";
import { evaluate } from "../../autodiff/differences.ts";

const column = (y: Value, i: number) => slice(y, 1, { start: i, end: i + 1 });
const pendulum: VectorField = (_, y) => {
  const [angle, rate] = [column(y, 0), column(y, 1)];
  return concat([rate, sub(mul(sin(angle), -9.81), mul(rate, 0.9))], 1);
};
const vanDerPol: VectorField = (_, y) => {
  const [x, v] = [column(y, 0), column(y, 1)];
  return concat([v, sub(mul(mul(sub(1, square(x)), v), 5), x)], 1);
};
const oscillator: VectorField = (_, y) => affine(y, constant([0, 1, -4, 0], y.dtype, [2, 2]));

async function solve(
  f: VectorField,
  y0: Tensor,
  times: readonly number[],
  options: OdeOptions = {},
) {
  const start = input("y0", y0.dtype, ["N", y0.shape[1]]);
  const { y, info } = integrate(f, start, times, options);
  const { status, ...counts } = info;
  const found = await evaluate({ y0: start }, { y, status, ...counts }, { y0 });
  const list = (name: string) => Array.from(found[name].data, Number);
  return {
    y: list("y"),
    statuses: list("status").map((code) => odeStatuses[code]),
    evaluations: list("evaluations"),
    accepted: list("accepted"),
    rejected: list("rejected"),
  };
}
const rows = (...list: number[][]): Tensor =>
  tensorOf(Float64Array.from(list.flat()), [list.length, list[0].length]);
const worst = (found: readonly number[], wanted: readonly number[]) =>
  Math.max(...found.map((x, i) => Math.abs(x - wanted[i])));

/** Fractions without rounding. */
const fraction = ([p, q]: Rational) => [BigInt(p), BigInt(q)] as const;
type Fraction = readonly [bigint, bigint];
const plus = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * d + c * b, b * d];
const times = ([a, b]: Fraction, [c, d]: Fraction): Fraction => [a * c, b * d];
const total = (list: readonly Fraction[]) => list.reduce(plus, [0n, 1n] as Fraction);

describe("the coefficients satisfy the conditions of their order exactly", () => {
  /** The eight trees of order up to 4, and Σ b c⁴ = 1/5 of those of order 5. */
  const conditions = (tableau: { a: readonly (readonly Rational[])[]; c: readonly Rational[] }) => {
    const c = tableau.c.map(fraction);
    const A = (v: readonly Fraction[]) =>
      tableau.a.map((row) => total(row.map((x, j) => times(fraction(x), v[j]))));
    const power = (n: number) =>
      c.map((x) =>
        Array<Fraction>(n)
          .fill(x)
          .reduce(times, [1n, 1n] as Fraction),
      );
    const by = (u: readonly Fraction[], v: readonly Fraction[]) => u.map((x, i) => times(x, v[i]));
    return {
      rows: [A(power(0)), c] as const,
      trees: [
        [power(0), 1n],
        [power(1), 2n],
        [power(2), 3n],
        [A(c), 6n],
        [power(3), 4n],
        [by(c, A(c)), 8n],
        [A(power(2)), 12n],
        [A(A(c)), 24n],
      ] as const,
      fifth: power(4),
    };
  };
  const holds = (b: readonly Rational[], v: readonly Fraction[], n: bigint) => {
    const [p, q] = total(b.map((x, i) => times(fraction(x), v[i])));
    return p * n === q;
  };

  test.each([
    ["Dormand–Prince, b", dormandPrince, dormandPrince.b],
    ["Dormand–Prince, b̂", dormandPrince, dormandPrince.bHat],
    ["the classical method", classical, classical.b],
  ])("%s", (_, tableau, b) => {
    const {
      rows: [sums, c],
      trees,
    } = conditions(tableau);
    sums.forEach(([p, q], i) => {
      expect(p * c[i][1]).toBe(q * c[i][0]);
    });
    for (const [v, n] of trees) expect(holds(b, v, n)).toBe(true);
  });

  test("order 5 of b alone", () => {
    const { fifth } = conditions(dormandPrince);
    expect(holds(dormandPrince.b, fifth, 5n)).toBe(true);
    expect(holds(dormandPrince.bHat, fifth, 5n)).toBe(false);
  });
});

describe("dopri5", () => {
  // Counts of scipy.integrate.solve_ivp (RK45, SciPy 1.10); last states by its DOP853 at 1e-13.
  test.each([
    [
      "a pendulum",
      pendulum,
      [0.5, 0],
      3,
      1e-3,
      1e-6,
      14,
      1,
      [-0.12333008011245933, -0.0742065311573266],
    ],
    [
      "a pendulum",
      pendulum,
      [0.5, 0],
      3,
      1e-6,
      1e-8,
      45,
      4,
      [-0.12333008011245933, -0.0742065311573266],
    ],
    [
      "a pendulum",
      pendulum,
      [0.5, 0],
      3,
      1e-7,
      1e-9,
      70,
      4,
      [-0.12333008011245933, -0.0742065311573266],
    ],
    [
      "Van der Pol",
      vanDerPol,
      [2, 0],
      10,
      1e-3,
      1e-6,
      47,
      8,
      [-1.1587012660309735, 0.43046980897916814],
    ],
    [
      "Van der Pol",
      vanDerPol,
      [2, 0],
      10,
      1e-6,
      1e-8,
      143,
      14,
      [-1.1587012660309735, 0.43046980897916814],
    ],
    [
      "Van der Pol",
      vanDerPol,
      [2, 0],
      10,
      1e-7,
      1e-9,
      220,
      12,
      [-1.1587012660309735, 0.43046980897916814],
    ],
  ] as const)(
    "%s takes the steps that SciPy takes",
    async (_, f, start, end, rtol, atol, accepted, rejected, last) => {
      const found = await solve(f, rows([...start]), [0, end], { rtol, atol, beta: 0 });
      expect(found.statuses).toEqual(["converged"]);
      expect(found.accepted).toEqual([accepted]);
      expect(found.rejected).toEqual([rejected]);
      expect(found.evaluations).toEqual([2 + 6 * (accepted + rejected)]);
      const scale = Math.max(...last.map(Math.abs));
      expect(worst(found.y.slice(2), last)).toBeLessThan(300 * rtol * Math.max(1, scale));
    },
  );

  test("PI control rejects less than control by the last error alone", async () => {
    const options = { rtol: 1e-6, atol: 1e-8 };
    const start = rows([2, 0]);
    const plain = await solve(vanDerPol, start, [0, 30], { ...options, beta: 0 });
    const controlled = await solve(vanDerPol, start, [0, 30], options);
    expect(controlled.rejected[0]).toBeLessThan(plain.rejected[0]);
  });

  test("a harmonic oscillator, forwards and backwards, at every time asked for", async () => {
    const at = [0, 0.3, 0.31, 1, 2.5, 7];
    const exact = at.flatMap((t) => [Math.cos(2 * t), -2 * Math.sin(2 * t)]);
    const tight = { rtol: 1e-10, atol: 1e-12 };
    const forth = await solve(oscillator, rows([1, 0]), at, tight);
    expect(worst(forth.y, exact)).toBeLessThan(1e-8);
    const back = await solve(oscillator, rows(exact.slice(-2)), at.toReversed(), tight);
    expect(worst(back.y.slice(-2), [1, 0])).toBeLessThan(1e-8);
  });

  test("the error follows the tolerance, by fifth-order steps", async () => {
    const end = [Math.cos(20), -2 * Math.sin(20)];
    const of = async (rtol: number) => {
      const { y, accepted } = await solve(oscillator, rows([1, 0]), [0, 10], { rtol, atol: rtol });
      return { error: worst(y.slice(2), end), steps: accepted[0] };
    };
    const [loose, fine] = [await of(1e-5), await of(1e-10)];
    // Error per step ~ h⁵ ⇒ 10⁵ times finer costs 10 times the steps, within the controller's play.
    expect(fine.steps / loose.steps).toBeGreaterThan(8);
    expect(fine.steps / loose.steps).toBeLessThan(12);
    expect(loose.error / fine.error).toBeGreaterThan(1e4);
  });

  test("time enters: ẏ = 3t² + y with its closed form", async () => {
    const field: VectorField = (t, y) => add(mul(square(t), 3), y);
    const at = [1, 1.5, 2];
    // y = C eᵗ − 3(t² + 2t + 2)
    const C = (4 + 15) / Math.E;
    const exact = at.map((t) => C * Math.exp(t) - 3 * (t * t + 2 * t + 2));
    const found = await solve(field, rows([4]), at, { rtol: 1e-10, atol: 1e-12 });
    expect(worst(found.y, exact)).toBeLessThan(1e-8);
  });

  test("a sample's answer and counts do not depend on its batch", async () => {
    const at = [0, 0.7, 3];
    const starts = [
      [0.5, 0],
      [3, 1],
      [1e-4, 0],
      [-2, 5],
    ];
    const together = await solve(pendulum, rows(...starts), at);
    expect(new Set(together.accepted).size).toBeGreaterThan(1);
    for (const [i, start] of starts.entries()) {
      const alone = await solve(pendulum, rows(start), at);
      const own = [0, 1, 2].flatMap((k) => together.y.slice(8 * k + 2 * i, 8 * k + 2 * i + 2));
      // Vectorised sines and powers round the last bit by their place.
      expect(own).toBeAllClose(alone.y, { rtol: 1e-12, atol: 1e-14 });
      expect([together.accepted[i], together.rejected[i], together.evaluations[i]]).toEqual([
        ...alone.accepted,
        ...alone.rejected,
        ...alone.evaluations,
      ]);
    }
  });

  test("each sample has its own status, and keeps what it reached", async () => {
    // ẏ = y²: y = 1/(1/y₀ − t) leaves at t = 1/y₀.
    const found = await solve((_, y) => square(y), rows([0.1], [2], [NaN], [-1]), [0, 0.25, 1], {
      rtol: 1e-9,
      atol: 1e-9,
    });
    expect(found.statuses[0]).toBe("converged");
    expect(["step-underflow", "non-finite"]).toContain(found.statuses[1]);
    expect(found.statuses[2]).toBe("non-finite");
    expect(found.statuses[3]).toBe("converged");
    const exact = [0.1, 2, NaN, -1, 1 / 9.75, 4, NaN, -1 / 1.25, 1 / 9, NaN, NaN, -1 / 2];
    expect(found.y).toBeAllClose(exact, { rtol: 1e-7 });
  });

  test("too few steps are said so, with what was reached", async () => {
    const found = await solve(pendulum, rows([0.5, 0]), [0, 0.1, 3], { maxSteps: 8 });
    expect(found.statuses).toEqual(["max-steps"]);
    expect(found.accepted[0] + found.rejected[0]).toBe(8);
    expect(found.y.slice(2, 4).every(Number.isFinite)).toBe(true);
    expect(found.y.slice(4)).toEqual([NaN, NaN]);
  });

  test("runs in float32", async () => {
    const start = castTensor(rows([1, 0]), "float32");
    const found = await solve(oscillator, start, [0, 1, 2], { rtol: 1e-5, atol: 1e-6 });
    expect(found.statuses).toEqual(["converged"]);
    expect(worst(found.y.slice(4), [Math.cos(4), -2 * Math.sin(4)])).toBeLessThan(1e-3);
  });
});

describe("rk4", () => {
  test("converges with order 4 on a linear system, to its matrix exponential", async () => {
    // exp(A t) of [[−1, 3], [−3, −1]]: a spiral.
    const spiral: VectorField = (_, y) => affine(y, constant([-1, 3, -3, -1], "float64", [2, 2]));
    const exact = [Math.exp(-1) * Math.cos(3), -Math.exp(-1) * Math.sin(3)];
    const errors: number[] = [];
    for (const steps of [10, 20, 40]) {
      const found = await solve(spiral, rows([1, 0]), [0, 0.25, 1], { method: "rk4", steps });
      errors.push(worst(found.y.slice(-2), exact));
      expect(found.evaluations).toEqual([8 * steps]);
      expect(found.statuses).toEqual(["converged"]);
    }
    expect(Math.log2(errors[0] / errors[1])).toBeGreaterThan(3.8);
    expect(Math.log2(errors[1] / errors[2])).toBeGreaterThan(3.9);
  });

  test("a solution that overflows is non-finite, for its sample alone", async () => {
    const found = await solve((_, y) => square(y), rows([5], [0.1]), [0, 10], {
      method: "rk4",
      steps: 20,
    });
    expect(found.statuses).toEqual(["non-finite", "converged"]);
  });
});

test("what does not fit is refused", () => {
  const y0 = input("y0", "float64", ["N", 2]);
  expect(() => integrate(oscillator, y0, [0])).toThrow(UsageError);
  expect(() => integrate(oscillator, y0, [0, 2, 1])).toThrow(/each after the one before|times/);
  expect(() => integrate(oscillator, y0, [0, NaN])).toThrow(UsageError);
  expect(() => integrate(oscillator, y0, [0, 1], { rtoll: 1 } as never)).toThrow(/"rtol"/);
  expect(() => integrate(oscillator, y0, [0, 1], { method: "rk45" } as never)).toThrow(/"rk45"/);
  expect(() => integrate(oscillator, y0, [0, 1], { gradient: "no" } as never)).toThrow(
    /gradient "no"/,
  );
  expect(() => integrate(oscillator, y0, [0, 1], { method: "rk4", steps: 0 })).toThrow(UsageError);
  for (const options of [{}, { method: "rk4" } as const])
    expect(() => integrate((_, y) => column(y, 0), y0, [0, 1], options)).toThrow(/f gives/);
  expect(() => integrate(oscillator, input("y", "float64", [2]), [0, 1])).toThrow(ShapeError);
});
