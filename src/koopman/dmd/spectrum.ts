import { columnNorms } from "../../linalg/blocks.ts";
import { type ComplexMatrix, type ComplexNumbers, moduli } from "../../linalg/complex.ts";
import { leastSquares } from "../../linalg/least-squares.ts";
import { type Matrix, subtract } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";
import { expanded, fitAmplitudes, type Route } from "./amplitudes.ts";
import { modesOf } from "./modes.ts";
import type { Ritz } from "./ritz.ts";
import type { Weighting } from "./weighting.ts";

/**
 * Eigenvalues, modes and amplitudes of a linear map that advances a state by one step of length dt:
 * snapshot i is Σ_j z_j α_j λ_j^i, nearly. Complex pairs are adjacent, the positive imaginary part
 * first, and conjugate to the last bit in everything.
 */
export interface Spectrum {
  readonly dt: number;
  readonly snapshots: number; // M, those that the expansion was fitted to
  readonly eigenvalues: ComplexNumbers; // λ [k] per step
  readonly modes: ComplexMatrix; // z [n × k], unit columns
  readonly amplitudes: ComplexNumbers; // α [k]
  readonly residuals: Float64Array; // [k], ‖A z − λ z‖
  readonly refined: Refined;
  readonly importance: Importance;
  readonly singularValues: Float64Array; // of the scaled data, all of them
  readonly condition: number; // of the eigenvectors, in the basis of the data
  readonly reconstructionError: number; // ‖F − fit‖_F / ‖F‖_F over the snapshots
  readonly warnings: readonly string[];
  readonly reduced: Reduced;
}

/** Vectors that leave the least residual for each eigenvalue, and the best value for each vector. */
export interface Refined {
  readonly eigenvalues: ComplexNumbers; // ρ [k], Rayleigh quotients
  readonly modes: ComplexMatrix; // [n × k], unit columns
  readonly residuals: Float64Array; // [k], never above those of the modes
}

/** Three answers to which mode matters; each [k] and ≥ 0. */
export interface Importance {
  readonly amplitude: Float64Array; // |α|: a mode that dies in two steps may come first
  readonly window: Float64Array; // |α|² Σ_i |λ|^2i: what the mode has contributed
  readonly now: Float64Array; // |α| |λ|^(M−1): what it still does
}

/** The spectrum in k coordinates, where fits and forecasts are made. */
export interface Reduced {
  readonly operator: Matrix; // S [k × k]
  readonly vectors: ComplexMatrix; // W [k × ℓ]
  readonly lengths: Float64Array; // [ℓ], of the modes before they were brought to 1
  readonly observe: Matrix; // [n × k]: from coordinates to the state
  readonly coordinates: Matrix; // [k × M], of the snapshots
  readonly weights: Float64Array; // ω [M]
  readonly start: Float64Array; // a [k]: snapshot i is observe · Sⁱ a
  readonly norms: Float64Array; // ‖f_i‖ [M]
  readonly outside: Float64Array; // the part of each that the basis misses [M]
}

/** Above this the eigenvectors no longer span: powers are then taken of S, not of Λ. */
export const worstCondition = 1e8;

export interface Fit {
  readonly observe: Matrix; // from the coordinates of the Ritz basis to the state
  readonly coordinates: Matrix; // of the snapshots in that basis, [k × M]
  readonly norms: Float64Array; // ‖f_i‖ [M]
  readonly outside: Float64Array; // what of each the basis misses, ‖f_i − U c_i‖ [M]
  readonly snapshots: number;
  readonly dt: number;
  readonly weighting: Weighting;
  readonly route: Route;
  readonly warnings: readonly string[];
}

