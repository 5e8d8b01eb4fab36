import { mulberry32 } from "../../src/data/random.ts";
import { type Tensor, tensorOf } from "../../src/graph/tensor.ts";
import {
  identity,
  type Matrix,
  matrix,
  multiply,
  scale,
  shift,
  subtract,
  transpose,
} from "../../src/linalg/matrix.ts";
import type { Iteration } from "../../src/verification/certificate.ts";

export type Tensors = Record<string, Tensor>;

export const peacemanRachford: Iteration = {
  activation: "relu",
  splitting: "peaceman-rachford",
  alpha: 1,
};

export interface NetworkOptions {
  readonly n?: number;
  readonly d?: number;
  readonly k?: number;
  readonly m?: number;
  readonly alpha?: number;
  readonly seed?: number;
  readonly spread?: number; // of A and B, times ±1/√n
  readonly standardised?: boolean;
}

/** The float32 tensors of a network W = (1 − m)I − AᵀA + B − Bᵀ with random A, B, U, W_o. */
export function network({
  n = 12,
  d = 5,
  k = 3,
  m = 1,
  alpha = 1,
  seed = 1,
  spread = 1,
  standardised = false,
}: NetworkOptions = {}): Tensors {
  const uniform = mulberry32(seed);
  const draw = (rows: number, cols: number, size: number) =>
    matrix(rows, cols, () => (2 * uniform() - 1) * size);
  const [A, B] = [draw(n, n, spread / Math.sqrt(n)), draw(n, n, spread / Math.sqrt(n))];
  const skew = subtract(B, transpose(B));
  const W = shift(subtract(skew, multiply(transpose(A), A)), 1 - m);
  return {
    ...weights(W, alpha),
    U: stored(draw(n, d, 1 / Math.sqrt(d))),
    b: stored(draw(1, n, 1), [n]),
    W_o: stored(draw(k, n, 1 / Math.sqrt(n))),
    b_o: stored(draw(1, k, 1), [k]),
    ...(standardised && {
      "input.mean": stored(draw(1, d, 1), [d]),
      "input.scale": stored(
        matrix(1, d, () => 0.5 + 2 * uniform()),
        [d],
      ),
    }),
  };
}

/** W and R = 2(I + α(I − W))⁻¹ − I, both rounded to float32. */
export function weights(W: Matrix, alpha: number): Tensors {
  const resolvent = inverse(shift(scale(W, -alpha), 1 + alpha));
  return { W: stored(W), R: stored(shift(scale(resolvent, 2), -1)) };
}

export const stored = (
  { rows, cols, data }: Matrix,
  shape: readonly number[] = [rows, cols],
): Tensor => tensorOf(Float32Array.from(data), shape);

export const widened = ({ shape, data }: Tensor): Matrix => {
  const [rows, cols] = shape.length === 1 ? [1, shape[0]] : shape;
  return { rows, cols, data: Float64Array.from(data, Number) };
};

/** The same tensors but for one entry. */
export function changed(
  tensors: Tensors,
  name: string,
  index: number,
  change: (x: number) => number,
): Tensors {
  const data = Float32Array.from(tensors[name].data, Number);
  data[index] = change(data[index]);
  return { ...tensors, [name]: tensorOf(data, tensors[name].shape) };
}

/** The float32 after x, away from zero. */
export function nextFloat32(x: number): number {
  const bits = new Uint32Array(Float32Array.of(x).buffer);
  bits[0]++;
  return new Float32Array(bits.buffer)[0];
}

/** Gauss–Jordan with pivoting. */
export function inverse(A: Matrix): Matrix {
  const n = A.rows;
  const rows = Array.from({ length: n }, (_, i) => [
    ...A.data.subarray(i * n, (i + 1) * n),
    ...identity(n).data.subarray(i * n, (i + 1) * n),
  ]);
  for (let j = 0; j < n; j++) {
    let p = j;
    for (let i = j; i < n; i++) if (Math.abs(rows[i][j]) > Math.abs(rows[p][j])) p = i;
    [rows[j], rows[p]] = [rows[p], rows[j]];
    rows[j] = rows[j].map((x) => x / rows[j][j]);
    for (let i = 0; i < n; i++) {
      const factor = rows[i][j];
      if (i !== j) rows[i] = rows[i].map((x, c) => x - factor * rows[j][c]);
    }
  }
  return matrix(n, n, (i, j) => rows[i][n + j]);
}

/**
 * The logits of one raw input at the equilibrium that the Peaceman–Rachford iteration with R finds,
 * u ← R(2 prox(u) − u) + (R + I)c at α = 1, where the prox is the activation; in float64.
 */
export function logits(
  tensors: Tensors,
  x: readonly number[],
  sigma: (v: number) => number,
): { readonly z: Float64Array; readonly y: Float64Array; readonly steps: number } {
  const { W_o, b_o, U, b, R, "input.mean": mean, "input.scale": deviation } = tensors;
  const v = x.map((xi, j) =>
    deviation ? (xi - Number(mean.data[j])) / Number(deviation.data[j]) : xi,
  );
  const c = affine(U, v, b);
  const shiftedC = affine(R, c).map((r, i) => r + c[i]);
  let u = new Float64Array(c.length);
  for (let steps = 1; steps < 100_000; steps++) {
    const reflected = u.map((ui) => 2 * sigma(ui) - ui);
    const next = affine(R, reflected).map((r, i) => r + shiftedC[i]);
    const change = Math.max(...next.map((x, i) => Math.abs(x - u[i])));
    u = next;
    if (change < 1e-14) {
      const z = u.map(sigma);
      return { z, y: affine(W_o, z, b_o), steps };
    }
  }
  throw new Error("no equilibrium within 100000 steps");
}

function affine(A: Tensor, x: ArrayLike<number>, b?: Tensor): Float64Array<ArrayBuffer> {
  const [rows, cols] = A.shape;
  return Float64Array.from({ length: rows }, (_, i) => {
    let sum = Number(b?.data[i] ?? 0);
    for (let j = 0; j < cols; j++) sum += Number(A.data[i * cols + j]) * x[j];
    return sum;
  });
}
