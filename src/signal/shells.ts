import { UsageError } from "../errors.ts";

/** Which shell ‖k‖₁ = s(ℓ) belongs to layer ℓ: s(ℓ) = ℓ, s(ℓ) = 2^ℓ, or the list of s(0), s(1), …. */
export type ShellScale = "linear" | "exponential" | readonly number[];

/** A frequency k ∈ ℤᴰ, the one of k and −k whose first entry that is not 0 is positive. */
export type Frequency = readonly number[];

/**
 * s(ℓ), the radius of the shell of layer ℓ.
 *
 * @throws UsageError  for a list that ends before ℓ, or an entry that is no whole number ≥ 0
 */
export function shellRadius(scale: ShellScale, layer: number): number {
  const radius = scale === "linear" ? layer : scale === "exponential" ? 2 ** layer : scale[layer];
  if (Number.isInteger(radius) && radius >= 0) return radius;
  throw new UsageError(
    `shells: s(${layer}) is ${radius}, wanted a whole number from 0`,
    radius === undefined ? `give the list ${layer + 1} numbers` : undefined,
  );
}

/** Half of the lattice points with ‖k‖₁ = radius in ℤᴰ: one of k and −k, and 0 itself. */
export function shell(radius: number, dimensions: number): Frequency[] {
  return points(radius, dimensions).filter((k) => (k.find((x) => x !== 0) ?? 1) > 0);
}

/** The shells 0 … radius. */
export const ball = (radius: number, dimensions: number): Frequency[] =>
  Array.from({ length: radius + 1 }, (_, r) => shell(r, dimensions)).flat();

/** How often a frequency counts in a sum over ℤᴰ: k and −k contribute alike for real signals. */
export const multiplicity = (k: Frequency): 1 | 2 => (k.every((x) => x === 0) ? 1 : 2);

/** (1 + (2π‖k‖₂)²)ˢ, the weight of a frequency in the norm of Hˢ on the torus of side 1. */
export const sobolevWeight = (k: Frequency, exponent: number): number =>
  (1 + (2 * Math.PI) ** 2 * k.reduce((sum, x) => sum + x * x, 0)) ** exponent;

function points(radius: number, dimensions: number): number[][] {
  if (dimensions === 1) return radius === 0 ? [[0]] : [[-radius], [radius]];
  const all: number[][] = [];
  for (let first = -radius; first <= radius; first++)
    for (const rest of points(radius - Math.abs(first), dimensions - 1)) all.push([first, ...rest]);
  return all;
}
