import { UsageError } from "../errors.ts";
import type { ComplexNumbers } from "../linalg/eigenvalues.ts";

/** Whether a spectrum shows the period of gluing rather than the layer. */
export interface GluingArtefact {
  readonly found: boolean;
  readonly period: number; // N, snapshots of a trajectory
  /** N-th roots of unity that have an eigenvalue near them, one each. */
  readonly roots: number;
  /** Of these eigenvalues: the farthest from its root's angle, in spacings 2π/N, and the moduli. */
  readonly angle: number;
  readonly moduli: readonly [number, number];
  readonly sentence: string;
}

/** So far from a root an eigenvalue still counts as one: in spacings of angle, and in modulus. */
const near = { angle: 0.1, modulus: 0.1 } as const;
/** The share of the roots that must be there. */
const enough = 2 / 3;

/**
 * Looks for the N-th roots of unity among eigenvalues. Trajectories of N snapshots that are glued into one
 * series repeat every N steps, whatever the layer does; an operator fitted to the series has
 * λ = exp(2πik/N) of modulus near 1, which describe the gluing. Pairs within one trajectory do not have them.
 *
 * @throws UsageError  for a period below 2
 */
export function gluingArtefact({ re, im }: ComplexNumbers, period: number): GluingArtefact {
  if (!(Number.isInteger(period) && period >= 2))
    throw new UsageError(`a period of ${period} snapshots: a whole number from 2 is wanted`);
  const spacing = (2 * Math.PI) / period;
  const best = new Map<number, { angle: number; modulus: number }>();
  for (let i = 0; i < re.length; i++) {
    const modulus = Math.hypot(re[i], im[i]);
    if (Math.abs(modulus - 1) > near.modulus) continue;
    const turns = Math.atan2(im[i], re[i]) / spacing;
    const angle = Math.abs(turns - Math.round(turns));
    if (angle > near.angle) continue;
    const root = (Math.round(turns) + period) % period;
    if (angle < (best.get(root)?.angle ?? Infinity)) best.set(root, { angle, modulus });
  }
  const matched = [...best.values()];
  const found = matched.length >= enough * period;
  const moduli = matched.map(({ modulus }) => modulus);
  const range: [number, number] =
    moduli.length === 0 ? [0, 0] : [Math.min(...moduli), Math.max(...moduli)];
  const count = `${matched.length} of the ${period} roots of unity of order ${period}`;
  return {
    found,
    period,
    roots: matched.length,
    angle: Math.max(0, ...matched.map(({ angle }) => angle)),
    moduli: range,
    sentence: found
      ? `gluing artefact: ${count} are among the eigenvalues (moduli ${range.map((m) => m.toFixed(3)).join(" to ")}); they are the period of the glued series, not the layer`
      : `no gluing artefact: ${count} are among the eigenvalues`,
  };
}
