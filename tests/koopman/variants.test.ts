import { expect, test } from "vitest";
import { randomStream } from "../../src/data/random.ts";
import { DataError, ShapeError, UsageError } from "../../src/errors.ts";
import { spectralDistance } from "../../src/koopman/compare/distance.ts";
import { dmd, dmdOfPairs } from "../../src/koopman/dmd/dmd.ts";
import { forecast } from "../../src/koopman/dmd/expand.ts";
import type { Spectrum } from "../../src/koopman/dmd/spectrum.ts";
import { rank } from "../../src/koopman/dmd/truncation.ts";
import { forwardBackwardDmd } from "../../src/koopman/variants/forward-backward.ts";
import { randomisedDmd } from "../../src/koopman/variants/randomised.ts";
import {
  startStreaming,
  streamingSpectrum,
  streamPair,
} from "../../src/koopman/variants/streaming.ts";
import { totalLeastSquaresDmd } from "../../src/koopman/variants/total-least-squares.ts";
import { columns } from "../../src/linalg/blocks.ts";
import { moduli } from "../../src/linalg/complex.ts";
import { eigen } from "../../src/linalg/eigenvalues.ts";
import { smallestSingular } from "../../src/linalg/least-squares.ts";
import { type Matrix, matrix, multiply } from "../../src/linalg/matrix.ts";
import { random } from "../linalg/matrices.ts";
import { onProviders } from "../linalg/on-providers.ts";
import { blockDiagonal, logisticTraining, orbit } from "./systems.ts";

const D = blockDiagonal([1, 0.4], [1, 1.1], 0.99);
const truth = eigen(D).values;
const clean = multiply(random(20, 5, 1), orbit(D, [1, 1, 1, 1, 1], 80));
const past = columns(clean, 0, 60);

function noisy(size: number, seed: number): Matrix {
  const { normal } = randomStream(seed, "noise");
  return matrix(20, 60, (i, j) => clean.data[i * 80 + j] + size * normal());
}

const column = ({ rows, cols, data }: Matrix, j: number) =>
  Float64Array.from({ length: rows }, (_, i) => data[i * cols + j]);

function streamed(F: Matrix, r: number) {
  let stream = startStreaming(F.rows, r);
  for (let j = 0; j + 1 < F.cols; j++) stream = streamPair(stream, column(F, j), column(F, j + 1));
  return stream;
}

