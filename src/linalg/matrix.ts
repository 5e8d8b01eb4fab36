import { DataError, ShapeError } from "../errors.ts";

/** A dense matrix of float64, row-major: entry (i, j) is data[i · cols + j]. */
export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float64Array;
}

/**
 * Wraps numbers without copying them.
 *
 * @throws ShapeError  for a size that is no positive integer, or another count of numbers
 * @throws DataError  for a NaN or infinite entry
 */
export function matrixOf(rows: number, cols: number, data: Float64Array): Matrix {
  for (const size of [rows, cols]) {
    if (!(Number.isInteger(size) && size > 0)) {
      throw new ShapeError(`a matrix of ${rows} × ${cols}: sizes are positive integers`);
    }
  }
  if (data.length !== rows * cols) {
    throw new ShapeError(`${data.length} numbers for a matrix of ${rows} × ${cols}`);
  }
  const A = { rows, cols, data };
  requireFinite(A);
  return A;
}

/** The matrix of entry(i, j). @throws DataError  for a NaN or infinite entry */
export function matrix(
  rows: number,
  cols: number,
  entry: (i: number, j: number) => number,
): Matrix {
  const indices = { length: rows * cols };
  return matrixOf(
    rows,
    cols,
    Float64Array.from(indices, (_, k) => entry(Math.floor(k / cols), k % cols)),
  );
}

/** @throws ShapeError  for rows of different lengths, or none */
export function fromRows(rows: readonly ArrayLike<number>[]): Matrix {
  const cols = rows[0]?.length ?? 0;
  const odd = rows.findIndex((row) => row.length !== cols);
  if (odd >= 0) {
    throw new ShapeError(`row ${odd} has ${rows[odd].length} numbers, row 0 has ${cols}`);
  }
  return matrix(rows.length, cols, (i, j) => rows[i][j]);
}

/** The identity [n × n]. */
export const identity = (n: number): Matrix => matrix(n, n, (i, j) => +(i === j));

/** @throws DataError  naming the first entry that is NaN or infinite */
export function requireFinite({ cols, data }: Matrix): void {
  let bad = 0;
  while (bad < data.length && Number.isFinite(data[bad])) bad++;
  if (bad === data.length) return;
  const [i, j] = [Math.floor(bad / cols), bad % cols];
  throw new DataError(`entry (${i}, ${j}) of a matrix is ${data[bad]}`);
}

/** @throws ShapeError  for a matrix that is not square */
export function requireSquare({ rows, cols }: Matrix): void {
  if (rows !== cols)
    throw new ShapeError(`a square matrix is wanted, not one of ${rows} × ${cols}`);
}

/** Aᵀ */
export function transpose({ rows, cols, data }: Matrix): Matrix {
  const out = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) out[j * rows + i] = data[i * cols + j];
  }
  return { rows: cols, cols: rows, data: out };
}

/** A B. @throws ShapeError  when A has not as many columns as B has rows */
export function multiply(A: Matrix, B: Matrix): Matrix {
  if (A.cols !== B.rows) {
    throw new ShapeError(`${A.rows} × ${A.cols} cannot multiply ${B.rows} × ${B.cols}`);
  }
  return sumsOfRows(A.data, A.rows, [A.cols, 1], B);
}

/** Aᵀ B. @throws ShapeError  when A has not as many rows as B */
export function multiplyTransposed(A: Matrix, B: Matrix): Matrix {
  if (A.rows !== B.rows) {
    throw new ShapeError(
      `the transpose of ${A.rows} × ${A.cols} cannot multiply ${B.rows} × ${B.cols}`,
    );
  }
  return sumsOfRows(A.data, A.cols, [1, A.cols], B);
}

/**
 * Row i is Σ_k c_ik · row k of B, summed in the order of k: memory is read in order. Four rows at a time
 * halve the time, since each sum is then loaded and stored once for four products; the bits are the same.
 *
 * @param steps  c_ik stands at i · steps[0] + k · steps[1]
 */
