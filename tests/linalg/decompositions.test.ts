import fc from "fast-check";
import { expect, test } from "vitest";
import { DataError, ShapeError } from "../../src/errors.ts";
import { realTimesComplex } from "../../src/linalg/complex.ts";
import { eigen, eigenvalues, schur } from "../../src/linalg/eigenvalues.ts";
import {
  fromRows,
  identity,
  type Matrix,
  matrix,
  multiply,
  scale,
  subtract,
  transpose,
} from "../../src/linalg/matrix.ts";
import { qr, triangleOf } from "../../src/linalg/qr.ts";
import { singularValues, svd } from "../../src/linalg/svd.ts";
import { leadingEigen, symmetricEigen } from "../../src/linalg/symmetric.ts";
import { hilbert, random, randomSymmetric } from "./matrices.ts";
import { onProviders } from "./on-providers.ts";

const diagonal = (d: ArrayLike<number>) => matrix(d.length, d.length, (i, j) => +(i === j) * d[i]);
const norm = ({ data }: Matrix) => Math.hypot(...data);
const distance = (A: Matrix, B: Matrix) => norm(subtract(A, B));
const defect = (Q: Matrix) => distance(multiply(transpose(Q), Q), identity(Q.cols));
const small = 1e-13;

/** ‖A V − V Λ‖ as a real number. */
function eigenDefect(A: Matrix): number {
  const { values, vectors } = eigen(A);
  const image = realTimesComplex(A, vectors);
  const n = A.rows;
  return Math.hypot(
    ...Array.from({ length: n * n }, (_, k) => {
      const j = k % n;
      const [x, y] = [vectors.re.data[k], vectors.im.data[k]];
      const [a, b] = [values.re[j], values.im[j]];
      return Math.hypot(image.re.data[k] - a * x + b * y, image.im.data[k] - a * y - b * x);
    }),
  );
}

const size = fc.integer({ min: 1, max: 14 });
const shapes = fc.record({ rows: size, cols: size, seed: fc.nat(1e6) });
const property = (check: (A: Matrix) => void, numRuns = 60) =>
  fc.assert(
    fc.property(shapes, ({ rows, cols, seed }) => check(random(rows, cols, seed))),
    { seed: 11, numRuns },
  );
const squares = (check: (A: Matrix) => void) =>
  fc.assert(
    fc.property(size, fc.nat(1e6), (n, seed) => check(random(n, n, seed))),
    { seed: 12, numRuns: 60 },
  );

