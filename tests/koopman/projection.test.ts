import { describe, expect, test } from "vitest";
import { mulberryMatrix } from "../../src/data/random.ts";
import { ShapeError, UsageError } from "../../src/errors.ts";
import { dmd } from "../../src/koopman/dmd/dmd.ts";
import { rank } from "../../src/koopman/dmd/truncation.ts";
import { randomProjection } from "../../src/koopman/snapshots/projection.ts";
import { type Matrix, matrix, multiply } from "../../src/linalg/matrix.ts";
import { random } from "../linalg/matrices.ts";
import { blockDiagonal, orbit } from "./systems.ts";

const column = ({ rows, cols, data }: Matrix, j: number) =>
  Float64Array.from({ length: rows }, (_, i) => data[i * cols + j]);
const norm = (x: ArrayLike<number>) => Math.hypot(...Array.from(x));

describe("randomProjection", () => {
  test("keeps the eigenvalues of linear dynamics of low rank", () => {
    const orbits = orbit(blockDiagonal(1, 0.97, 0.8, [0.9, 0.5]), [1, 1, 2, 1, 1], 40);
    const weights = multiply(random(3000, 5, 7), orbits);
    const { project, numbers } = randomProjection([2000, 1000], { numbers: 12, seed: 3 });
    const seen = Array.from({ length: 40 }, (_, j) => project(column(weights, j)));
    const { eigenvalues } = dmd(
      matrix(numbers, 40, (i, j) => seen[j][i]),
      { truncation: rank(5) },
    );
    const pairs = Array.from(eigenvalues.re, (re, j) => [re, eigenvalues.im[j]]);
    for (const [re, im] of [
      [1, 0],
      [0.97, 0],
      [0.8, 0],
      [0.9 * Math.cos(0.5), 0.9 * Math.sin(0.5)],
      [0.9 * Math.cos(0.5), -0.9 * Math.sin(0.5)],
    ]) {
      const nearest = Math.min(...pairs.map(([x, y]) => Math.hypot(x - re, y - im)));
      expect(nearest).toBeLessThan(1e-9);
    }
  });

  test("is linear, the same for the same seed, another for another", () => {
    const [x, y] = [mulberryMatrix(1, 500), mulberryMatrix(2, 500)];
    const { project } = randomProjection([300, 200], { numbers: 16 });
    const sum = project(x.map((a, i) => 2 * a - y[i]));
    const apart = project(x).map((a, i) => 2 * a - project(y)[i]);
    expect(sum).toBeAllClose(apart, { atol: 1e-12 });
    expect(randomProjection([300, 200], { numbers: 16 }).project(x)).toEqual(project(x));
    const other = randomProjection([300, 200], { numbers: 16, seed: 1 }).project(x);
    expect(norm(other.map((a, i) => a - project(x)[i]))).toBeGreaterThan(1);
  });

  test("keeps squared lengths in the mean, and a part sees nothing of another", () => {
    const x = mulberryMatrix(5, 1000);
    const shares = Array.from({ length: 400 }, (_, seed) => {
      const image = randomProjection([1000], { numbers: 32, seed }).project(x);
      return (norm(image) / norm(x)) ** 2;
    });
    const mean = shares.reduce((sum, s) => sum + s, 0) / 400;
    const spread = Math.sqrt(shares.reduce((sum, s) => sum + (s - mean) ** 2, 0) / 400);
    // The standard error of the mean is √(2/32/400) = 0.0125.
    expect(Math.abs(mean - 1)).toBeLessThan(0.04);
    expect(Math.abs(spread - Math.sqrt(2 / 32))).toBeLessThan(0.05);
    const first = Float64Array.from(x, (a, i) => (i < 600 ? a : 0));
    const image = randomProjection([600, 400], { numbers: 8 }).project(first);
    expect(image.subarray(8)).toEqual(new Float64Array(8));
    expect(norm(image)).toBeGreaterThan(0);
  });

  test("copies what is short, and refuses what does not fit", () => {
    const { project } = randomProjection([3, 2], { numbers: 5 });
    expect(project(Float32Array.of(1, 2, 3, 4, 5))).toEqual(Float64Array.of(1, 2, 3, 4, 5));
    expect(() => project(new Float32Array(4))).toThrow(ShapeError);
    expect(() => randomProjection([0])).toThrow(UsageError);
    expect(() => randomProjection([5], { numbers: 0 })).toThrow(UsageError);
    expect(() => randomProjection([5], { number: 4 } as object)).toThrow(/did you mean "numbers"/);
  });
});
