import { refuseUnknown } from "../../errors/suggest.ts";
import { UsageError } from "../../errors.ts";
import type { ComplexNumbers } from "../../linalg/complex.ts";
import { leastSquares } from "../../linalg/least-squares.ts";
import { type Matrix, multiply } from "../../linalg/matrix.ts";
import { normalEquations, packed } from "../dmd/amplitudes.ts";
import { select } from "../dmd/select.ts";
import type { Spectrum } from "../dmd/spectrum.ts";

export interface SparseOptions {
  readonly rho: number;
  readonly maxIterations: number;
  readonly absolute: number;
  readonly relative: number;
}

export const sparseDefaults: SparseOptions = {
  rho: 1,
  maxIterations: 10_000,
  absolute: 1e-6,
  relative: 1e-4,
};

/** The modes that one penalty leaves. */
export interface SparseChoice {
  readonly gamma: number;
  readonly spectrum: Spectrum | null; // refitted; null where none is left
  readonly modes: number; // pairs counted twice
  readonly lossPercent: number; // 100 ‖F − fit‖/‖F‖ after the refit
  readonly iterations: number;
  readonly converged: boolean;
}

/**
 * Which modes matter: amplitudes under a penalty on the sum of their moduli,
 *
 *   min_α  J(α) + γ Σ_j |α_j|,   J(α) = Σ_i ω_i² ‖f_i − Σ_j z_j α_j λ_j^i‖²,
 *
 * by the alternating direction method of multipliers, for each γ in turn from the amplitudes of the one
 * before; those that are left are then fitted without the penalty.
 *
 * Jovanović, Schmid & Nichols (2014), "Sparsity-promoting dynamic mode decomposition", Phys. Fluids 26,
 * 024103.
 *
 * @param gammas  penalties ≥ 0; in ascending order fewer and fewer modes are left
 * @throws UsageError  for an unknown option, or a penalty that is negative
 */
export function sparsityPath(
  spectrum: Spectrum,
  gammas: readonly number[],
  options: Partial<SparseOptions> = {},
): SparseChoice[] {
  refuseUnknown("sparsityPath", options, Object.keys(sparseDefaults));
  const { rho, maxIterations, absolute, relative } = { ...sparseDefaults, ...options };
  const odd = gammas.find((gamma) => !(gamma >= 0));
  if (odd !== undefined) throw new UsageError(`a penalty of ${odd}`, "penalties are not negative");

  const { eigenvalues: values, reduced } = spectrum;
  const expansion = { ...reduced, values };
  const { G, g } = normalEquations(expansion, packed(expansion));
  const r = g.length;
  // A pair stands for two amplitudes of one modulus: its unknowns, two real numbers, count twice.
  const weight = Float64Array.from(values.im, (y) => (y === 0 ? 1 : 2));
  const A = { ...G, data: G.data.slice() };
  for (let j = 0; j < r; j++) A.data[j * (r + 1)] += (rho / 2) * weight[j];
  const inverse = leastSquares(A, identityOf(r)).X;

  let alpha: Float64Array = new Float64Array(r);
  let beta: Float64Array = new Float64Array(r);
  let u: Float64Array = new Float64Array(r);
  return gammas.map((gamma) => {
    let iterations = 0;
    let converged = false;
    while (!converged && iterations < maxIterations) {
      iterations++;
      const data = g.map((x, j) => x + (rho / 2) * weight[j] * (beta[j] - u[j] / rho));
      alpha = multiply(inverse, { rows: r, cols: 1, data }).data.slice();
      const before = beta;
      beta = soft(
        alpha.map((a, j) => a + u[j] / rho),
        gamma / rho,
        values,
      );
      u = u.map((x, j) => x + rho * (alpha[j] - beta[j]));
      const size = (x: Float64Array) =>
        Math.sqrt(x.reduce((sum, v, j) => sum + weight[j] * v * v, 0));
      const primal = size(alpha.map((a, j) => a - beta[j]));
      const dual = rho * size(beta.map((b, j) => b - before[j]));
      const floor = Math.sqrt(r) * absolute;
      converged =
        primal <= floor + relative * Math.max(size(alpha), size(beta)) &&
        dual <= floor + relative * size(u);
    }
    const left = (j: number) => beta[j] !== 0 || (values.im[j] > 0 && beta[j + 1] !== 0);
    const some = beta.some((b) => b !== 0);
    const refitted = some ? select(spectrum, () => left) : null;
    return {
      gamma,
      spectrum: refitted,
      modes: refitted?.residuals.length ?? 0,
      lossPercent: 100 * (refitted?.reconstructionError ?? 1),
      iterations,
      converged,
    };
  });
}

const identityOf = (n: number): Matrix => ({
  rows: n,
  cols: n,
  data: Float64Array.from({ length: n * n }, (_, k) => +(k % (n + 1) === 0)),
});

/** max(0, 1 − κ/|a|) a of every complex amplitude. */
function soft(a: Float64Array, kappa: number, { im }: ComplexNumbers): Float64Array {
  const out = new Float64Array(a.length);
  for (let j = 0; j < a.length; j++) {
    const pair = im[j] > 0;
    const size = pair ? Math.hypot(a[j], a[j + 1]) : Math.abs(a[j]);
    const factor = size <= kappa ? 0 : 1 - kappa / size;
    out[j] = factor * a[j];
    if (!pair) continue;
    out[j + 1] = factor * a[j + 1];
    j++;
  }
  return out;
}
