import { ShapeError } from "../../errors.ts";

/*
 * What batches tell of |Σᵢ aᵢ|² over all N rows, where aᵢ = (Re, Im) of E_ki eᵢ for one frequency. The square
 * of the scaled sum over one batch is too large by its variance, at every frequency alike.
 */

/** A summand of a Fourier coefficient. */
export type Summand = readonly [re: number, im: number];

const total = (a: readonly Summand[]): Summand =>
  a.reduce<Summand>(([re, im], [x, y]) => [re + x, im + y], [0, 0]);
const square = ([re, im]: Summand): number => re * re + im * im;

/** |(N/b) Σ_{i∈B} aᵢ|²: biased up by the variance of the scaled sum. */
export const naiveEstimate = (batch: readonly Summand[], N: number): number =>
  (N / batch.length) ** 2 * square(total(batch));

/**
 * Re(conj(ê₁) ê₂) of two batches, each scaled to N rows: unbiased where they are drawn independently of one
 * another, each uniformly.
 */
export function twoBatchEstimate(
  first: readonly Summand[],
  second: readonly Summand[],
  N: number,
): number {
  const [p, q] = [total(first), total(second)];
  return (N ** 2 / (first.length * second.length)) * (p[0] * q[0] + p[1] * q[1]);
}

/**
 * The same from the pairs within one batch drawn without replacement, as those of an epoch are:
 * N(N−1)/(b(b−1)) Σ_{i≠j} Re(conj(aᵢ)aⱼ) + N/b Σᵢ |aᵢ|². It is the mean over all ways to halve the batch of
 * the two halves' product, corrected for rows that cannot meet themselves; unbiased, and exact for b = N.
 *
 * @throws ShapeError  for a batch of fewer than two rows
 */
export function allPairsEstimate(batch: readonly Summand[], N: number): number {
  const b = batch.length;
  if (b < 2) throw new ShapeError(`a batch of ${b} has no pair of rows`);
  const alone = batch.reduce((sum, a) => sum + square(a), 0);
  return ((N * (N - 1)) / (b * (b - 1))) * (square(total(batch)) - alone) + (N / b) * alone;
}
