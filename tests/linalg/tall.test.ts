import { describe, expect, test } from "vitest";
import { DataError, ShapeError } from "../../src/errors.ts";
import {
  identity,
  type Matrix,
  matrix,
  multiply,
  subtract,
  transpose,
} from "../../src/linalg/matrix.ts";
import { qr } from "../../src/linalg/qr.ts";
import { svd } from "../../src/linalg/svd.ts";
import { compressTall } from "../../src/linalg/tall.ts";
import { appendedGram, tallGram, tallProduct } from "../../src/linalg/tall-products.ts";
import {
  blockRows,
  type TallSource,
  tallMatrix,
  tallSnapshots,
} from "../../src/linalg/tall-source.ts";
import { random } from "./matrices.ts";

const norm = ({ data }: Matrix) => Math.sqrt(data.reduce((sum, x) => sum + x * x, 0));
const snapshotsOf = ({ rows, cols, data }: Matrix) =>
  Array.from({ length: cols }, (_, j) =>
    Float64Array.from({ length: rows }, (_, i) => data[i * cols + j]),
  );

async function explicitQ(source: TallSource, right: Matrix): Promise<Matrix> {
  const data = new Float64Array(source.rows * right.cols);
  await tallProduct(source, right, (block, first) => data.set(block, first * right.cols));
  return { rows: source.rows, cols: right.cols, data };
}

/** n × m with singular values from 1 down to `least`. */
function graded(n: number, m: number, least: number): Matrix {
  const [U, V] = [qr(random(n, m, 1)).Q, qr(random(m, m, 2)).Q];
  const scaled = matrix(n, m, (i, j) => U.data[i * m + j] * least ** (j / (m - 1)));
  return multiply(scaled, transpose(V));
}

describe.each([
  ["rows", tallMatrix],
  ["columns", (A: Matrix) => tallSnapshots(snapshotsOf(A))],
])("in order of %s", (_, sourceOf) => {
  test("products", async () => {
    const A = random(3000, 5, 1);
    const source = sourceOf(A);
    const G = await tallGram(source);
    expect(G.data).toBeAllClose(multiply(transpose(A), A).data);
    const W = random(5, 3, 2);
    const P = multiply(A, W);
    expect((await explicitQ(source, W)).data).toBeAllClose(P.data);
    expect((await tallGram(source, W)).data).toBeAllClose(multiply(transpose(P), P).data);
  });

  test("one snapshot more: the products that were there are taken over", async () => {
    const A = random(500, 6, 8);
    const all = await tallGram(sourceOf(A));
    const before = matrix(5, 5, (i, j) => all.data[i * 6 + j]);
    expect((await appendedGram(sourceOf(A), before)).data).toBeAllClose(all.data);
    await expect(appendedGram(sourceOf(A), all)).rejects.toThrow(ShapeError);
  });

  test("a well-conditioned matrix: the triangle of QR in two passes", async () => {
    const A = random(2000, 12, 3);
    const { R, right, passes, rank, drift, orthogonality } = await compressTall(sourceOf(A));
    expect(R.data).toBeAllClose(qr(A).R.data, { rtol: 1e-12 });
    expect([rank, passes <= 2]).toEqual([12, true]);
    expect(Math.max(drift * +(passes > 1), orthogonality)).toBeLessThan(1e-10);
    const Q = await explicitQ(sourceOf(A), right);
    expect(norm(subtract(multiply(transpose(Q), Q), identity(12)))).toBeLessThan(1e-13);
  });

  test.each([1e-3, 1e-6, 1e-9, 1e-12])("singular values down to %f", async (least) => {
    const A = graded(1500, 10, least);
    const { R, right, passes, rank, orthogonality } = await compressTall(sourceOf(A));
    expect(rank).toBe(10);
    expect(passes).toBeLessThanOrEqual(least < 1e-7 ? 3 : 2);
    const Q = await explicitQ(sourceOf(A), right);
    const defect = norm(subtract(multiply(transpose(Q), Q), identity(10)));
    // Q itself can only be as exact as F right is in float64; R is what counts.
    expect(defect).toBeLessThan(1e-13 + 2e-15 / least);
    expect(orthogonality).toBeLessThan(1e-12);
    expect(svd(R).s).toBeAllClose(svd(A).s, { rtol: 1e-13, atol: 1e-15 });
    expect(norm(subtract(multiply(transpose(R), R), multiply(transpose(A), A)))).toBeLessThan(
      1e-14,
    );
  });

  test("a deficient matrix: its rank, and the same inner products", async () => {
    const A = multiply(random(1500, 3, 4), random(3, 9, 5));
    const { R, rank, right } = await compressTall(sourceOf(A));
    expect([rank, R.rows, R.cols, right.cols]).toEqual([3, 3, 9, 3]);
    expect(norm(subtract(multiply(transpose(R), R), multiply(transpose(A), A)))).toBeLessThan(
      1e-12 * norm(A) ** 2,
    );
    const Q = await explicitQ(sourceOf(A), right);
    expect(norm(subtract(multiply(Q, R), A))).toBeLessThan(1e-13 * norm(A));
  });

  test("columns from 1e-8 to 1e8, one of zeros, one repeated", async () => {
    const base = random(800, 6, 6);
    const A = matrix(800, 7, (i, j) => {
      if (j === 3) return 0;
      return base.data[i * 6 + (j === 6 ? 0 : j)] * 10 ** (j === 6 ? 0 : 3 * j - 8);
    });
    const { R, rank } = await compressTall(sourceOf(A));
    expect(rank).toBe(5);
    const lengths = snapshotsOf(A).map((x) => Math.hypot(...x));
    expect(snapshotsOf(R).map((x) => Math.hypot(...x))).toBeAllClose(lengths, { rtol: 1e-13 });
  });

  test("what cannot be compressed is refused", async () => {
    const bad = (value: number) => ({
      ...random(10, 3, 1),
      data: new Float64Array(30).fill(value),
    });
    await expect(compressTall(sourceOf(bad(0)))).rejects.toThrow("all zero");
    for (const value of [NaN, Infinity, 1e200])
      await expect(compressTall(sourceOf(bad(value)))).rejects.toThrow(DataError);
  });
});

test("float32 snapshots are multiplied in float64", async () => {
  const A = random(900, 4, 7);
  const single = snapshotsOf(A).map((x) => Float32Array.from(x));
  const rounded = { ...A, data: A.data.map(Math.fround) };
  const { R } = await compressTall(tallSnapshots(single));
  expect(R.data).toBeAllClose(qr(rounded).R.data, { rtol: 1e-13 });
});

test("snapshots must match", () => {
  expect(() => tallSnapshots([])).toThrow(DataError);
  expect(() => tallSnapshots([new Float64Array(3), new Float64Array(4)])).toThrow(ShapeError);
  expect(() => tallSnapshots([new Float64Array(3), new Float32Array(3)])).toThrow("Float32Array");
});

test("blocks hold a bounded count of numbers, and cover every row once", async () => {
  const wide: TallSource = {
    rows: 10_000,
    cols: 2000,
    dtype: "float64",
    order: "rows",
    read: (_, count) => new Float64Array(count * 2000).fill(1),
  };
  expect(blockRows(wide) * wide.cols).toBeLessThanOrEqual(2 ** 22);
  const ones = { rows: 2000, cols: 1, data: new Float64Array(2000).fill(1) };
  let seen = 0;
  await tallProduct(wide, ones, (block, first) => {
    expect(first).toBe(seen);
    expect(block.every((x) => x === 2000)).toBe(true);
    seen += block.length;
  });
  expect(seen).toBe(10_000);
});
