import { describe, expect, test } from "vitest";
import { randomStream } from "../../src/data/random.ts";
import { ShapeError, UsageError } from "../../src/errors.ts";
import { tensorOf } from "../../src/graph/tensor.ts";
import { input } from "../../src/graph/value.ts";
import type { Dictionary } from "../../src/hybrid/dictionary.ts";
import { fitLift, lifted, liftValue } from "../../src/hybrid/lift.ts";
import { regress, regressed } from "../../src/hybrid/regression.ts";
import { leastSquares } from "../../src/linalg/least-squares.ts";
import { largestEntry, type Matrix, matrix, subtract } from "../../src/linalg/matrix.ts";
import { compile } from "../../src/runtime/program.ts";

const normal = (rows: number, cols: number, seed: number): Matrix => {
  const random = randomStream(seed);
  return matrix(rows, cols, () => random.normal());
};
/** Rows of f of each row of X. */
const mapped = (X: Matrix, outputs: number, f: (x: Float64Array, i: number) => number) =>
  matrix(X.rows, outputs, (n, i) => f(X.data.subarray(n * X.cols, (n + 1) * X.cols), i));
const residual = (A: Matrix, B: Matrix) => largestEntry(subtract(A, B));

describe("regress", () => {
  const X = normal(200, 5, 1);
  const Y = mapped(X, 2, (x, i) => 3 + i + Math.sin(x[0]) + (i + 1) * x[3]);

  test("without a ridge is least squares with a constant, as the SVD solves it", () => {
    const { weights, constant, rank } = regress(X, Y, { ridge: 0 });
    const one = matrix(200, 6, (n, j) => (j === 0 ? 1 : X.data[n * 5 + j - 1]));
    const { X: W } = leastSquares(one, Y);
    expect(constant).toBeAllClose([W.data[0], W.data[1]], { atol: 1e-11 });
    expect(weights.data).toBeAllClose(matrix(2, 5, (i, j) => W.data[(j + 1) * 2 + i]).data, {
      atol: 1e-11,
    });
    expect(rank).toBe(5);
  });

  test("a repeated column and a constant one do no harm", () => {
    const wide = matrix(200, 7, (n, j) =>
      j < 5 ? X.data[n * 5 + j] : j === 5 ? X.data[n * 5] : 4,
    );
    const found = regress(wide, Y, { ridge: 0 });
    expect(found.rank).toBe(5);
    expect(
      residual(regressed(found, wide), regressed(regress(X, Y, { ridge: 0 }), X)),
    ).toBeLessThan(1e-10);
  });

  test("a ridge shrinks the weights and leaves the mean; a rank keeps the leading directions", () => {
    const sizes = [0, 1e-2, 1, 100].map((ridge) => {
      const found = regress(X, Y, { ridge });
      const fitted = regressed(found, X);
      const means = [fitted, Y].map(({ data }) => data.reduce((sum, y) => sum + y, 0) / 400);
      expect(means[0]).toBeCloseTo(means[1], 10);
      return found.weights.data.reduce((sum, w) => sum + w * w, 0);
    });
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    const stretched = matrix(200, 5, (n, j) => X.data[n * 5 + j] * (j === 3 ? 100 : 1));
    const { weights, rank } = regress(stretched, Y, { ridge: 0, rank: 1 });
    expect(rank).toBe(1);
    expect(Math.abs(weights.data[3] * 100)).toBeCloseTo(1, 0);
    expect(Math.abs(weights.data[0])).toBeLessThan(0.01);
  });

  test.each([
    ["rows that differ", () => regress(X, normal(3, 1, 2)), ShapeError, "200 rows"],
    ["a ridge below zero", () => regress(X, Y, { ridge: -1 }), UsageError, "ridge -1"],
    ["half a rank", () => regress(X, Y, { rank: 0.5 }), UsageError, "rank 0.5"],
  ])("refuses %s", (_, run, error, message) => {
    expect(run).toThrow(error);
    expect(run).toThrow(message);
  });
});

const dictionaries: Dictionary[] = [
  { kind: "affine" },
  { kind: "polynomial", degree: 2 },
  { kind: "polynomial", degree: 3 },
  { kind: "fourier", features: 200, width: 3, seed: 1 },
  { kind: "relu", features: 80, seed: 1 },
];

