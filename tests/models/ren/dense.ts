import type { Tensor } from "../../../src/graph/tensor.ts";
import { tensorOf } from "../../../src/graph/tensor.ts";
import { parameterShapes } from "../../../src/models/ren/parameters.ts";
import type { RenForm } from "../../../src/models/ren/parametrisation.ts";
import { noise } from "../../autodiff/differences.ts";

/** Plain rows of numbers: nothing here is shared with the code under test. */
export type Rows = number[][];

export const make = (m: number, n: number, entry: (i: number, j: number) => number): Rows =>
  Array.from({ length: m }, (_, i) => Array.from({ length: n }, (_, j) => entry(i, j)));
export const eye = (n: number) => make(n, n, (i, j) => +(i === j));
export const T = (A: Rows): Rows => make(A[0].length, A.length, (i, j) => A[j][i]);
export const times = (...factors: Rows[]): Rows =>
  factors.reduce((A, B) =>
    make(A.length, B[0].length, (i, j) => A[i].reduce((sum, a, k) => sum + a * B[k][j], 0)),
  );
export const plus = (...terms: Rows[]): Rows =>
  terms.reduce((A, B) => make(A.length, A[0].length, (i, j) => A[i][j] + B[i][j]));
export const by = (A: Rows, c: number): Rows => A.map((row) => row.map((a) => a * c));
export const minus = (A: Rows, B: Rows): Rows => plus(A, by(B, -1));

/** By elimination with pivots. */
export function inverse(A: Rows): Rows {
  const n = A.length;
  const M = A.map((row, i) => [...row, ...eye(n)[i]]);
  for (let c = 0; c < n; c++) {
    let best = c;
    for (let i = c; i < n; i++) if (Math.abs(M[i][c]) > Math.abs(M[best][c])) best = i;
    [M[c], M[best]] = [M[best], M[c]];
    const pivot = M[c][c];
    M[c] = M[c].map((a) => a / pivot);
    for (let i = 0; i < n; i++) {
      if (i === c) continue;
      const factor = M[i][c];
      M[i] = M[i].map((a, j) => a - factor * M[c][j]);
    }
  }
  return M.map((row) => row.slice(n));
}

/** Lower triangular L with A = LLᵀ; NaN where A is not positive definite. */
export function factor(A: Rows): Rows {
  const L = make(A.length, A.length, () => 0);
  for (let i = 0; i < A.length; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = A[i][j];
      for (let k = 0; k < j; k++) rest -= L[i][k] * L[j][k];
      L[i][j] = i === j ? Math.sqrt(rest) : rest / L[j][j];
    }
  }
  return L;
}
export const isPositive = (A: Rows): boolean =>
  factor(A).every((row, i) => Number.isFinite(row[i]) && row[i] > 0);

export const rowsOf = ({ data, shape }: Tensor): Rows => {
  const [m, n] = shape.length === 1 ? [1, shape[0]] : shape;
  return make(m, n, (i, j) => Number(data[i * n + j]));
};

/** Parameters of numbers that look random, X dominant enough to be of full rank. */
export function drawn(form: RenForm, seed: number): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(parameterShapes(form)).map(([name, shape], i) => {
      const count = shape.reduce((product, size) => product * size, 1);
      const data = Float64Array.from(noise(count, seed + 7 * i));
      if (name === "rho") data[0] = 2.5;
      return [name, tensorOf(data, shape)];
    }),
  );
}

const cut = (H: Rows, rows: [number, number], cols: [number, number]): Rows =>
  H.slice(...rows).map((row) => row.slice(...cols));

