import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import type { Values } from "../graph/ops/control.ts";
import { add, mul, sub } from "../graph/ops/elementwise.ts";
import { gemm, matmul } from "../graph/ops/linear.ts";
import { matrixTranspose, reshape, transpose } from "../graph/ops/movement.ts";
import { tensor, typedArray } from "../graph/value.ts";
import { type Bidiagonal, blockUnit } from "../solvers/block-splitting.ts";
import { sizedGram, sizedSkew } from "./monotone-parameters.ts";
import { type Fineness, type Torus, tapTable, torus } from "./torus.ts";

/**
 * States of several resolutions on one torus: tier i has nᵢ channels and half the side of tier i − 1.
 * The cells are the pixels of the last tier; a cell of tier i holds fineᵢ × fineᵢ pixels, so that what
 * tiers say to each other by strided convolutions is block diagonal in the basis of the cells too.
 */
export interface TierLayout {
  readonly torus: Torus;
  readonly tiers: readonly Tier[];
  readonly width: number; // M, numbers in a cell over all tiers
}
export interface Tier {
  readonly channels: number;
  readonly fine: number; // pixels along a cell
  readonly width: number; // fine² · channels
}

/** @throws UsageError  for a side that cannot be halved from tier to tier */
export function tierLayout(channels: readonly number[], side: number): TierLayout {
  if (channels.length === 0) throw new UsageError("a monotone network without a tier of channels");
  const halvings = channels.length - 1;
  const coarse = side / 2 ** halvings;
  if (!Number.isInteger(coarse)) {
    throw new UsageError(
      `a state of ${side} × ${side} cannot be halved ${halvings} times for ${halvings + 1} tiers`,
      "choose the stride and the padding of the injection, or fewer tiers",
    );
  }
  const tiers = channels.map((count, i): Tier => {
    const fine = 2 ** (halvings - i);
    return { channels: count, fine, width: fine * fine * count };
  });
  return {
    torus: torus(coarse, splitOf(coarse)),
    tiers,
    width: tiers.reduce((sum, { width }) => sum + width, 0),
  };
}

/** Row and column of each pixel of a tier, in the order of the state: cell by cell, row by row in each. */
export function pixelsOf(
  { torus, tiers }: TierLayout,
  tier: number,
): (readonly [number, number])[] {
  const { fine } = tiers[tier];
  return torus.places.flatMap(([row, column]) =>
    Array.from(
      { length: fine * fine },
      (_, phase) =>
        [fine * row + Math.floor(phase / fine), fine * column + (phase % fine)] as const,
    ),
  );
}

/** Two products for the change of basis, where their arithmetic is worth one operator more. */
const splitOf = (side: number): 1 | 2 => (side % 2 === 0 && side >= 8 ? 2 : 1);

/** Names of the kernels: A and B within tier i, and C from tier i − 1 to tier i (the paper's Aᵢ,ᵢ₋₁). */
export const kernelNames = (count: number) => {
  const tiers = Array.from({ length: count }, (_, i) => i);
  return {
    gram: [...tiers.map((i) => `A${i}`), ...tiers.slice(1).map((i) => `C${i}`)],
    skew: tiers.map((i) => `B${i}`),
  };
};

/** Shape of a kernel by its name: [channels out, channels in, k, k]. */
export function kernelShape({ tiers }: TierLayout, name: string, kernel: number): number[] {
  const i = Number(name.slice(1));
  const from = name.startsWith("C") ? i - 1 : i;
  return [tiers[i].channels, tiers[from].channels, kernel, kernel];
}

/**
 * W of all tiers as blocks, by Winston & Kolter (2020), arXiv:2006.08591, section 4 and appendix D:
 *
 *   Wᵢᵢ = (1 − m)I − AᵢᵀAᵢ − Cᵢ₊₁ᵀCᵢ₊₁ + Bᵢ − Bᵢᵀ,  Wᵢ₊₁,ᵢ = −2 Aᵢ₊₁ᵀCᵢ₊₁
 *
 * that is W = (1 − m)I − ĀᵀĀ + skew with Ā of the A on the diagonal and the C below it, so that
 * I − W ⪰ mI. For one tier W = (1 − m)I − AᵀA + B − Bᵀ.
 */
export function tierWeights(parameters: Values, layout: TierLayout, m: number): Bidiagonal {
  const { torus, tiers } = layout;
  const blocks = (value: Value, from: number, to: number) =>
    kernelBlocks(value, torus, { from: tiers[from].fine, to: tiers[to].fine });
  const own = tiers.map((_, i) => blocks(sizedGram(parameters, `A${i}`), i, i));
  const coupling = tiers.map((_, i) =>
    i === 0 ? null : blocks(sizedGram(parameters, `C${i}`), i - 1, i),
  );
  const gram = (A: Value) => matmul(matrixTranspose(A), A);
  return {
    diagonal: tiers.map((_, i) => {
      const B = blocks(sizedSkew(parameters, `B${i}`), i, i);
      const next = coupling[i + 1];
      const grams = next ? add(gram(own[i]), gram(next)) : gram(own[i]);
      const W = sub(sub(B, matrixTranspose(B)), grams);
      return m === 1 ? W : add(W, mul(blockUnit(W), 1 - m));
    }),
    lower: tiers
      .slice(1)
      .map((_, i) => mul(matmul(matrixTranspose(own[i + 1]), coupling[i + 1]!), -2)),
  };
}

/** The blocks [F, 2·to²·nOut, 2·from²·nIn] of a circular convolution with a kernel [nOut, nIn, k, k]. */
export function kernelBlocks(kernel: Value, torus: Torus, fineness: Fineness): Value {
  const [nOut, nIn, k] = kernel.shape as [number, number, number];
  const frequencies = torus.pairs;
  const [rows, cols] = [2 * fineness.to ** 2, 2 * fineness.from ** 2];
  const table = tensor(typedArray(kernel.dtype, tapTable(torus, fineness, k)), [
    frequencies * rows * cols,
    k * k,
  ]);
  const entries = gemm(table, reshape(kernel, [nOut * nIn, k * k]), null, { transB: true });
  const apart = reshape(entries, [frequencies * rows, cols, nOut, nIn]);
  return reshape(transpose(apart, [0, 2, 1, 3]), [frequencies, rows * nOut, cols * nIn]);
}
