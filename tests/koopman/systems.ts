import { mulberry32 } from "../../src/data/random.ts";
import { type Matrix, matrix, multiply, transpose } from "../../src/linalg/matrix.ts";
import { qr } from "../../src/linalg/qr.ts";
import { random } from "../linalg/matrices.ts";

/** x, A x, A² x, … as columns [n × M]. */
export function orbit(A: Matrix, start: readonly number[], M: number): Matrix {
  const n = A.rows;
  const states: Float64Array[] = [Float64Array.from(start)];
  while (states.length < M) {
    const x = { rows: n, cols: 1, data: states.at(-1)! };
    states.push(multiply(A, x).data);
  }
  return matrix(n, M, (i, j) => states[j][i]);
}

/** A block-diagonal matrix: numbers, and pairs [modulus, angle]. */
export function blockDiagonal(...blocks: (number | readonly [number, number])[]): Matrix {
  const n = blocks.reduce<number>((sum, block) => sum + (typeof block === "number" ? 1 : 2), 0);
  const data = new Float64Array(n * n);
  let at = 0;
  for (const block of blocks) {
    if (typeof block === "number") {
      data[at * (n + 1)] = block;
      at += 1;
    } else {
      const [c, s] = [block[0] * Math.cos(block[1]), block[0] * Math.sin(block[1])];
      data.set([c, -s], at * n + at);
      data.set([s, c], (at + 1) * n + at);
      at += 2;
    }
  }
  return { rows: n, cols: n, data };
}

/** Q D Qᵀ with a random orthogonal Q: normal if D is. */
export function rotated(D: Matrix, seed: number): Matrix {
  const { Q } = qr(random(D.rows, D.rows, seed));
  return multiply(multiply(Q, D), transpose(Q));
}

/**
 * Weights of a logistic regression under gradient descent, [n × M]: a smooth map that is not linear,
 * so that residuals are not zero.
 */
export function logisticTraining(n: number, M: number, seed: number): Matrix {
  const samples = 60;
  const uniform = mulberry32(seed);
  const X = matrix(samples, n, () => 2 * uniform() - 1);
  const y = Array.from({ length: samples }, () => Math.round(uniform()));
  const w = Float64Array.from({ length: n }, () => 2 * uniform() - 1);
  const states: Float64Array[] = [];
  for (let step = 0; step < M; step++) {
    states.push(w.slice());
    const slope = new Float64Array(n);
    for (let i = 0; i < samples; i++) {
      const row = X.data.subarray(i * n, (i + 1) * n);
      const score = row.reduce((sum, x, j) => sum + x * w[j], 0);
      const error = 1 / (1 + Math.exp(-score)) - y[i];
      for (let j = 0; j < n; j++) slope[j] += (error * row[j]) / samples;
    }
    for (let j = 0; j < n; j++) w[j] -= 2 * (slope[j] + 1e-2 * w[j]);
  }
  return matrix(n, M, (i, j) => states[j][i]);
}