onProviders(() => {
  test("data without noise: exact eigenvalues, no residual, and the forecast", () => {
    for (const found of [forwardBackwardDmd(past, 5), randomisedDmd(past, 5)]) {
      expect(spectralDistance(found.eigenvalues, truth).distance).toBeLessThan(1e-10);
      expect(Math.max(...found.residuals)).toBeLessThan(1e-9);
      expect(forecast(found, 20).data).toBeAllClose(columns(clean, 60, 80).data, { atol: 1e-8 });
      expect(found.warnings).toEqual([]);
    }
  });

  test("forwards and backwards: under noise |λ| shrinks less than by plain DMD, over 12 seeds", () => {
    const shrunk = (run: (F: Matrix) => Spectrum) =>
      Array.from({ length: 12 }, (_, seed) => {
        const size = moduli(run(noisy(0.3, seed)).eigenvalues);
        return 1 - size.reduce((sum, x) => sum + x, 0) / size.length;
      }).reduce((sum, x) => sum + x / 12, 0);
    const plain = shrunk((F) => dmd(F, { truncation: rank(5), scaling: "none" }));
    const both = shrunk((F) => forwardBackwardDmd(F, 5));
    const total = shrunk((F) => totalLeastSquaresDmd(F, 5));
    expect(plain).toBeGreaterThan(0.01);
    expect(Math.abs(both)).toBeLessThan(plain / 3);
    expect(Math.abs(total)).toBeLessThan(plain / 3);
  });

  test("its operator: the square of the roots is S_f S_b⁻¹", () => {
    const F = noisy(0.05, 3);
    const { eigenvalues, reduced } = forwardBackwardDmd(F, 5);
    // In the same basis, each map by itself from the coordinates of the snapshots.
    const [X, Y] = [columns(reduced.coordinates, 0, 59), columns(reduced.coordinates, 1, 60)];
    const back = dmdOfPairs(Y, X, { scaling: "none" });
    const lift = multiply(back.basis, multiply(back.operator, transposed(back.basis)));
    const forth = dmdOfPairs(X, Y, { scaling: "none" });
    const map = multiply(forth.basis, multiply(forth.operator, transposed(forth.basis)));
    // λ² are the eigenvalues μ of S_f S_b⁻¹: det(S_f − μ S_b) = 0.
    for (let j = 0; j < 5; j++) {
      const [x, y] = [eigenvalues.re[j], eigenvalues.im[j]];
      const [re, im] = [x * x - y * y, 2 * x * y];
      const pencil = {
        re: { ...map, data: map.data.map((a, k) => a - re * lift.data[k]) },
        im: { ...map, data: lift.data.map((b) => -im * b) },
      };
      expect(smallest(pencil)).toBeLessThan(1e-10);
    }
  });

  test("a pair at ±i, whose squares coincide, and a mode below zero", () => {
    const hard = blockDiagonal([1, Math.PI / 2], -0.99, 0.98);
    const { normal } = randomStream(2, "hard");
    const F = multiply(random(9, 4, 6), orbit(hard, [1, 1, 1, 1], 50));
    for (const size of [0, 1e-3, 1e-2]) {
      const found = forwardBackwardDmd({ ...F, data: F.data.map((x) => x + size * normal()) }, 4);
      expect(spectralDistance(found.eigenvalues, eigen(hard).values).distance).toBeLessThan(
        1e-9 + 2 * size,
      );
      expect(found.eigenvalues.re[0]).toBe(found.eigenvalues.re[1]);
      expect(found.reconstructionError).toBeLessThan(1e-9 + 10 * size);
    }
  });

  test("modes that die within the data are warned of", () => {
    const dying = orbit(blockDiagonal(1, 0.5), [1, 1], 30);
    expect(forwardBackwardDmd(multiply(random(6, 2, 1), dying), 2).warnings[0]).toContain(
      "lose 99 %",
    );
  });

  test("randomised: on data of rank r that of the dense, whatever the seed; residuals of all data", () => {
    const dense = dmd(past, { truncation: rank(5) });
    for (const seed of [1, 2]) {
      const found = randomisedDmd(past, 5, { seed, powerIterations: 0 });
      expect(spectralDistance(found.eigenvalues, dense.eigenvalues).distance).toBeLessThan(1e-10);
      // All moduli are 1, so that their order is open.
      const sizes = [found, dense].map(({ amplitudes }) => moduli(amplitudes).sort());
      expect(sizes[0]).toBeAllClose(sizes[1], { rtol: 1e-8 });
    }
    expect(randomisedDmd(past, 5)).toEqual(randomisedDmd(past, 5));
    // Not of rank r: power iterations bring it to the dense answer, residuals included.
    const training = logisticTraining(60, 30, 4);
    const wanted = dmd(training, { truncation: rank(3), scaling: "none" });
    const near = randomisedDmd(training, 3, { scaling: "none", powerIterations: 3 });
    expect(near.eigenvalues.re).toBeAllClose(wanted.eigenvalues.re, { atol: 1e-8 });
    expect(near.residuals).toBeAllClose(wanted.residuals, { rtol: 1e-4, atol: 1e-9 });
    expect(near.reconstructionError).toBeCloseTo(wanted.reconstructionError, 8);
  });

  test("streaming equals all pairs at once while the rank suffices", () => {
    for (const [F, r] of [
      [past, 5],
      [noisy(0.1, 1), 20],
      [logisticTraining(30, 20, 2), 19],
    ] as const) {
      const M = F.cols;
      const batch = dmdOfPairs(columns(F, 0, M - 1), columns(F, 1, M), {
        truncation: rank(5),
        scaling: "none",
      });
      const found = streamingSpectrum(streamed(F, r), rank(5));
      expect(spectralDistance(found.values, batch.values).distance).toBeLessThan(1e-7);
      expect(found.residuals.toSorted()).toBeAllClose(batch.residuals.toSorted(), { atol: 1e-6 });
      expect(found.singularValues.slice(0, 5)).toBeAllClose(batch.singularValues.slice(0, 5), {
        rtol: 1e-7,
      });
    }
  });

  test("streaming through a narrow basis: close, the cost bounded, the loss named", () => {
    const stream = streamed(noisy(0.02, 5), 8);
    expect([stream.own.Q.cols, stream.mapped.Q.cols, stream.seen]).toEqual([8, 8, 59]);
    const found = streamingSpectrum(stream, rank(5));
    expect(spectralDistance(found.values, truth).distance).toBeLessThan(0.01);
    expect(found.warnings.join()).toContain("threw away");
  });
});

const transposed = (A: Matrix) => matrix(A.cols, A.rows, (i, j) => A.data[j * A.cols + i]);
const smallest = (A: Parameters<typeof smallestSingular>[0]) => smallestSingular(A).value;

test("misuse is refused", () => {
  expect(() => forwardBackwardDmd(past, 59)).toThrow("59 modes of 59 pairs");
  expect(() => forwardBackwardDmd(past, 5, { rank: 2 } as object)).toThrow('"rank"');
  expect(() => randomisedDmd(past, 0)).toThrow(UsageError);
  expect(() => randomisedDmd(past, 3, { oversampling: -1 })).toThrow(UsageError);
  expect(() => randomisedDmd(past, 3, { oversample: 5 } as object)).toThrow('"oversampling"');
  expect(() => startStreaming(0, 3)).toThrow(UsageError);
  expect(() => streamPair(startStreaming(3, 2), [1, 2], [1, 2, 3])).toThrow(ShapeError);
  expect(() => streamPair(startStreaming(2, 2), [1, NaN], [1, 2])).toThrow("state 1 of pair 0");
  expect(() => streamingSpectrum(startStreaming(3, 2))).toThrow(DataError);
  const zero = streamPair(startStreaming(2, 2), [0, 0], [0, 0]);
  expect(() => streamingSpectrum(zero)).toThrow(DataError);
});
