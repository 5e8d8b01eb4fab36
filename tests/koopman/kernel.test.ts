import { expect, test } from "vitest";
import { DataError, ShapeError, UsageError } from "../../src/errors.ts";
import { spectralDistance } from "../../src/koopman/compare/distance.ts";
import { dmdOfPairs } from "../../src/koopman/dmd/dmd.ts";
import { rank } from "../../src/koopman/dmd/truncation.ts";
import { edmd, evaluate, heldOutResiduals, monomials } from "../../src/koopman/variants/edmd.ts";
import { kernelEdmd } from "../../src/koopman/variants/kernel-edmd.ts";
import {
  gaussianKernel,
  linearKernel,
  medianDistance,
  polynomialKernel,
} from "../../src/koopman/variants/kernels.ts";
import { columns } from "../../src/linalg/blocks.ts";
import { type Matrix, matrix, multiply } from "../../src/linalg/matrix.ts";
import { random } from "../linalg/matrices.ts";
import { onProviders } from "../linalg/on-providers.ts";
import { logisticTraining } from "./systems.ts";

// x' = a x, y' = b y + c x², which is linear in (x, y, x²).
const [a, b, c] = [0.9, 0.5, 0.7];
const step = (X: Matrix) =>
  matrix(2, X.cols, (i, j) => {
    const [x, y] = [X.data[j], X.data[X.cols + j]];
    return i === 0 ? a * x : b * y + c * x * x;
  });
const X = random(2, 60, 1);
const Y = step(X);
const fresh = random(2, 80, 2);

onProviders(() => {
  test("a polynomial kernel is EDMD with monomials, on the data and off them", () => {
    const kernel = kernelEdmd(X, Y, polynomialKernel(2));
    const plain = edmd(X, Y, monomials(2, 2));
    expect(kernel.eigenvalues.re).toHaveLength(6);
    expect(spectralDistance(kernel.eigenvalues, plain.eigenvalues).distance).toBeLessThan(1e-8);
    expect(kernel.residuals.toSorted()).toBeAllClose(plain.residuals.toSorted(), { atol: 1e-6 });
    // Eigenfunctions on new points, free of sign; the simple eigenvalue b.
    const at = (re: Float64Array) => re.findIndex((x) => Math.abs(x - b) < 1e-6);
    const [p, q] = [at(kernel.eigenvalues.re), at(plain.eigenvalues.re)];
    const point = Float64Array.of(0.4, -0.9);
    expect(Math.abs(evaluate(kernel, kernel.dictionary, point).re[p])).toBeCloseTo(
      Math.abs(evaluate(plain, monomials(2, 2), point).re[q]),
      6,
    );
  });

  test("modes give the state back from the eigenfunctions", () => {
    const found = kernelEdmd(X, Y, polynomialKernel(2));
    const phi = evaluate(found, found.dictionary, Float64Array.of(0.2, 0.7));
    const k = phi.re.length;
    const state = [0, 1].map((i) =>
      phi.re.reduce((sum, x, j) => {
        const [u, v] = [found.modes.re.data[i * k + j], found.modes.im.data[i * k + j]];
        return sum + u * x - v * phi.im[j];
      }, 0),
    );
    expect(state).toBeAllClose([0.2, 0.7], { atol: 1e-6 });
  });

  test("a linear kernel is DMD, and its dual residuals are those of DMD", () => {
    const training = logisticTraining(12, 30, 3);
    const [before, after] = [columns(training, 0, 29), columns(training, 1, 30)];
    for (const r of [3, 5]) {
      const truncation = rank(r);
      const dense = dmdOfPairs(before, after, { truncation, scaling: "none" });
      const found = kernelEdmd(before, after, linearKernel, { truncation });
      expect(spectralDistance(found.eigenvalues, dense.values).distance).toBeLessThan(1e-7);
      expect(found.dualResiduals.toSorted()).toBeAllClose(dense.residuals.toSorted(), {
        rtol: 1e-4,
        atol: 1e-6,
      });
    }
  });

  test("gaussian kernel: true eigenvalues by their residuals, along trajectories off the data", () => {
    const found = kernelEdmd(X, Y, gaussianKernel(4 * medianDistance(X)), {
      truncation: rank(15),
    });
    const { re, im } = found.eigenvalues;
    for (const value of [1, a, a * a]) {
      const j = re.findIndex((x, i) => Math.hypot(x - value, im[i]) < 1e-3);
      expect(j).toBeGreaterThanOrEqual(0);
      expect(found.residuals[j]).toBeLessThan(1e-2);
      const [here, there] = [fresh, step(fresh)].map((A) =>
        evaluate(found, found.dictionary, columns(A, 0, 1).data),
      );
      expect(there.re[j]).toBeCloseTo(value * here.re[j], 1);
    }
    expect(Math.max(...found.residuals)).toBeGreaterThan(0.05);
  });

  test("as many functions as states: residuals vanish, held-out and dual ones do not", () => {
    // White noise: there is nothing to find.
    const [u, v] = [random(5, 12, 4), random(5, 12, 5)];
    const found = kernelEdmd(u, v, gaussianKernel(2), { truncation: rank(12) });
    expect(Math.max(...found.residuals)).toBeLessThan(1e-6);
    expect(found.warnings[0]).toContain("heldOutResiduals");
    expect(Math.min(...found.dualResiduals)).toBeGreaterThan(1e-3);
    const held = heldOutResiduals(found, found.dictionary, random(5, 40, 6), random(5, 40, 7));
    expect(Math.min(...held)).toBeGreaterThan(0.1);
  });

  test("held-out residuals of true eigenvalues vanish, and on the fit itself are the residuals", () => {
    const found = edmd(X, Y, monomials(2, 3));
    expect(heldOutResiduals(found, monomials(2, 3), X, Y)).toBeAllClose(found.residuals, {
      atol: 1e-10,
    });
    const held = heldOutResiduals(found, monomials(2, 3), fresh, step(fresh));
    found.residuals.forEach((r, j) => {
      if (r < 1e-9) expect(held[j]).toBeLessThan(1e-7);
    });
    expect(Math.max(...held)).toBeGreaterThan(1e-3);
  });
});

test("kernels by hand", () => {
  const [x, y] = [Float64Array.of(1, 2), Float64Array.of(3, -1)];
  expect(linearKernel(x, y)).toBe(1);
  expect(polynomialKernel(3)(x, y)).toBe(8);
  expect(gaussianKernel(2)(x, y)).toBeCloseTo(Math.exp(-13 / 8), 12);
  expect(medianDistance(matrix(1, 3, (_, j) => [0, 1, 5][j]))).toBe(4);
  const symmetric = multiply(random(2, 2, 1), random(2, 2, 2));
  expect(medianDistance(symmetric)).toBeGreaterThan(0);
});

test("misuse is refused", () => {
  expect(() => kernelEdmd(X, fresh, linearKernel)).toThrow(ShapeError);
  expect(() => kernelEdmd(X, Y, () => NaN)).toThrow(DataError);
  expect(() => kernelEdmd(X, Y, () => 0)).toThrow(DataError);
  expect(() => kernelEdmd(X, Y, linearKernel, { rank: 3 } as object)).toThrow(UsageError);
  expect(() => gaussianKernel(0)).toThrow(UsageError);
  expect(() => polynomialKernel(1.5)).toThrow(UsageError);
  expect(() => medianDistance(matrix(2, 1, () => 1))).toThrow(UsageError);
});
