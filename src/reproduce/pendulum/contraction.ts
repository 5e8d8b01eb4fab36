import { symmetricEigenvalues } from "../../linalg/symmetric.ts";

/** A hanging pendulum for the question: g/l in 1/s², and d, the damping of φ̈ = −(g/l) sin φ − d φ̇, in 1/s. */
export interface Hanging {
  readonly stiffness: number;
  readonly damping: number;
}

/**
 * φ_max up to which one quadratic metric contracts everywhere on |φ| ≤ φ_max, in radians:
 *
 *   g/l < (√((g/l) cos φ_max) + d)²
 *
 * It comes of P J + JᵀP ≺ 0 for J = [0, 1; −(g/l) c, −d] at c = 1 and at c = cos φ_max, between which J is
 * linear in c. At most π/2: beyond, J has an eigenvalue that is not stable.
 */
export function contractionAngle({ stiffness, damping }: Hanging): number {
  const root = Math.sqrt(stiffness) - damping;
  return root <= 0 ? Math.PI / 2 : Math.acos(root ** 2 / stiffness);
}

/**
 * The same asked of matrices: whether some P = [a, b; b, 1] ≻ 0 of a grid has PJ + JᵀP ≺ 0 at both ends
 * of |φ| ≤ angle, by eigenvalues.
 */
export function metricExists({ stiffness, damping }: Hanging, angle: number, grid = 80): boolean {
  const rate = (a: number, b: number, c: number) => {
    const k = stiffness * c;
    // PJ + JᵀP
    const across = a - b * damping - k;
    return symmetricEigenvalues({
      rows: 2,
      cols: 2,
      data: Float64Array.of(-2 * b * k, across, across, 2 * (b - damping)),
    })[1];
  };
  for (let i = 1; i < grid; i++) {
    const b = (damping * i) / grid;
    for (let j = 0; j <= 4 * grid; j++) {
      // a where PJ + JᵀP is diagonal, from c = cos φ_max to 1
      const c = Math.cos(angle) + ((1 - Math.cos(angle)) * j) / (4 * grid);
      const a = b * damping + stiffness * c;
      if (a <= b * b) continue;
      if (rate(a, b, 1) < 0 && rate(a, b, Math.cos(angle)) < 0) return true;
    }
  }
  return false;
}
