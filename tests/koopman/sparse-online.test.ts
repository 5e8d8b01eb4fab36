import { expect, test } from "vitest";
import { NumericError, ShapeError, UsageError } from "../../src/errors.ts";
import { dmd } from "../../src/koopman/dmd/dmd.ts";
import { rank } from "../../src/koopman/dmd/truncation.ts";
import { startOnline, withPair } from "../../src/koopman/variants/online.ts";
import { sparsityPath } from "../../src/koopman/variants/sparse.ts";
import { columns, scaleColumns } from "../../src/linalg/blocks.ts";
import { eigenvalues } from "../../src/linalg/eigenvalues.ts";
import { leastSquares } from "../../src/linalg/least-squares.ts";
import { add, matrix, multiply, scale, transpose } from "../../src/linalg/matrix.ts";
import { random } from "../linalg/matrices.ts";
import { onProviders } from "../linalg/on-providers.ts";
import { blockDiagonal, logisticTraining, orbit } from "./systems.ts";

const D = blockDiagonal(0.99, [0.98, 0.4], 0.6);
const column = (A: { rows: number; cols: number; data: Float64Array }, j: number) =>
  A.data.filter((_, k) => k % A.cols === j);

onProviders(() => {
  test("no penalty keeps all; a growing one leaves fewer, and the strongest last", () => {
    const noisy = add(
      multiply(random(20, 4, 1), orbit(D, [10, 3, 3, 1], 40)),
      scale(random(20, 40, 2), 0.05),
    );
    const spectrum = dmd(noisy, { truncation: rank(10) });
    const path = sparsityPath(spectrum, [0, 1, 10, 100, 1e3, 1e7]);
    expect(path.every(({ converged }) => converged)).toBe(true);
    expect(path[0].modes).toBe(10);
    expect(path[0].lossPercent).toBeCloseTo(100 * spectrum.reconstructionError, 8);
    for (let i = 1; i < path.length; i++) {
      expect(path[i].modes).toBeLessThanOrEqual(path[i - 1].modes);
      expect(path[i].lossPercent).toBeGreaterThanOrEqual(path[i - 1].lossPercent - 1e-9);
    }
    // The four true modes are found among ten.
    const four = path.findLast(({ modes }) => modes >= 3)!;
    expect(Math.max(...four.spectrum!.eigenvalues.re)).toBeCloseTo(0.99, 2);
    expect(path.at(-1)).toMatchObject({ modes: 0, spectrum: null, lossPercent: 100 });
  });

  test("an optimum: no amplitude is left that the penalty outweighs", () => {
    // One mode: α = soft_{γ/2}(q)/P by hand, with P = Σ|λ|^2i for a unit mode.
    const F = orbit(blockDiagonal(0.9), [5], 20);
    const spectrum = dmd(F);
    const P = (1 - 0.9 ** 40) / (1 - 0.81);
    const limit = 2 * 5 * P; // beyond γ = 2q the optimum is zero
    const options = { absolute: 1e-10, relative: 1e-10 };
    expect(sparsityPath(spectrum, [0.99 * limit], options)[0].modes).toBe(1);
    expect(sparsityPath(spectrum, [1.01 * limit], options)[0].modes).toBe(0);
  });

  test("online: after every pair the least squares map of all pairs", () => {
    const F = logisticTraining(5, 60, 2);
    const [X, Y] = [columns(F, 0, 59), columns(F, 1, 60)];
    for (const rho of [1, 0.9]) {
      let map = startOnline(columns(X, 0, 10), columns(Y, 0, 10), rho);
      for (let j = 10; j < 30; j++) map = withPair(map, column(X, j), column(Y, j));
      const weight = Float64Array.from({ length: 30 }, (_, i) => Math.sqrt(rho) ** (29 - i));
      const [x, y] = [X, Y].map((A) => transpose(scaleColumns(columns(A, 0, 30), weight)));
      const batch = transpose(leastSquares(x, y, 0).X);
      expect(map.A.data).toBeAllClose(batch.data, { rtol: 1e-5, atol: 1e-5 });
      expect(map.seen).toBe(30);
    }
  });

  test("online with forgetting follows a map that changes", () => {
    const before = blockDiagonal(0.9, 0.5);
    const after = blockDiagonal(0.7, -0.4);
    const states = random(2, 200, 3);
    const image = (j: number) =>
      multiply(j < 100 ? before : after, { rows: 2, cols: 1, data: column(states, j) }).data;
    const Y = matrix(2, 10, (i, j) => image(j)[i]);
    let map = startOnline(columns(states, 0, 10), Y, 0.8);
    for (let j = 10; j < 200; j++) map = withPair(map, column(states, j), image(j));
    expect(eigenvalues(map.A).re).toBeAllClose([0.7, -0.4], { atol: 1e-7 });
  });
});

test("misuse is refused", () => {
  const spectrum = dmd(orbit(D, [1, 1, 1, 1], 20));
  expect(() => sparsityPath(spectrum, [-1])).toThrow(UsageError);
  expect(() => sparsityPath(spectrum, [1], { steps: 3 } as object)).toThrow('"steps"');
  const X = random(3, 5, 1);
  expect(() => startOnline(X, random(3, 4, 1))).toThrow(ShapeError);
  expect(() => startOnline(X, X, 0)).toThrow(UsageError);
  expect(() => startOnline(random(3, 2, 1), random(3, 2, 1))).toThrow(NumericError);
  expect(() => withPair(startOnline(X, X), new Float64Array(2), new Float64Array(3))).toThrow(
    ShapeError,
  );
});
