import { expect, test } from "vitest";
import { mulberryMatrix } from "../../src/data/random.ts";
import { NumericError, ShapeError } from "../../src/errors.ts";
import { spectralRadius } from "../../src/linalg/eigenvalues.ts";
import { exponential } from "../../src/linalg/exponential.ts";
import { discreteLyapunov } from "../../src/linalg/lyapunov.ts";
import {
  add,
  fromRows,
  gram,
  identity,
  type Matrix,
  matrix,
  multiply,
  scale,
  shift,
  subtract,
  transpose,
} from "../../src/linalg/matrix.ts";
import { discreteRiccati } from "../../src/linalg/riccati.ts";
import { solve } from "../../src/linalg/solve.ts";
import { symmetricEigenvalues } from "../../src/linalg/symmetric.ts";

const random = (seed: number, rows: number, cols: number): Matrix => {
  const data = mulberryMatrix(seed, rows, cols);
  return { rows, cols, data };
};
/** Random with spectral radius `radius`. */
const stable = (seed: number, n: number, radius: number) => {
  const A = random(seed, n, n);
  return scale(A, radius / spectralRadius(A));
};

test("solves systems, and refuses singular ones", () => {
  for (const n of [1, 2, 5, 20]) {
    const [A, X] = [random(n, n, n), random(n + 50, n, 3)];
    expect(solve(A, multiply(A, X)).data).toBeAllClose(X.data, { rtol: 1e-9, atol: 1e-10 });
  }
  // a zero pivot that is not a zero determinant
  expect(
    solve(
      fromRows([
        [0, 1],
        [2, 0],
      ]),
      fromRows([[3], [4]]),
    ).data,
  ).toEqual(Float64Array.of(2, 3));
  expect(() =>
    solve(
      fromRows([
        [1, 2],
        [2, 4],
      ]),
      fromRows([[1], [1]]),
    ),
  ).toThrow(NumericError);
  expect(() => solve(identity(2), identity(3))).toThrow(ShapeError);
});

test("e^A is that of the closed forms, and e^A e^−A = I", () => {
  const turn = exponential(
    fromRows([
      [0, -2],
      [2, 0],
    ]),
  );
  expect(turn.data).toBeAllClose([Math.cos(2), -Math.sin(2), Math.sin(2), Math.cos(2)]);
  const jordan = exponential(
    fromRows([
      [-3, 1],
      [0, -3],
    ]),
  );
  expect(jordan.data).toBeAllClose([Math.exp(-3), Math.exp(-3), 0, Math.exp(-3)]);
  const A = scale(random(3, 6, 6), 2);
  expect(multiply(exponential(A), exponential(scale(A, -1))).data).toBeAllClose(identity(6).data, {
    atol: 1e-10,
  });
  expect(exponential(scale(identity(2), 0)).data).toEqual(identity(2).data);
});

test.each([0.5, 0.99, 0.99999])("solves the Lyapunov equation at spectral radius %f", (radius) => {
  const n = 4;
  const [A, Q] = [stable(7, n, radius), gram(random(8, n, n))];
  const X = discreteLyapunov(A, Q);
  // The dense answer: (I − A ⊗ A) vec X = vec Q.
  const kron = matrix(n * n, n * n, (i, j) => {
    const [a, b, c, d] = [Math.floor(i / n), i % n, Math.floor(j / n), j % n];
    return +(i === j) - A.data[a * n + c] * A.data[b * n + d];
  });
  const dense = solve(kron, { rows: n * n, cols: 1, data: Q.data });
  expect(X.data).toBeAllClose(dense.data, { rtol: 1e-8 });
  const rest = subtract(add(multiply(multiply(A, X), transpose(A)), Q), X);
  expect(Math.max(...rest.data.map(Math.abs)) / Math.max(...X.data)).toBeLessThan(1e-13);
  expect(() => discreteLyapunov(stable(1, 3, 1.01), identity(3))).toThrow(/radius is 1.01/);
});

test.each([0.7, 1.3])("solves the Riccati equation with an open loop of radius %f", (radius) => {
  for (const [n, m] of [
    [1, 1],
    [3, 1],
    [6, 2],
  ]) {
    const [A, B] = [stable(n, n, radius), random(n + 9, n, m)];
    const Q = shift(gram(random(4, n, n)), 0.1);
    const R = shift(gram(random(5, m, m)), 0.5);
    const S = scale(random(6, n, m), 0.1);
    const { X, K, residual } = discreteRiccati(A, B, Q, R, S);
    expect(residual).toBeLessThan(1e-12);
    expect(symmetricEigenvalues(X)[0]).toBeGreaterThan(0);
    const loop = subtract(A, multiply(B, K));
    expect(spectralRadius(loop)).toBeLessThan(1);
    // X is the cost of the feedback: X = LᵀXL + Q − SK − KᵀSᵀ + KᵀRK.
    const SK = multiply(S, K);
    const stage = add(
      subtract(subtract(Q, SK), transpose(SK)),
      multiply(transpose(K), multiply(R, K)),
    );
    expect(X.data).toBeAllClose(discreteLyapunov(transpose(loop), stage).data, { rtol: 1e-9 });
    // and no other feedback is cheaper
    const other = add(K, scale(random(11, m, n), 0.01));
    const otherLoop = subtract(A, multiply(B, other));
    if (spectralRadius(otherLoop) < 1) {
      const SO = multiply(S, other);
      const cost = discreteLyapunov(
        transpose(otherLoop),
        add(
          subtract(subtract(Q, SO), transpose(SO)),
          multiply(transpose(other), multiply(R, other)),
        ),
      );
      const worse = subtract(cost, X);
      const symmetric = add(scale(worse, 0.5), scale(transpose(worse), 0.5));
      expect(symmetricEigenvalues(symmetric)[0]).toBeGreaterThan(-1e-9);
    }
  }
});

test("the scalar Riccati equation has the solution of the quadratic formula", () => {
  const [a, b, q, r] = [1.5, 0.5, 2, 3];
  const of = (x: number) => fromRows([[x]]);
  const { X } = discreteRiccati(of(a), of(b), of(q), of(r));
  // b² x² + (r − a² r − q b²) x − q r = 0
  const half = (r - a * a * r - q * b * b) / (2 * b * b);
  expect(X.data[0]).toBeCloseTo(-half + Math.sqrt(half ** 2 + (q * r) / (b * b)), 10);
});

test("an unstable mode out of reach has no regulator", () => {
  const A = fromRows([
    [1.2, 0],
    [0, 0.5],
  ]);
  expect(() => discreteRiccati(A, fromRows([[0], [1]]), identity(2), identity(1))).toThrow(
    NumericError,
  );
  expect(() => discreteRiccati(A, identity(2), identity(3), identity(2))).toThrow(/Q is 3 × 3/);
});