describe("fitLift", () => {
  // Inputs as after a ReLU, of very different units, one of them dead.
  const X = mapped(normal(3000, 4, 3), 5, (x, j) => (j === 4 ? 0.5 : Math.max(0, x[j]) * 10 ** j));

  test.each([
    [1, "affine", dictionaries[0]],
    [2, "polynomial", dictionaries[1]],
    [3, "polynomial", dictionaries[2]],
  ] as const)(
    "a map of degree %i is met exactly by %s observables of it",
    (degree, _, dictionary) => {
      const Y = mapped(X, 2, (x, i) => 1 + (x[0] - x[1] / 10 + (i * x[2]) / 100) ** degree);
      const lift = fitLift(X, Y, { dictionary, ridge: 0 });
      expect(residual(lifted(lift, X), Y)).toBeLessThan(1e-7);
    },
  );

  test("random features come near a ReLU layer that an affine map does not meet", () => {
    const W = normal(3, 5, 5);
    const layer = (x: Float64Array, i: number) => {
      let sum = 0.1;
      for (let j = 0; j < 4; j++) sum += (W.data[i * 5 + j] * x[j]) / 10 ** j;
      return Math.max(0, sum);
    };
    const fresh = mapped(normal(1000, 4, 4), 5, (x, j) =>
      j === 4 ? 0.5 : Math.max(0, x[j]) * 10 ** j,
    );
    const error = (dictionary: Dictionary) => {
      const lift = fitLift(X, mapped(X, 3, layer), { dictionary });
      const wrong = subtract(lifted(lift, fresh), mapped(fresh, 3, layer));
      return Math.sqrt(wrong.data.reduce((sum, d) => sum + d * d, 0) / wrong.data.length);
    };
    const [affine, , , fourier, relu] = dictionaries.map(error);
    expect(affine).toBeGreaterThan(0.1);
    expect(fourier).toBeLessThan(affine / 3);
    expect(relu).toBeLessThan(affine / 3);
  });

  test.each(dictionaries)("$kind: the graph computes what the numbers say", async (dictionary) => {
    const Y = mapped(X, 3, (x, i) => Math.tanh(x[i] / 10 ** i));
    const lift = fitLift(X, Y, { dictionary });
    const few = { rows: 7, cols: 5, data: X.data.slice(0, 35) };
    for (const dtype of ["float32", "float64"] as const) {
      const x = input("x", dtype, ["N", 5]);
      const program = await compile({ x }, { y: liftValue(lift, x) });
      const data = dtype === "float32" ? Float32Array.from(few.data) : few.data;
      const { y } = await program.run({ x: tensorOf(data, [7, 5]) });
      await program.release();
      const atol = dtype === "float32" ? 1e-3 : 1e-9;
      expect(y.shape).toEqual([7, 3]);
      expect(y.data as Float64Array).toBeAllClose(lifted(lift, few).data, { rtol: 0, atol });
    }
  });

  test("the same seed gives the same operator, another one another", () => {
    const Y = mapped(X, 1, (x) => x[0]);
    const of = (seed: number) =>
      fitLift(X, Y, { dictionary: { kind: "relu", features: 9, seed } }).operator.data;
    expect(of(1)).toEqual(of(1));
    expect(of(1)).not.toEqual(of(2));
  });

  test("counts what is stored and multiplied", () => {
    const Y = mapped(X, 3, (x) => x[0]);
    const counts = dictionaries.map((dictionary) => {
      const { parameters, multiplyAdds } = fitLift(X, Y, { dictionary });
      return [parameters, multiplyAdds];
    });
    expect(counts).toEqual([
      [3 * 6, 3 * 5],
      [3 * 21 + 10, 3 * 20 + 5 + 15], // 15 products of two of 5
      [3 * 56 + 10, 3 * 55 + 5 + 15 + 2 * 35], // and 35 of three
      [3 * 206 + 200 * 6, 3 * 205 + 200 * 5],
      [3 * 86 + 80 * 6, 3 * 85 + 80 * 5],
    ]);
  });

  const Y = mapped(X, 1, (x) => x[0]);
  test.each([
    ["an unknown option", { dictionary: { kind: "affine" }, rigde: 1 }, 'did you mean "ridge"'],
    ["an unknown dictionary", { dictionary: { kind: "wavelet" } }, '"wavelet"'],
    ["a degree", { dictionary: { kind: "polynomial", degree: 4 } }, "degree 4"],
    ["no features", { dictionary: { kind: "relu", features: 0, seed: 1 } }, "features = 0"],
    ["a width", { dictionary: { kind: "fourier", features: 3, width: 0, seed: 1 } }, "width = 0"],
    ["a field of another", { dictionary: { kind: "affine", degree: 2 } }, '"degree"'],
  ])("refuses %s", (_, options, message) => {
    const run = () => fitLift(X, Y, options as Parameters<typeof fitLift>[2]);
    expect(run).toThrow(UsageError);
    expect(run).toThrow(message);
  });

  test("refuses more observables than can be, and rows of another length", () => {
    const wide = matrix(2, 256, (i, j) => i + j);
    const dictionary = { kind: "polynomial", degree: 2 } as const;
    expect(() =>
      fitLift(
        wide,
        matrix(2, 1, (i) => i),
        { dictionary },
      ),
    ).toThrow("33153 observables");
    const lift = fitLift(X, Y, { dictionary: { kind: "affine" } });
    expect(() => lifted(lift, wide)).toThrow(ShapeError);
    expect(() => liftValue(lift, input("x", "float32", ["N", 4]))).toThrow(ShapeError);
  });
});
