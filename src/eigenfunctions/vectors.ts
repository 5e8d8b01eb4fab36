import type { Matrix } from "../linalg/matrix.ts";

/** uᵀv. */
export function dot(u: ArrayLike<number>, v: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < u.length; i++) sum += u[i] * v[i];
  return sum;
}

/** ‖u‖₂, for entries whose squares neither overflow nor vanish. */
export const norm = (u: ArrayLike<number>): number => Math.sqrt(dot(u, u));

/** A x. */
export function times({ rows, cols, data }: Matrix, x: ArrayLike<number>): Float64Array {
  const out = new Float64Array(rows);
  for (let i = 0, at = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < cols; j++) sum += data[at++] * x[j];
    out[i] = sum;
  }
  return out;
}

/** Aᵀ x. */
export function transposedTimes({ rows, cols, data }: Matrix, x: ArrayLike<number>): Float64Array {
  const out = new Float64Array(cols);
  for (let i = 0, at = 0; i < rows; i++) {
    const factor = x[i];
    for (let j = 0; j < cols; j++) out[j] += data[at++] * factor;
  }
  return out;
}

/** x + factor · y. */
export const plus = (x: Float64Array, factor: number, y: ArrayLike<number>): Float64Array =>
  x.map((value, i) => value + factor * y[i]);

/** Column j of a matrix. */
export const columnOf = ({ rows, cols, data }: Matrix, j: number): Float64Array =>
  Float64Array.from({ length: rows }, (_, i) => data[i * cols + j]);
