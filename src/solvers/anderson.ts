import { UsageError } from "../errors.ts";
import type { Value } from "../graph/node.ts";
import { abs, add, div, less, mul, sub, where } from "../graph/ops/elementwise.ts";
import { inverse, matmul } from "../graph/ops/linear.ts";
import { concat, matrixTranspose, reshape, slice, zerosLike } from "../graph/ops/movement.ts";
import { constant } from "../graph/value.ts";
import { fromRow, perSample, products, toRow } from "./history.ts";
import type { Method } from "./iterate.ts";
import { methodOptions, type Ranges } from "./options.ts";
import { epsilon, sums } from "./rows.ts";

export interface AndersonOptions {
  /** Iterates mixed, m. */
  readonly window: number;
  /** λ, relative to each squared residual; at least what rounding can tell from 0. */
  readonly ridge: number;
  /** β: how much of the mixed residual is added to the mixed iterate. */
  readonly mixing: number;
  /** Mixes after every p-th evaluation; those between are plain (damped) steps, which cost no more. */
  readonly period: number;
}

export const andersonDefaults: AndersonOptions = { window: 6, ridge: 1e-10, mixing: 1, period: 1 };

export const andersonRanges: Ranges<AndersonOptions> = {
  window: { whole: true, from: 2 },
  ridge: { from: 0 },
  mixing: { above: 0, to: 1 },
  period: { whole: true, from: 1 },
};

/** The squared residual of an empty slot: so large that it gets no weight. */
const empty = 1e30;

/**
 * Anderson mixing (type II) of the last m iterates zᵢ with residuals gᵢ = f(zᵢ) − zᵢ, per sample:
 *
 *   α = argmin ‖Σ αᵢ gᵢ‖² + λ Σ αᵢ² ‖gᵢ‖²  with  Σ αᵢ = 1,   z ← Σ αᵢ (zᵢ + β gᵢ)
 *
 * which is α ∝ A⁻¹1 for the Gram matrix A of the residuals with its diagonal times 1 + λ. Since λ is
 * relative, the number of evaluations does not depend on the unit of the unknown. The Gram matrix is
 * kept; a step computes its new rows only. Where A is singular or the weights are out of all
 * proportion a sample takes a damped plain step.
 *
 * Walker & Ni (2011), "Anderson acceleration for fixed-point iterations"; with a period: Pratapa,
 * Suryanarayana & Pask (2016), "Anderson acceleration of the Jacobi iterative method",
 * arXiv:1606.08740.
 *
 * @throws UsageError for an unknown option or one out of range
 */
export function anderson(options: Partial<AndersonOptions> = {}): Method {
  const { window, ridge, mixing, period } = methodOptions(
    "anderson",
    andersonDefaults,
    andersonRanges,
    options,
  );
  if (period > window) {
    throw new UsageError(
      `anderson: period ${period} with window ${window}`,
      "what is mixed must reach back to the last mixing: take period ≤ window",
    );
  }
  return {
    evaluations: period,
    start: (z0) => {
      const z = toRow(z0);
      const gram = constant(diagonal(window, 0, empty), z.dtype, [1, window, window]);
      const slots = Array<Value>(window).fill(zerosLike(z));
      return [...z0, mul(perSample(1, z), gram), ...slots, ...slots];
    },
    step: (f, carry) => {
      const like = carry.slice(0, -1 - 2 * window);
      let residuals = carry.slice(-2 * window, -window);
      let images = carry.slice(-window);
      let [z, fz]: (readonly Value[])[] = [like, like];
      for (let k = 0; k < period; k++) {
        if (k > 0) z = damped(z, fz, mixing);
        fz = f(...z);
        const image = toRow(fz);
        images = [...images.slice(1), image];
        residuals = [...residuals.slice(1), sub(image, toRow(z))];
      }
      const G = concat(residuals, 1);
      const rows = residuals.slice(-period).map((g) => products(g, G));
      const gram = nextGram(carry[like.length], concat(rows, 1));
      const alpha = weights(gram, ridge);
      const mixed = matmul(alpha, concat(images, 1));
      const next = mixing === 1 ? mixed : sub(mixed, mul(matmul(alpha, G), 1 - mixing));
      return { carry: [...fromRow(next, like), gram, ...residuals, ...images], z, fz };
    },
  };
}

/** z + β (f(z) − z) */
const damped = (z: readonly Value[], fz: readonly Value[], beta: number) =>
  beta === 1 ? fz : fz.map((image, i) => add(mul(image, beta), mul(z[i], 1 - beta)));

/** The Gram matrix [N, m, m] after its newest rows [N, p, m] have replaced the oldest. */
function nextGram(gram: Value, rows: Value): Value {
  const [, period, window] = rows.shape.map(Number);
  if (period === window) return rows;
  const kept = slice(slice(gram, 1, { start: period }), 2, { start: period });
  const columns = matrixTranspose(slice(rows, 2, { end: window - period }));
  return concat([concat([kept, columns], 2), rows], 1);
}

/** α [N, 1, m] of a Gram matrix; all on the newest where the system cannot be solved. */
function weights(gram: Value, ridge: number): Value {
  const { dtype, shape } = gram;
  const window = Number(shape[1]);
  const factors = diagonal(window, 1, 1 + Math.max(ridge, epsilon[dtype]));
  const solved = inverse(mul(gram, constant(factors, dtype, [window, window])));
  const ratios = reshape(sums(solved), [shape[0], 1, window]);
  const alpha = div(ratios, sums(ratios));
  // Beyond this, rounding in f(z) would move the mixture by more than √ε. NaN is not less either.
  const size = sums(abs(alpha));
  const newest = constant(
    Array.from({ length: window }, (_, i) => +(i === window - 1)),
    dtype,
  );
  return where(less(size, epsilon[dtype] ** -0.5), alpha, newest);
}

/** A matrix [n, n], row by row, of two numbers. */
const diagonal = (n: number, off: number, on: number) =>
  Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? on : off));
