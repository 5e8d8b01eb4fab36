import {
  add,
  type Matrix,
  matrix,
  multiply,
  scale,
  shift,
  subtract,
  transpose,
} from "../../src/linalg/matrix.ts";
import type { Torus } from "../../src/models/torus.ts";
import { inverse } from "../verification/networks.ts";

/** Everything about a network of circular convolutions as dense matrices, by definition. */

export type Kernel = {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number | bigint>;
};

/** Cells along a side, in squares of split × split. */
export interface DenseGrid {
  readonly cells: number;
  readonly split: number;
}

/** A tier in the order of the state: cells, then pixels of a cell, then channels. */
export interface DenseTier {
  readonly channels: number;
  readonly fine: number;
}

/** The order of cells in the state: row by row, or by squares of 2 × 2. */
const cellAt = (cells: number, split: number, y: number, x: number) =>
  (Math.floor(y / split) * (cells / split) + Math.floor(x / split)) * split * split +
  (y % split) * split +
  (x % split);

/** The place in the state of a tier alone. */
export const place = (
  { channels, fine }: DenseTier,
  { cells, split }: DenseGrid,
  y: number,
  x: number,
  c: number,
) => {
  const cell = cellAt(cells, split, Math.floor(y / fine), Math.floor(x / fine));
  const phase = (y % fine) * fine + (x % fine);
  return (cell * fine * fine + phase) * channels + c;
};

/**
 * y[o, p] = Σ A[o, i, τ] x[i, stride·p + τ − reach] around the torus, [numbers of `to`, of `from`];
 * `each` is told which entry of the matrix comes from which entry of the kernel.
 */
export function denseConvolution(
  { shape: [nOut, nIn, k], data }: Kernel,
  grid: DenseGrid,
  from: DenseTier,
  to: DenseTier,
  each: (row: number, col: number, entry: number) => void = () => {},
): Matrix {
  const [sideIn, sideOut] = [grid.cells * from.fine, grid.cells * to.fine];
  const stride = sideIn / sideOut;
  const reach = (k - 1) / 2;
  const cols = sideIn * sideIn * nIn;
  const out = new Float64Array(sideOut * sideOut * nOut * cols);
  const wrap = (a: number) => ((a % sideIn) + sideIn) % sideIn;
  for (let y = 0; y < sideOut; y++)
    for (let x = 0; x < sideOut; x++)
      for (let o = 0; o < nOut; o++)
        for (let i = 0; i < nIn; i++)
          for (let tap = 0; tap < k * k; tap++) {
            const row = place(to, grid, y, x, o);
            const col = place(
              from,
              grid,
              wrap(stride * y + Math.floor(tap / k) - reach),
              wrap(stride * x + (tap % k) - reach),
              i,
            );
            const entry = (o * nIn + i) * k * k + tap;
            out[row * cols + col] += Number(data[entry]);
            each(row, col, entry);
          }
  return { rows: sideOut * sideOut * nOut, cols, data: out };
}

/** Places of a tier's numbers in the whole state [P·M]: cell by cell, tier by tier. */
export function tierPlaces(tiers: readonly DenseTier[], cells: number, tier: number): number[] {
  const widths = tiers.map(({ channels, fine }) => channels * fine * fine);
  const total = widths.reduce((sum, m) => sum + m, 0);
  const before = widths.slice(0, tier).reduce((sum, m) => sum + m, 0);
  return Array.from({ length: cells * cells * widths[tier] }, (_, at) => {
    const [cell, inside] = [Math.floor(at / widths[tier]), at % widths[tier]];
    return cell * total + before + inside;
  });
}

/** The whole change of basis of a torus, T (Q₁ ⊗ I). */
export function denseBasis({ basis, twiddle, split, cells, pairs }: Torus): Matrix {
  if (twiddle === null) return basis;
  const phases = split * split;
  const size = 2 * phases;
  return matrix(2 * pairs, cells, (row, place) => {
    const [f, i] = [Math.floor(row / size), row % size];
    const [square, phase] = [Math.floor(place / phases), place % phases];
    return [0, 1].reduce(
      (sum, j) =>
        sum +
        twiddle[(f * size + i) * size + j * phases + phase] *
          basis.data[(2 * f + j) * basis.cols + square],
      0,
    );
  });
}

/**
 * W by the blocks that the paper writes, Wᵢᵢ = (1 − m)I − AᵢᵀAᵢ − Cᵢ₊₁ᵀCᵢ₊₁ + Bᵢ − Bᵢᵀ and
 * Wᵢ₊₁,ᵢ = −2Aᵢ₊₁ᵀCᵢ₊₁, each put in its place.
 */
export function denseWeight(
  kernels: Readonly<Record<string, Kernel>>,
  tiers: readonly DenseTier[],
  grid: DenseGrid,
  m: number,
): Matrix {
  const conv = (name: string, from: number, to: number) =>
    denseConvolution(kernels[name], grid, tiers[from], tiers[to]);
  const places = tiers.map((_, i) => tierPlaces(tiers, grid.cells, i));
  const size = places.reduce((sum, list) => sum + list.length, 0);
  const out = new Float64Array(size * size);
  const put = (block: Matrix, row: number, col: number) => {
    for (let i = 0; i < block.rows; i++)
      for (let j = 0; j < block.cols; j++)
        out[places[row][i] * size + places[col][j]] += block.data[i * block.cols + j];
  };
  tiers.forEach((_, i) => {
    const A = conv(`A${i}`, i, i);
    const B = conv(`B${i}`, i, i);
    let own = subtract(subtract(B, transpose(B)), multiply(transpose(A), A));
    if (i + 1 < tiers.length) {
      const C = conv(`C${i + 1}`, i, i + 1);
      own = subtract(own, multiply(transpose(C), C));
      const next = conv(`A${i + 1}`, i + 1, i + 1);
      put(scale(multiply(transpose(next), C), -2), i + 1, i);
    }
    put(shift(own, 1 - m), i, i);
  });
  return { rows: size, cols: size, data: out };
}

/** 2(I + α(I − W))⁻¹ − I */
export const denseReflection = (W: Matrix, alpha: number): Matrix =>
  shift(scale(inverse(shift(scale(W, -alpha), 1 + alpha)), 2), -1);

/** The equilibrium of each column of c, by Peaceman–Rachford with α = 1, where the prox is σ·mask. */
export function denseEquilibrium(
  W: Matrix,
  c: Matrix,
  sigma: (v: number) => number,
  mask: ArrayLike<number>,
): Matrix {
  const R = denseReflection(W, 1);
  const offset = add(multiply(R, c), c);
  const read = (u: Matrix) =>
    matrix(u.rows, u.cols, (i, j) => mask[i] * sigma(u.data[i * u.cols + j]));
  let u = matrix(c.rows, c.cols, () => 0);
  for (let step = 0; step < 3000; step++) {
    const next = add(multiply(R, subtract(scale(read(u), 2), u)), offset);
    const change = subtract(next, u).data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    u = next;
    if (change < 1e-14) return read(u);
  }
  throw new Error("no equilibrium within 3000 steps");
}
