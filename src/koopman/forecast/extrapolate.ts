import { UsageError } from "../../errors.ts";
import { complexNumbers } from "../../linalg/complex.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";
import { power } from "../dmd/amplitudes.ts";
import type { Spectrum } from "../dmd/spectrum.ts";

/** Differences of neighbouring snapshots, f_{i+1} − f_i, as columns [n × M−1]. */
export function increments({ rows, cols, data }: Matrix): Matrix {
  const out = new Float64Array(rows * (cols - 1));
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols - 1; j++) {
      out[i * (cols - 1) + j] = data[i * cols + j + 1] - data[i * cols + j];
    }
  }
  return { rows, cols: cols - 1, data: out };
}

/**
 * How far the state will have moved h steps after the last snapshot, from a spectrum of its increments
 * D_i = f_{i+1} − f_i: column h is
 *
 *   f_{T+h} − f_T = Σ_j z_j α_j λ_j^M (1 − λ_j^h)/(1 − λ_j),   for h = ∞ without λ_j^h.
 *
 * Increments obey the same linear map as the states but lack the constant part, which would swamp the
 * rest. Modes with |λ| ≥ 1 are left out: what grows within a window is seldom what goes on.
 *
 * @param spectrum  of the M increments, by `dmd` or `dmdTall`
 * @param horizons  steps h > 0, Infinity allowed
 * @returns [n × horizons] (after `dmdTall`: in the coordinates of its Q)
 * @throws UsageError  for a horizon that is not positive
 */
export function displacements(
  { reduced, eigenvalues, amplitudes, snapshots: M }: Spectrum,
  horizons: readonly number[],
): Matrix {
  const odd = horizons.find((h) => !(h > 0));
  if (odd !== undefined) throw new UsageError(`a horizon of ${odd} steps`, "a horizon is positive");
  const { vectors, lengths } = reduced;
  const { rows: k, cols: modes } = vectors.re;
  const data = new Float64Array(k * horizons.length);
  const start = power(eigenvalues, M);
  horizons.forEach((h, column) => {
    const ahead = h === Infinity ? complexNumbers(modes) : power(eigenvalues, h);
    for (let j = 0; j < modes; j++) {
      const [x, y] = [eigenvalues.re[j], eigenvalues.im[j]];
      if (Math.hypot(x, y) >= 1) continue;
      // α λ^M (1 − λ^h)/(1 − λ)
      const [a, b] = [amplitudes.re[j] / (lengths[j] || 1), amplitudes.im[j] / (lengths[j] || 1)];
      const [c, d] = [a * start.re[j] - b * start.im[j], a * start.im[j] + b * start.re[j]];
      const [p, q] = [1 - ahead.re[j], -ahead.im[j]];
      const [e, f] = [c * p - d * q, c * q + d * p];
      const square = (1 - x) ** 2 + y ** 2;
      const [u, v] = [(e * (1 - x) - f * y) / square, (f * (1 - x) + e * y) / square];
      for (let i = 0; i < k; i++) {
        const at = i * modes + j;
        data[i * horizons.length + column] += vectors.re.data[at] * u - vectors.im.data[at] * v;
      }
    }
  });
  return product(reduced.observe, { rows: k, cols: horizons.length, data });
}
