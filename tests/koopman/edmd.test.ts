import { expect, test } from "vitest";
import { DataError, ShapeError, UsageError } from "../../src/errors.ts";
import { edmd, evaluate, monomials, pseudospectrum } from "../../src/koopman/variants/edmd.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { random } from "../linalg/matrices.ts";
import { onProviders } from "../linalg/on-providers.ts";

// x' = a x, y' = b y + c x²: linear in (1, x, y, x²), with eigenvalues 1, a, b, a².
const [a, b, c] = [0.9, 0.5, 0.7];
const X = random(2, 200, 1);
const Y = matrix(2, 200, (i, j) => {
  const [x, y] = [X.data[j], X.data[200 + j]];
  return i === 0 ? a * x : b * y + c * x * x;
});
const closed = ([x, y]: Float64Array) => [1, x, y, x * x];

onProviders(() => {
  test("a dictionary that is closed: exact eigenvalues, eigenfunctions and modes", () => {
    const found = edmd(X, Y, closed);
    expect(found.eigenvalues.re).toBeAllClose([1, a, a * a, b]);
    expect(Math.max(...found.residuals)).toBeLessThan(1e-12);
    // The one of b is y − c x²/(a² − b), up to a factor.
    const j = 3;
    const { re } = found.coefficients;
    expect(re.data[3 * 4 + j] / re.data[2 * 4 + j]).toBeCloseTo(-c / (a * a - b), 9);
    // Along the map every eigenfunction is multiplied by its eigenvalue; the modes give x back.
    const [x, y] = [0.3, -0.8];
    const here = evaluate(found, closed, Float64Array.of(x, y));
    const there = evaluate(found, closed, Float64Array.of(a * x, b * y + c * x * x));
    expect(there.re).toBeAllClose(here.re.map((v, i) => v * found.eigenvalues.re[i]));
    const state = [0, 1].map((i) =>
      here.re.reduce((sum, v, k) => sum + v * found.modes.re.data[i * 4 + k], 0),
    );
    expect(state).toBeAllClose([x, y]);
  });

  test("one that is not: the residual tells true eigenvalues from spurious ones", () => {
    const found = edmd(X, Y, monomials(2, 3));
    const { re, im } = found.eigenvalues;
    const exact = [1, a, a * a, a ** 3, b, a * b, b * b, a * b * b, a * a * b, b ** 3];
    for (const value of [1, a, a * a, b]) {
      const j = re.findIndex((x, i) => Math.hypot(x - value, im[i]) < 1e-6);
      expect(found.residuals[j]).toBeLessThan(1e-9);
    }
    // x y² and y³ leave the span of degree 3: their eigenvalues cannot all be had.
    expect(Math.max(...found.residuals)).toBeGreaterThan(1e-3);
    found.residuals.forEach((r, j) => {
      if (r < 1e-9)
        expect(Math.min(...exact.map((x) => Math.hypot(re[j] - x, im[j])))).toBeLessThan(1e-6);
    });
  });

  test("pseudospectrum: zero at true eigenvalues, at most the residual elsewhere, large far away", () => {
    const found = edmd(X, Y, monomials(2, 3));
    const tau = pseudospectrum(found, found.eigenvalues);
    expect(tau).toBeAllClose(found.refined.residuals, { atol: 1e-10 });
    const far = pseudospectrum(found, { re: Float64Array.of(0, 10), im: Float64Array.of(10, 0) });
    expect(Math.min(...far)).toBeGreaterThan(1);
    expect(
      pseudospectrum(found, { re: Float64Array.of(a), im: Float64Array.of(0) })[0],
    ).toBeLessThan(1e-12);
  });
});

test("monomials: their count, and the constant first", () => {
  expect(monomials(2, 3)(Float64Array.of(2, 3))).toHaveLength(10);
  expect(Array.from(monomials(2, 1)(Float64Array.of(2, 3))).sort()).toEqual([1, 2, 3]);
  expect(monomials(3, 2)(Float64Array.of(5, 6, 7))[0]).toBe(1);
});

test("as many functions as states: residuals vanish, and that is said; misuse is refused", () => {
  const few = random(2, 4, 3);
  expect(edmd(few, random(2, 4, 4), closed).warnings[0]).toContain("residuals vanish");
  expect(() => edmd(X, few, closed)).toThrow(ShapeError);
  expect(() => edmd(X, Y, () => [0])).toThrow(DataError);
  expect(() => edmd(X, Y, ([x]) => (x > 0 ? [1] : [1, x]))).toThrow(ShapeError);
  expect(() => edmd(X, Y, ([x]) => [1 / (x - x)])).toThrow(DataError);
  expect(() => edmd(X, Y, closed, { rank: 2 } as object)).toThrow(UsageError);
  expect(() => monomials(0, 2)).toThrow(UsageError);
});
