import type { Experiment } from "../data/experiment/experiment.ts";
import { spectralRadius } from "../linalg/eigenvalues.ts";
import { leastSquares } from "../linalg/least-squares.ts";
import { type Matrix, matrix, multiply, subtract, transpose } from "../linalg/matrix.ts";
import { qr } from "../linalg/qr.ts";

/** The linear part of a fit whose A and C are known. */
export interface InputFit {
  readonly B: Matrix; // [n × m]
  readonly D: Matrix; // [l × m]
  readonly K: Matrix; // [n × l]
  readonly offset: Float64Array; // [l], on the outputs
  readonly meanSquare: number; // of what is left, over all outputs
  readonly segments: number; // each with an x₀ of its own
}

/**
 * B, D and, with innovations given, K of known A and C, by least squares on the outputs
 *
 *     y_t − e_t = C Aᵗ x₀ + Σ_{s<t} C A^{t−s−1} (B u_s + K e_s) + D u_t,
 *
 * which is linear in all of them. Every segment has an x₀ of its own, projected away; segments are as
 * long as an unstable A allows before its powers swamp the rest.
 *
 * @param innovations  e [count × l] of each experiment; null: K = 0
 * @param direct  whether D is free; else 0
 * @param offset  whether a constant is added to each output; else 0
 */
export function fitInputs(
  A: Matrix,
  C: Matrix,
  experiments: readonly Experiment[],
  innovations: readonly Float64Array[] | null,
  direct: boolean,
  offset = false,
): InputFit {
  const [n, l] = [A.rows, C.rows];
  const m = experiments[0].inputs.length;
  const drives = m + (innovations === null ? 0 : l);
  const before = n * drives + (direct ? l * m : 0);
  const parameters = before + (offset ? l : 0);
  const factors: Matrix[] = [];
  let samples = 0;
  experiments.forEach((experiment, which) => {
    const e = innovations?.[which] ?? null;
    for (const [from, to] of segments(A, experiment.count, parameters)) {
      samples += (to - from) * l;
      factors.push(factorOf(A, C, experiment, e, direct, offset, from, to));
    }
  });
  const rows = factors.reduce((sum, R) => sum + R.rows, 0);
  const stacked = matrix(rows, parameters + 1, () => 0);
  let at = 0;
  for (const R of factors) {
    stacked.data.set(R.data, at);
    at += R.data.length;
  }
  const column = (from: number, to: number) =>
    matrix(rows, to - from, (i, j) => stacked.data[i * (parameters + 1) + from + j]);
  const [Phi, y] = [column(0, parameters), column(parameters, parameters + 1)];
  const { X } = leastSquares(Phi, y, 1e-11);
  const left = subtract(multiply(Phi, X), y).data.reduce((sum, r) => sum + r * r, 0);
  return {
    B: matrix(n, m, (i, j) => X.data[j * n + i]),
    K: matrix(n, l, (i, j) => (innovations === null ? 0 : X.data[(m + j) * n + i])),
    D: matrix(l, m, (i, j) => (direct ? X.data[n * drives + j * l + i] : 0)),
    offset: Float64Array.from({ length: l }, (_, i) => (offset ? X.data[before + i] : 0)),
    meanSquare: left / samples,
    segments: factors.length,
  };
}

/** Stretches of samples: whole experiments of a stable A, else such that ρ^length stays small. */
function segments(A: Matrix, count: number, parameters: number): [number, number][] {
  const radius = spectralRadius(A);
  const longest = radius > 1 ? Math.log(1e4) / Math.log(radius) : Infinity;
  const length = Math.min(count, Math.max(4 * A.rows, parameters, Math.floor(longest)));
  const pieces = Math.max(1, Math.floor(count / length));
  return Array.from({ length: pieces }, (_, k) => [
    Math.floor((k * count) / pieces),
    Math.floor(((k + 1) * count) / pieces),
  ]);
}

/** R of the QR decomposition of [regressors | y] of a segment, the response to x₀ projected away. */
function factorOf(
  A: Matrix,
  C: Matrix,
  { u, y, inputs }: Experiment,
  e: Float64Array | null,
  direct: boolean,
  offset: boolean,
  from: number,
  to: number,
): Matrix {
  const [n, l, m] = [A.rows, C.rows, inputs.length];
  const drives = m + (e === null ? 0 : l);
  const before = n * drives + (direct ? l * m : 0);
  const parameters = before + (offset ? l : 0);
  const rows = (to - from) * l;
  const width = parameters + 1;
  const Phi = matrix(rows, width, () => 0);
  const Omega = matrix(rows, n, () => 0);
  // Column k n + i of the state: what drive k would do through the i-th state alone.
  let state = matrix(n, n * drives, () => 0);
  let power = matrix(n, n, (i, j) => +(i === j));
  for (let t = from; t < to; t++) {
    const [seen, start] = [multiply(C, state), multiply(C, power)];
    for (let j = 0; j < l; j++) {
      const row = (t - from) * l + j;
      Phi.data.set(seen.data.subarray(j * n * drives, (j + 1) * n * drives), row * width);
      Omega.data.set(start.data.subarray(j * n, (j + 1) * n), row * n);
      if (direct)
        for (let k = 0; k < m; k++) Phi.data[row * width + n * drives + k * l + j] = u[t * m + k];
      if (offset) Phi.data[row * width + before + j] = 1;
      Phi.data[row * width + parameters] = y[t * l + j] - (e === null ? 0 : e[t * l + j]);
    }
    state = multiply(A, state);
    for (let k = 0; k < drives; k++) {
      const drive = k < m ? u[t * m + k] : e![t * l + k - m];
      for (let i = 0; i < n; i++) state.data[i * n * drives + k * n + i] += drive;
    }
    power = multiply(A, power);
  }
  const { Q } = qr(Omega);
  // twice, so that what is left is orthogonal to rounding
  let rest = subtract(Phi, multiply(Q, multiply(transpose(Q), Phi)));
  rest = subtract(rest, multiply(Q, multiply(transpose(Q), rest)));
  return qr(rest).R;
}
