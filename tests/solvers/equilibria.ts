import { mulberryMatrix } from "../../src/data/random.ts";
import type { ProxKind } from "../../src/solvers/prox.ts";

/*
 * Monotone equilibria z = σ(Wz + c) and their gradients in plain arithmetic, with dense elimination:
 * the answers that graphs are held against.
 */

export type Matrix = readonly (readonly number[])[];

/** x of A x = b by elimination with row pivots. */
export function solveDense(A: Matrix, b: readonly number[]): number[] {
  const rows = A.map((row, i) => [...row, b[i]]);
  const n = rows.length;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k; i < n; i++) if (Math.abs(rows[i][k]) > Math.abs(rows[pivot][k])) pivot = i;
    [rows[k], rows[pivot]] = [rows[pivot], rows[k]];
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i][k] / rows[k][k];
      for (let j = k; j <= n; j++) rows[i][j] -= factor * rows[k][j];
    }
  }
  const x = Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    const known = x.reduce((sum, value, j) => (j > i ? sum + rows[i][j] * value : sum), 0);
    x[i] = (rows[i][n] - known) / rows[i][i];
  }
  return x;
}

export const times = (A: Matrix, x: readonly number[]): number[] =>
  A.map((row) => row.reduce((sum, a, j) => sum + a * x[j], 0));
export const transposed = (A: Matrix): Matrix => A[0].map((_, j) => A.map((row) => row[j]));
export const norm = (x: readonly number[]) => Math.hypot(...x);

const logistic = (t: number) => 1 / (1 + Math.exp(-t));
export const sigma: Readonly<Record<ProxKind, (t: number) => number>> = {
  relu: (t) => Math.max(0, t),
  "leaky-relu": (t) => (t > 0 ? t : 0.01 * t),
  tanh: Math.tanh,
  sigmoid: logistic,
  softplus: (t) => Math.max(t, 0) + Math.log1p(Math.exp(-Math.abs(t))),
};
export const slope: Readonly<Record<ProxKind, (t: number) => number>> = {
  relu: (t) => +(t > 0),
  "leaky-relu": (t) => (t > 0 ? 1 : 0.01),
  tanh: (t) => 1 - Math.tanh(t) ** 2,
  sigmoid: (t) => logistic(t) * (1 - logistic(t)),
  softplus: logistic,
};

/** W = (1 − m)I − AᵀA + B − Bᵀ of random A and B, whose entries have deviation about √(scale/n). */
export function monotoneMatrix(seed: number, n: number, m: number, scale = 1): Matrix {
  const draw = (s: number) => {
    const numbers = mulberryMatrix(s, n, n);
    const size = Math.sqrt((3 * scale) / n); // uniform draws in [−1, 1)
    return Array.from({ length: n }, (_, i) =>
      [...numbers.slice(i * n, i * n + n)].map((x) => x * size),
    );
  };
  const [A, B] = [draw(seed), draw(seed + 1)];
  return A.map((_, i) =>
    A.map(
      (__, j) =>
        (i === j ? 1 - m : 0) -
        A.reduce((sum, row) => sum + row[i] * row[j], 0) +
        B[i][j] -
        B[j][i],
    ),
  );
}

/** z = σ(Wz + c) by Newton's method with halved steps. */
export function equilibrium(W: Matrix, c: readonly number[], kind: ProxKind): number[] {
  let z = c.map(() => 0);
  const excess = (at: readonly number[]) =>
    times(W, at).map((v, i) => sigma[kind](v + c[i]) - at[i]);
  for (let k = 0; k < 200 && norm(excess(z)) > 1e-16; k++) {
    const D = times(W, z).map((v, i) => slope[kind](v + c[i]));
    const step = solveDense(
      W.map((row, i) => row.map((w, j) => +(i === j) - D[i] * w)),
      excess(z),
    );
    const from = norm(excess(z));
    let t = 1;
    const moved = () => z.map((value, i) => value + t * step[i]);
    while (t > 1e-4 && !(norm(excess(moved())) < from)) t /= 2;
    if (t <= 1e-4 && from < 1e-13) break;
    z = moved();
  }
  return z;
}

/** ∂ℓ/∂c of ℓ with ∂ℓ/∂z* = a: D(I − WᵀD)⁻¹a, D = diag σ′(Wz* + c). */
export function cotangent(
  W: Matrix,
  c: readonly number[],
  kind: ProxKind,
  a: (z: readonly number[]) => readonly number[],
): { z: number[]; slopes: number[]; g: number[]; bar: number[] } {
  const z = equilibrium(W, c, kind);
  const slopes = times(W, z).map((v, i) => slope[kind](v + c[i]));
  const g = solveDense(
    W.map((_, i) => W.map((row, j) => +(i === j) - row[i] * slopes[j])),
    a(z),
  );
  return { z, slopes, g, bar: g.map((value, i) => value * slopes[i]) };
}
