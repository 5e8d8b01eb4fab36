import { expect, test } from "vitest";
import { DataError } from "../../src/errors.ts";
import { identity, type Matrix, multiply, scale, transpose } from "../../src/linalg/matrix.ts";
import { qr } from "../../src/linalg/qr.ts";
import { tallQr } from "../../src/linalg/tall-qr.ts";
import { random } from "./matrices.ts";
import { onProviders } from "./on-providers.ts";

const columnsTimes = (A: Matrix, factor: (j: number) => number): Matrix => ({
  ...A,
  data: A.data.map((a, k) => a * factor(k % A.cols)),
});

onProviders(() => {
  test.each([
    ["well conditioned", random(400, 12, 1)],
    [
      "columns of lengths from 1e8 to 1e-8",
      columnsTimes(random(300, 9, 2), (j) => 10 ** (8 - 2 * j)),
    ],
    [
      "condition 1e4",
      multiply(
        random(300, 8, 3),
        columnsTimes(random(8, 8, 4), (j) => 10 ** (-j / 2)),
      ),
    ],
    [
      "nearly deficient: by reflections",
      multiply(
        random(300, 8, 5),
        columnsTimes(random(8, 8, 6), (j) => 10 ** (-2 * j)),
      ),
    ],
    ["a column of zeros", columnsTimes(random(100, 5, 7), (j) => Number(j !== 2))],
    ["squares overflow", scale(random(100, 5, 8), 1e200)],
    ["squares underflow", scale(random(100, 5, 9), 1e-200)],
    ["not tall", random(20, 10, 10)],
  ])("%s: reassembles, orthonormal, triangular", (_, A) => {
    const { Q, R } = tallQr(A);
    expect(multiply(transpose(Q), Q).data).toBeAllClose(identity(A.cols).data, { atol: 1e-13 });
    const lengths = columnsTimes(A, () => 1);
    const most = Array.from({ length: A.cols }, (_, j) =>
      lengths.data.reduce((m, a, k) => (k % A.cols === j ? Math.max(m, Math.abs(a)) : m), 0),
    );
    const back = multiply(Q, R);
    back.data.forEach((b, k) => {
      expect(Math.abs(b - A.data[k])).toBeLessThanOrEqual(1e-13 * most[k % A.cols]);
    });
    R.data.forEach((r, k) => {
      if (k % A.cols < Math.floor(k / A.cols)) expect(r).toBe(0);
      if (k % (A.cols + 1) === 0) expect(r).toBeGreaterThanOrEqual(0);
    });
  });

  test("the same factors as by reflections", () => {
    const A = random(500, 10, 11);
    const [found, wanted] = [tallQr(A), qr(A)];
    expect(found.R.data).toBeAllClose(wanted.R.data, { atol: 1e-12 });
    expect(found.Q.data).toBeAllClose(wanted.Q.data, { atol: 1e-13 });
  });

  test("a NaN is refused", () => {
    const A = random(100, 5, 1);
    A.data[7] = Number.NaN;
    expect(() => tallQr(A)).toThrow(DataError);
  });
});
