import type { Value } from "../../graph/node.ts";
import { add, mul } from "../../graph/ops/elementwise.ts";

/** ẏ of each sample at its own time: t [N, 1], y [N, n] → [N, n]. */
export type VectorField = (t: Value, y: Value) => Value;

/** A rational number, numerator and denominator. */
export type Rational = readonly [number, number];

/** An explicit Runge–Kutta method: stage i at t + cᵢh from yᵢ = y + h Σⱼ aᵢⱼ kⱼ; y′ = y + h Σ bᵢ kᵢ. */
export interface Tableau {
  readonly c: readonly Rational[];
  readonly a: readonly (readonly Rational[])[];
  readonly b: readonly Rational[];
  /** Weights of the other order, for the error h Σ (bᵢ − b̂ᵢ) kᵢ. */
  readonly bHat?: readonly Rational[];
}

const zero: Rational = [0, 1];

/**
 * Dormand & Prince (1980), "A family of embedded Runge–Kutta formulae", J. Comput. Appl. Math. 6,
 * 19–26: order 5(4), with their own weights of order 4. The seventh stage is at y′: it is the first
 * of the next step.
 */
export const dormandPrince = {
  c: [zero, [1, 5], [3, 10], [4, 5], [8, 9], [1, 1], [1, 1]],
  a: [
    [],
    [[1, 5]],
    [
      [3, 40],
      [9, 40],
    ],
    [
      [44, 45],
      [-56, 15],
      [32, 9],
    ],
    [
      [19372, 6561],
      [-25360, 2187],
      [64448, 6561],
      [-212, 729],
    ],
    [
      [9017, 3168],
      [-355, 33],
      [46732, 5247],
      [49, 176],
      [-5103, 18656],
    ],
    [[35, 384], zero, [500, 1113], [125, 192], [-2187, 6784], [11, 84]],
  ],
  b: [[35, 384], zero, [500, 1113], [125, 192], [-2187, 6784], [11, 84], zero],
  bHat: [[5179, 57600], zero, [7571, 16695], [393, 640], [-92097, 339200], [187, 2100], [1, 40]],
} as const satisfies Tableau;

/** The classical method of order 4. Kutta (1901). */
export const classical = {
  c: [zero, [1, 2], [1, 2], [1, 1]],
  a: [[], [[1, 2]], [zero, [1, 2]], [zero, zero, [1, 1]]],
  b: [
    [1, 6],
    [1, 3],
    [1, 3],
    [1, 6],
  ],
} as const satisfies Tableau;

const quotient = ([p, q]: Rational) => p / q;

/** Σ wᵢ kᵢ without the terms of weight 0. */
export function weighted(weights: readonly number[], k: readonly Value[]): Value {
  const terms = weights.flatMap((w, i) => (w === 0 ? [] : [w === 1 ? k[i] : mul(k[i], w)]));
  return terms.reduce(add);
}

/** The stages k of a step of length h [N, 1] and the states they are taken at. */
export function stages(
  { a, c }: Tableau,
  f: VectorField,
  t: Value,
  y: Value,
  h: Value,
  first: Value = f(t, y),
): { readonly k: readonly Value[]; readonly at: readonly Value[] } {
  const k = [first];
  const at = [y];
  for (let i = 1; i < a.length; i++) {
    const place = add(y, mul(weighted(a[i].map(quotient), k), h));
    at.push(place);
    k.push(f(add(t, mul(h, quotient(c[i]))), place));
  }
  return { k, at };
}

/** y after one step of length h [N, 1]. A last stage of no weight is not evaluated. */
export function advance({ a, b, c }: Tableau, f: VectorField, t: Value, y: Value, h: Value): Value {
  const used = b.findLastIndex(([p]) => p !== 0) + 1;
  const { k } = stages({ a: a.slice(0, used), b, c }, f, t, y, h);
  return add(y, mul(weighted(b.slice(0, used).map(quotient), k), h));
}

/** Weights of the error estimate, b − b̂. */
export const errorWeights = ({ b, bHat = [] }: Tableau): readonly number[] =>
  b.map((weight, i) => quotient(weight) - quotient(bHat[i] ?? zero));