onProviders(() => {
  test("the triangle alone is that of qr", () => {
    property((A) => {
      expect(distance(triangleOf(A), qr(A).R)).toBeLessThan(small * norm(A));
    });
    expect(() => triangleOf({ ...random(2, 2, 1), data: Float64Array.of(1, NaN, 0, 1) })).toThrow(
      DataError,
    );
  });

  test("leading eigenvectors: all values, A V = V Λ for the largest, from the largest down", () => {
    fc.assert(
      fc.property(size, fc.nat(1e6), fc.nat(14), (n, seed, few) => {
        const A = scale(randomSymmetric(n, seed), 10 ** ((seed % 5) - 2));
        const k = Math.min(n, few);
        const { values, vectors } = leadingEigen(A, () => k);
        expect([vectors.rows, vectors.cols]).toEqual([n, k]);
        expect(values).toBeAllClose(symmetricEigen(A).values, { atol: small * norm(A) });
        if (k === 0) return;
        const image = multiply(vectors, diagonal(values.toReversed().subarray(0, k)));
        expect(distance(multiply(A, vectors), image)).toBeLessThan(small * norm(A));
        expect(defect(vectors)).toBeLessThan(small);
      }),
      { seed: 13, numRuns: 60 },
    );
  });

  test("leading eigenvectors of equal eigenvalues are orthonormal; k may depend on the values", () => {
    const { Q } = qr(random(40, 40, 5));
    const d = Array.from({ length: 40 }, (_, i) => (i < 6 ? 3 : i < 20 ? 1e-9 : 0));
    const A = multiply(multiply(Q, diagonal(d)), transpose(Q));
    const symmetric = scale(
      matrix(40, 40, (i, j) => A.data[40 * i + j] + A.data[40 * j + i]),
      0.5,
    );
    for (const B of [symmetric, identity(40), scale(identity(7), 0)]) {
      const { values, vectors } = leadingEigen(
        B,
        (all) => all.filter((x) => x >= all[all.length - 1] - 1).length,
      );
      expect(vectors.cols).toBe(B === symmetric ? 6 : B.rows);
      expect(defect(vectors)).toBeLessThan(small);
      expect(distance(multiply(B, vectors), scale(vectors, values[B.rows - 1]))).toBeLessThan(
        small * 10,
      );
    }
  });

  test("svd: A = U diag(s) Vᵀ for wide, tall and single entries", () => {
    property((A) => {
      const { U, s, V } = svd(A);
      const k = Math.min(A.rows, A.cols);
      expect([U.rows, U.cols, s.length, V.rows, V.cols]).toEqual([A.rows, k, k, A.cols, k]);
      expect(distance(multiply(multiply(U, diagonal(s)), transpose(V)), A)).toBeLessThan(
        small * 10,
      );
      expect(defect(U) + defect(V)).toBeLessThan(small);
      expect(s).toEqual(s.toSorted().toReversed());
      expect(s.at(-1)).toBeGreaterThanOrEqual(0);
      expect(singularValues(A)).toBeAllClose(s, { rtol: 0, atol: small });
    });
  });

  test("svd: rank-deficient, zero and ill-conditioned matrices keep orthonormal factors", () => {
    const thin = random(9, 2, 3);
    const deficient = multiply(thin, random(2, 6, 4));
    for (const A of [deficient, transpose(deficient), scale(deficient, 0), hilbert(12)]) {
      const { U, s, V } = svd(A);
      expect(defect(U) + defect(V)).toBeLessThan(small);
      expect(distance(multiply(multiply(U, diagonal(s)), transpose(V)), A)).toBeLessThan(small);
    }
    expect(svd(deficient).s.slice(2)).toBeAllClose([0, 0, 0, 0], { atol: small });
    // Hilbert's matrix of 12: the largest and the smallest singular value by 40-digit arithmetic.
    expect(svd(hilbert(12)).s[0]).toBeCloseTo(1.795372059562, 12);
    expect(svd(hilbert(12)).s[11]).toBeLessThan(1e-15);
  });

  test("svd, eigen and qr at extreme scales", () => {
    const A = random(4, 4, 1);
    for (const unit of [2 ** 900, 2 ** -900]) {
      const B = scale(A, unit);
      expect(svd(B).s).toEqual(svd(A).s.map((x) => x * unit));
      expect(eigen(B).vectors).toEqual(eigen(A).vectors);
      expect(qr(B).R).toEqual(scale(qr(A).R, unit));
    }
  });

  test("qr: A = Q R, R upper triangular with a diagonal ≥ 0, of any shape and rank", () => {
    const check = (A: Matrix) => {
      const { Q, R } = qr(A);
      const k = Math.min(A.rows, A.cols);
      expect([Q.rows, Q.cols, R.rows, R.cols]).toEqual([A.rows, k, k, A.cols]);
      expect(distance(multiply(Q, R), A)).toBeLessThan(small);
      expect(defect(Q)).toBeLessThan(small);
      for (let i = 0; i < k; i++) {
        expect(R.data[i * A.cols + i]).toBeGreaterThanOrEqual(0);
        expect(R.data.slice(i * A.cols, i * A.cols + i).every((x) => x === 0)).toBe(true);
      }
    };
    property(check);
    for (const A of [multiply(random(7, 2, 1), random(2, 4, 2)), scale(random(5, 3, 1), 0)])
      check(A);
  });

  test("symmetric: A V = V diag(λ), ascending", () => {
    for (const n of [1, 2, 7, 40]) {
      const A = randomSymmetric(n, n);
      const { values, vectors } = symmetricEigen(A);
      expect(distance(multiply(A, vectors), multiply(vectors, diagonal(values)))).toBeLessThan(
        small * 10,
      );
      expect(defect(vectors)).toBeLessThan(small * 10);
      expect(values).toEqual(values.toSorted());
    }
  });

  test("eigen: A V = V Λ, unit columns, pairs conjugate to the last bit", () => {
    squares((A) => {
      const { values, vectors } = eigen(A);
      const n = A.rows;
      expect(eigenDefect(A)).toBeLessThan(1e-12);
      for (let j = 0; j < n; j++) {
        const column = (part: Matrix) => part.data.filter((_, k) => k % n === j);
        const [x, y] = [column(vectors.re), column(vectors.im)];
        expect(Math.hypot(...x, ...y)).toBeCloseTo(1, 13);
        if (values.im[j] === 0) expect(y.every((v) => v === 0)).toBe(true);
        if (values.im[j] <= 0) continue;
        expect([values.re[j + 1], values.im[j + 1]]).toEqual([values.re[j], -values.im[j]]);
        const next = (part: Matrix) => part.data.filter((_, k) => k % n === j + 1);
        expect(next(vectors.re)).toEqual(x);
        expect(next(vectors.im).map((v) => -v + 0)).toEqual(y.map((v) => v + 0));
      }
      expect(eigenvalues(A).re).toBeAllClose(values.re, { rtol: 0, atol: 1e-9 });
    });
  });

  test("eigen: known spectra, through a similarity", () => {
    // Real, a pair, a repeated pair and a zero; T is well-conditioned.
    const D = fromRows([
      [2, 0, 0, 0, 0, 0],
      [0, 0.6, -0.8, 0, 0, 0],
      [0, 0.8, 0.6, 0, 0, 0],
      [0, 0, 0, 0.6, -0.8, 0],
      [0, 0, 0, 0.8, 0.6, 0],
      [0, 0, 0, 0, 0, 0],
    ]);
    const { Q } = qr(random(6, 6, 5));
    const A = multiply(multiply(Q, D), transpose(Q));
    const { re, im } = eigen(A).values;
    expect(re).toBeAllClose([2, 0.6, 0.6, 0.6, 0.6, 0], { atol: 1e-14 });
    expect(Array.from(im, Math.abs)).toBeAllClose([0, 0.8, 0.8, 0.8, 0.8, 0], { atol: 1e-14 });
    expect(eigenDefect(A)).toBeLessThan(1e-13);
  });

  test("eigen: defective, badly scaled, cyclic and triangular matrices", () => {
    const jordan = matrix(5, 5, (i, j) => (i === j ? 0.5 : +(j === i + 1)));
    expect(eigenDefect(jordan)).toBeLessThan(1e-14);
    // Disturbed by ε an eigenvalue of a Jordan block of 5 moves by ε^(1/5).
    expect(Math.max(...eigenvalues(jordan).re.map((x) => Math.abs(x - 0.5)))).toBeLessThan(1e-3);

    // Unshifted QR never moves the cyclic shift: its eigenvalues are the roots of unity.
    const cycle = matrix(7, 7, (i, j) => +((j + 1) % 7 === i));
    expect(eigenvalues(cycle).re.toSorted()).toBeAllClose(
      Float64Array.from({ length: 7 }, (_, k) => Math.cos((2 * Math.PI * k) / 7)).sort(),
    );

    const graded = matrix(4, 4, (i, j) => random(4, 4, 8).data[4 * i + j] * 10 ** (5 * (i - j)));
    const plain = eigenvalues(random(4, 4, 8));
    expect(eigenvalues(graded).re).toBeAllClose(plain.re, { rtol: 1e-12 });

    const upper = fromRows([
      [1, 2, 3],
      [0, 1, 4],
      [0, 0, 3],
    ]);
    expect([...eigenvalues(upper).re]).toEqual([3, 1, 1]);
    expect(eigenDefect(upper)).toBeLessThan(1e-14);
  });

  test("schur: A = Q T Qᵀ, and what is below the diagonal belongs to a complex pair", () => {
    squares((A) => {
      const { Q, T } = schur(A);
      const n = A.rows;
      const at = (i: number, j: number) => T.data[i * n + j];
      expect(distance(multiply(multiply(Q, T), transpose(Q)), A)).toBeLessThan(1e-13 * n);
      expect(defect(Q)).toBeLessThan(1e-13);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < i - 1; j++) expect(at(i, j) === 0).toBe(true);
        if (i === 0 || at(i, i - 1) === 0) continue;
        const half = (at(i - 1, i - 1) - at(i, i)) / 2;
        expect(half * half + at(i, i - 1) * at(i - 1, i)).toBeLessThan(0);
        if (i > 1) expect(at(i - 1, i - 2) === 0).toBe(true);
      }
    });
  });

  test("a NaN, an infinity and a shape that does not fit are refused before anything runs", () => {
    for (const bad of [NaN, Infinity]) {
      const A = { rows: 2, cols: 2, data: Float64Array.of(1, 2, bad, 4) };
      for (const f of [svd, singularValues, qr, eigen, eigenvalues, schur, symmetricEigen])
        expect(() => f(A)).toThrow(DataError);
    }
    for (const f of [eigen, eigenvalues, schur, symmetricEigen])
      expect(() => f(random(2, 3, 1))).toThrow(ShapeError);
  });
});