/** `direct` as the page has it; with `wrong`, ᾱ·P where P/ᾱ² belongs. */
export function reference(parameters: Record<string, Tensor>, form: RenForm, wrong = false) {
  const p = Object.fromEntries(Object.entries(parameters).map(([k, v]) => [k, rowsOf(v)]));
  const { states: n, neurons: q, rate, supply, epsilon, inputs: nu, outputs: ny } = form;
  const norm = p.X.flat().reduce((sum, x) => sum + x * x, 0);
  const size = form.parametrisation === "polar" ? p.rho[0][0] ** 2 / norm : 1;
  let H = plus(by(times(T(p.X), p.X), size), by(eye(2 * n + q), epsilon));
  let D22 = p.D22;
  if (supply) {
    const [Q, S, R] = [supply.Q, supply.S, supply.R].map(({ rows, cols, data }) =>
      make(rows, cols, (i, j) => data[i * cols + j]),
    );
    const d = Math.min(nu, ny);
    let M = plus(times(T(p.X3), p.X3), minus(p.Y3, T(p.Y3)), by(eye(d), Math.max(epsilon, 0.05)));
    if (p.Z3) M = plus(M, times(T(p.Z3), p.Z3));
    if (Q.flat().every((x) => x === 0)) {
      D22 = plus(by(R, -0.5), M); // νI + M
    } else {
      const V = inverse(plus(eye(d), M));
      const main = times(minus(eye(d), M), V);
      let N = main;
      if (ny > nu) N = [...main, ...by(times(p.Z3, V), -2)];
      if (ny < nu) {
        const more = by(times(V, T(p.Z3)), -2);
        N = times(V, minus(eye(d), M)).map((row, i) => [...row, ...more[i]]);
      }
      const LQ = T(factor(by(Q, -1)));
      const LR = T(factor(minus(R, times(S, inverse(Q), T(S)))));
      D22 = plus(by(times(inverse(Q), T(S)), -1), times(inverse(LQ), N, LR));
    }
    const through = plus(times(T(D22), Q), S);
    const C2 = times(through, p.C2);
    const D21 = minus(times(through, p.D21), T(p["D12.implicit"]));
    const room = plus(R, times(S, D22), times(T(D22), T(S)), times(T(D22), Q, D22));
    const right = C2.map((row, i) => [...row, ...D21[i], ...T(p["B2.implicit"])[i]]);
    const out = p.C2.map((row, i) => [...row, ...p.D21[i], ...Array<number>(n).fill(0)]);
    H = plus(H, times(T(right), inverse(room), right), by(times(T(out), Q, out), -1));
  }
  const [a, b, c] = [
    [0, n],
    [n, n + q],
    [n + q, 2 * n + q],
  ] as [number, number][];
  const P = cut(H, c, c);
  const E = by(plus(cut(H, a, a), by(P, wrong ? rate : rate ** -2), minus(p.Y1, T(p.Y1))), 0.5);
  const H22 = cut(H, b, b);
  const Lambda =
    form.feedback === "acyclic" ? H22.map((row, i) => row[i] / 2) : p.g[0].map(Math.exp);
  const D11 =
    form.feedback === "acyclic"
      ? make(q, q, (i, j) => (j < i ? -H22[i][j] : 0))
      : make(q, q, (i, j) => (i === j ? Lambda[i] : 0) - (H22[i][j] + p.Y2[i][j] - p.Y2[j][i]) / 2);
  const over = (A: Rows) => A.map((row, i) => row.map((x) => x / Lambda[i]));
  const V = inverse(E);
  const explicit: Record<string, Rows> = {
    A: times(V, cut(H, c, a)),
    B1: times(V, cut(H, c, b)),
    B2: times(V, p["B2.implicit"]),
    C1: over(by(cut(H, b, a), -1)),
    D11: over(D11),
    D12: over(p["D12.implicit"]),
    C2: p.C2,
    D21: p.D21,
    D22,
    b_x: p.b_x,
    b_v: p.b_v,
    b_y: p.b_y,
  };
  return { explicit, metric: times(T(E), inverse(P), E), Lambda };
}

/** The matrix of the certificate, section by section as the page has it: to be positive definite. */
export function inequality(
  { explicit: e, metric, Lambda }: ReturnType<typeof reference>,
  form: RenForm,
): Rows {
  const { states: n, neurons: q, inputs: nu, supply, rate } = form;
  const L = make(q, q, (i, j) => (i === j ? Lambda[i] : 0));
  const W = minus(minus(by(L, 2), times(L, e.D11)), times(T(e.D11), L));
  const LC = times(L, e.C1);
  const beside = supply === null ? 0 : nu;
  const LD = times(L, e.D12);
  const size = n + q + beside;
  let M = make(size, size, (i, j) => {
    if (i < n && j < n) return rate ** 2 * metric[i][j];
    if (i >= n && i < n + q) {
      if (j < n) return -LC[i - n][j];
      return j < n + q ? W[i - n][j - n] : -LD[i - n][j - n - q];
    }
    if (j >= n && j < n + q) return i < n ? -LC[j - n][i] : -LD[j - n][i - n - q];
    return 0;
  });
  const next = e.A.map((row, i) => [...row, ...e.B1[i], ...(beside ? e.B2[i] : [])]);
  M = minus(M, times(T(next), metric, next));
  if (supply) {
    const [Q, S, R] = [supply.Q, supply.S, supply.R].map(({ rows, cols, data }) =>
      make(rows, cols, (i, j) => data[i * cols + j]),
    );
    const Y = e.C2.map((row, i) => [...row, ...e.D21[i], ...e.D22[i]]);
    const U = make(nu, size, (i, j) => +(j - n - q === i));
    const mixed = times(T(Y), T(S), U);
    M = plus(M, times(T(Y), Q, Y), mixed, T(mixed), times(T(U), R, U));
  }
  return M;
}