/** Ritz pairs with amplitudes: the one way in which every variant makes its spectrum. */
export function spectrumOf(pairs: Omit<Ritz, "basis" | "image">, fit: Fit): Spectrum {
  const { coordinates, observe, dt, snapshots } = fit;
  const weights = fit.weighting(fit.norms);
  const { values, operator, condition } = pairs;
  const { modes, vectors, lengths } = modesOf(observe, values, pairs.vectors);
  const alpha = fitAmplitudes({ values, vectors, coordinates, weights }, fit.route);
  const amplitudes = {
    re: alpha.re.map((x, j) => x * lengths[j]),
    im: alpha.im.map((y, j) => y * lengths[j]),
  };
  const warnings = [...fit.warnings];
  if (condition > worstCondition)
    warnings.push(
      `the eigenvectors are ill-conditioned (${condition.toExponential(1)}): amplitudes of single ` +
        "modes mean little; reconstruction and forecast use powers of the operator instead",
    );
  const start =
    condition > worstCondition ? startOf(operator, coordinates, weights) : realSum(vectors, alpha);
  const { norms, outside } = fit;
  const reduced = {
    operator,
    vectors,
    lengths,
    observe,
    coordinates,
    weights,
    start,
    norms,
    outside,
  };
  return {
    dt,
    snapshots,
    eigenvalues: values,
    modes,
    amplitudes,
    residuals: pairs.residuals,
    refined: {
      eigenvalues: pairs.refined.values,
      modes: modesOf(observe, values, pairs.refined.vectors).modes,
      residuals: pairs.refined.residuals,
    },
    importance: importanceOf(values, amplitudes, snapshots),
    singularValues: pairs.singularValues,
    condition,
    reconstructionError: misfit(reduced, values, alpha, condition),
    warnings,
    reduced,
  };
}

export function importanceOf(
  values: ComplexNumbers,
  amplitudes: ComplexNumbers,
  snapshots: number,
): Importance {
  const amplitude = moduli(amplitudes);
  const size = moduli(values);
  const integral = (modulus: number) => {
    let [sum, term] = [0, 1];
    for (let i = 0; i < snapshots; i++) {
      sum += term;
      term *= modulus ** 2;
    }
    return sum;
  };
  return {
    amplitude,
    window: amplitude.map((a, j) => a ** 2 * integral(size[j])),
    now: amplitude.map((a, j) => a * size[j] ** (snapshots - 1)),
  };
}

/** Re Σ_j v_j α_j */
function realSum({ re, im }: ComplexMatrix, alpha: ComplexNumbers): Float64Array {
  const out = new Float64Array(re.rows);
  for (let k = 0; k < re.data.length; k++) {
    const j = k % re.cols;
    out[(k - j) / re.cols] += re.data[k] * alpha.re[j] - im.data[k] * alpha.im[j];
  }
  return out;
}

/**
 * Coordinates [k × count] of the expansion at steps first, first + 1, …: by the modes, or by powers of
 * S where the modes are ill-conditioned and all are there.
 */
export function coordinatesAt(
  { operator: S, vectors, start }: Pick<Reduced, "operator" | "vectors" | "start">,
  values: ComplexNumbers,
  alpha: ComplexNumbers,
  condition: number,
  first: number,
  count: number,
): Matrix {
  if (condition <= worstCondition || vectors.re.cols !== S.rows)
    return expanded({ values, vectors }, alpha, first, count);
  const k = S.rows;
  const data = new Float64Array(k * count);
  let x: Matrix = { rows: k, cols: 1, data: start };
  for (let i = 0; i < first + count; i++) {
    if (i >= first) for (let r = 0; r < k; r++) data[r * count + i - first] = x.data[r];
    x = product(S, x);
  }
  return { rows: k, cols: count, data };
}

/** ‖F − fit‖_F / ‖F‖_F */
export function misfit(
  reduced: Reduced,
  values: ComplexNumbers,
  alpha: ComplexNumbers,
  condition: number,
): number {
  const { coordinates: C, outside, norms } = reduced;
  const fitted = coordinatesAt(reduced, values, alpha, condition, 0, C.cols);
  return Math.hypot(...columnNorms(subtract(C, fitted)), ...outside) / (Math.hypot(...norms) || 1);
}

/** The a that minimises Σ ω_i² ‖c_i − Sⁱ a‖². */
function startOf(S: Matrix, C: Matrix, weights: Float64Array): Float64Array {
  const k = S.rows;
  const M = C.cols;
  // The normal matrix is not formed: defective operators are what this is for.
  const tall = new Float64Array(k * M * k);
  const right = new Float64Array(k * M);
  let P: Matrix = {
    rows: k,
    cols: k,
    data: Float64Array.from({ length: k * k }, (_, i) => +(i % (k + 1) === 0)),
  };
  for (let i = 0; i < M; i++) {
    tall.set(
      P.data.map((x) => x * weights[i]),
      i * k * k,
    );
    for (let r = 0; r < k; r++) right[i * k + r] = weights[i] * C.data[r * M + i];
    P = product(S, P);
  }
  const A = { rows: k * M, cols: k, data: tall };
  return leastSquares(A, { rows: k * M, cols: 1, data: right }).X.data;
}
