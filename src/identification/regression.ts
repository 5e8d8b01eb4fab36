import type { Experiment } from "../data/experiment/experiment.ts";
import { spectralRadius } from "../linalg/eigenvalues.ts";
import { leastSquares } from "../linalg/least-squares.ts";
import { type Matrix, matrix, multiply, subtract } from "../linalg/matrix.ts";
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
  const all = stacked(
    factors.map(({ data }) => data),
    parameters + 1,
  );
  const { rows } = all;
  const column = (from: number, to: number) =>
    matrix(rows, to - from, (i, j) => all.data[i * (parameters + 1) + from + j]);
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

/** Rows that are gathered before they are reduced to a triangle, which bounds the memory. */
const chunk = 2048;

/**
 * What is left of [regressors | y] of a segment, as a triangle with the same inner products, once the
 * response to x₀ is projected away: the lower right of R of [response to x₀ | regressors | y].
 */
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
  const feedthrough = n + n * drives;
  const constant = feedthrough + (direct ? l * m : 0);
  const last = constant + (offset ? l : 0);
  const width = last + 1;
  let triangle: Matrix = { rows: 0, cols: width, data: new Float64Array(0) };
  let rows: Float64Array[] = [];
  const reduce = () => {
    triangle = qr(stacked([triangle.data, ...rows], width)).R;
    rows = [];
  };
  // [powers of A | of drive k, what it would do through the i-th state alone, column k n + i].
  let state = matrix(n, feedthrough, (i, j) => +(i === j));
  for (let t = from; t < to; t++) {
    const seen = multiply(C, state);
    for (let j = 0; j < l; j++) {
      const row = new Float64Array(width);
      row.set(seen.data.subarray(j * feedthrough, (j + 1) * feedthrough));
      if (direct) for (let k = 0; k < m; k++) row[feedthrough + k * l + j] = u[t * m + k];
      if (offset) row[constant + j] = 1;
      row[last] = y[t * l + j] - (e === null ? 0 : e[t * l + j]);
      rows.push(row);
    }
    if (rows.length >= chunk) reduce();
    state = multiply(A, state);
    for (let k = 0; k < drives; k++) {
      const drive = k < m ? u[t * m + k] : e![t * l + k - m];
      for (let i = 0; i < n; i++) state.data[i * feedthrough + n + k * n + i] += drive;
    }
  }
  if (rows.length > 0) reduce();
  const left = Math.max(0, triangle.rows - n);
  const data = new Float64Array(left * (width - n));
  for (let i = 0; i < left; i++)
    data.set(triangle.data.subarray((n + i) * width + n, (n + i + 1) * width), i * (width - n));
  return { rows: left, cols: width - n, data };
}

/** Rows of numbers, one or several to a piece, below one another. */
export function stacked(pieces: readonly Float64Array[], cols: number): Matrix {
  const data = new Float64Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    data.set(piece, at);
    at += piece.length;
  }
  return { rows: data.length / cols, cols, data };
}