function sumsOfRows(
  c: Float64Array,
  rows: number,
  [down, along]: readonly [number, number],
  { rows: count, cols, data }: Matrix,
): Matrix {
  const out = new Float64Array(rows * cols);
  const fours = count - (count % 4);
  for (let i = 0; i < rows; i++) {
    const to = i * cols;
    for (let k = 0; k < fours; k += 4) {
      const at = i * down + k * along;
      const c0 = c[at];
      const c1 = c[at + along];
      const c2 = c[at + 2 * along];
      const c3 = c[at + 3 * along];
      const first = k * cols;
      const second = first + cols;
      const third = second + cols;
      const fourth = third + cols;
      for (let j = 0; j < cols; j++) {
        out[to + j] =
          out[to + j] +
          c0 * data[first + j] +
          c1 * data[second + j] +
          c2 * data[third + j] +
          c3 * data[fourth + j];
      }
    }
    for (let k = fours; k < count; k++) {
      const factor = c[i * down + k * along];
      for (let j = 0; j < cols; j++) out[to + j] += factor * data[k * cols + j];
    }
  }
  return { rows, cols, data: out };
}

/** A Aᵀ [rows × rows], symmetric to the last bit. */
export function gram({ rows, cols, data }: Matrix): Matrix {
  const out = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++) {
    const u = data.subarray(i * cols, (i + 1) * cols);
    for (let j = 0; j <= i; j++) {
      const offset = j * cols;
      let sum = 0;
      for (let k = 0; k < cols; k++) sum += u[k] * data[offset + k];
      out[i * rows + j] = sum;
      out[j * rows + i] = sum;
    }
  }
  return { rows, cols: rows, data: out };
}

export const add = (A: Matrix, B: Matrix): Matrix => combination(1, A, 1, B);

export const subtract = (A: Matrix, B: Matrix): Matrix => combination(1, A, -1, B);

export function scale(A: Matrix, factor: number): Matrix {
  const data = new Float64Array(A.data.length);
  for (let k = 0; k < data.length; k++) data[k] = A.data[k] * factor;
  return { ...A, data };
}

/** A + tI. @throws ShapeError  for a matrix that is not square */
export function shift(A: Matrix, t: number): Matrix {
  requireSquare(A);
  const data = A.data.slice();
  for (let i = 0; i < data.length; i += A.cols + 1) data[i] += t;
  return { ...A, data };
}

/** (A + Aᵀ)/2, symmetric to the last bit. @throws ShapeError  for a matrix that is not square */
export function symmetricPart(A: Matrix): Matrix {
  requireSquare(A);
  return combination(0.5, A, 0.5, transpose(A));
}

/** max |a_ij| */
export function largestEntry({ data }: Matrix): number {
  let most = 0;
  for (let k = 0; k < data.length; k++) most = Math.max(most, Math.abs(data[k]));
  return most;
}

/** ‖A‖_F = √Σ a_ij², without overflow or underflow of the squares. */
export function frobeniusNorm(A: Matrix): number {
  const unit = binaryScale(A);
  return unit * Math.sqrt(A.data.reduce((sum, a) => sum + (a / unit) ** 2, 0));
}

/**
 * The power of 2 within a factor of 2 of the largest entry in modulus (1 for a zero matrix). Division
 * by it is exact short of underflow, so a matrix of any scale can be brought to one where squares are
 * harmless.
 */
export function binaryScale(A: Matrix): number {
  const most = largestEntry(A);
  return most === 0 ? 1 : 2 ** Math.min(1023, Math.max(-1022, Math.floor(Math.log2(most))));
}

/** p A + q B; products with 1, −1 and 1/2 are exact. */
function combination(p: number, A: Matrix, q: number, B: Matrix): Matrix {
  if (A.rows !== B.rows || A.cols !== B.cols) {
    throw new ShapeError(`${A.rows} × ${A.cols} beside ${B.rows} × ${B.cols}`);
  }
  const data = new Float64Array(A.data.length);
  for (let k = 0; k < data.length; k++) data[k] = p * A.data[k] + q * B.data[k];
  return { ...A, data };
}
