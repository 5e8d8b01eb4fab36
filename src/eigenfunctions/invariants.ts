import { ShapeError, UsageError } from "../errors.ts";
import { type Eigenfunction, phiOf } from "./eigenfunctions.ts";
import type { RecurrentNetwork } from "./network.ts";

/** Π φ_j^{m_j}. */
export interface Monomial {
  readonly exponents: readonly number[];
  /** Σ m_j λ_j in continuous time, Π λ_j^{m_j} in steps. */
  readonly eigenvalue: number;
  /** Whether it does not change along any trajectory on which it is defined. */
  readonly constant: boolean;
  /** Its value at a state. */
  readonly value: (x: ArrayLike<number>) => number;
}

/**
 * A product of powers of eigenfunctions, which is one itself: a ratio of two of equal eigenvalue is a
 * constant of motion. Defined where no factor of negative power is 0.
 *
 * @throws ShapeError  for another number of exponents than of eigenfunctions
 * @throws UsageError  for exponents that are no whole numbers, or a negative power of a function that
 *   is 0 after one step (leak 1)
 */
export function monomial(
  { time }: RecurrentNetwork,
  functions: readonly Eigenfunction[],
  exponents: readonly number[],
): Monomial {
  if (exponents.length !== functions.length)
    throw new ShapeError(`${exponents.length} exponents for ${functions.length} eigenfunctions`);
  if (!exponents.every(Number.isInteger))
    throw new UsageError(`exponents ${exponents.join(", ")}: whole numbers are wanted`);
  if (functions.some(({ eigenvalue }, j) => eigenvalue === 0 && exponents[j] < 0))
    throw new UsageError("φ is 0 after one step of leak 1: no negative power of it is defined");
  const eigenvalue = functions.reduce(
    (total, { eigenvalue: one }, j) =>
      time.kind === "continuous" ? total + exponents[j] * one : total * one ** exponents[j],
    time.kind === "continuous" ? 0 : 1,
  );
  return {
    exponents,
    eigenvalue,
    constant: eigenvalue === (time.kind === "continuous" ? 0 : 1),
    value: (x) =>
      functions.reduce(
        (total, one, j) => (exponents[j] === 0 ? total : total * phiOf(one, x) ** exponents[j]),
        1,
      ),
  };
}

/**
 * Independent constants of motion: φ_j/φ_1 for the exact functions of each eigenvalue that an input
 * does not reach, one fewer than there are of them.
 */
export function ratios(
  network: RecurrentNetwork,
  functions: readonly Eigenfunction[],
): { readonly over: number; readonly under: number; readonly monomial: Monomial }[] {
  const usable = functions
    .map((one, index) => ({ one, index }))
    .filter(({ one }) => one.exact && one.autonomous && one.eigenvalue !== 0);
  return usable.flatMap(({ one, index }) => {
    const first = usable.find((other) => other.one.eigenvalue === one.eigenvalue)!;
    if (first.index === index) return [];
    const exponents = functions.map((_, j) => +(j === index) - +(j === first.index));
    return [{ over: index, under: first.index, monomial: monomial(network, functions, exponents) }];
  });
}
