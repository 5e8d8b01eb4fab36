import { refuseUnknown } from "../../errors/suggest.ts";
import { DataError, ShapeError, UsageError } from "../../errors.ts";
import { beside, columnNorms, columns, scaleColumns } from "../../linalg/blocks.ts";
import {
  type ComplexMatrix,
  type ComplexNumbers,
  complexColumn,
  complexZeros,
  realTimesComplex,
  setColumn,
} from "../../linalg/complex.ts";
import { complexLeastSquares, smallestSingular } from "../../linalg/least-squares.ts";
import { type Matrix, requireFinite, transpose } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";
import { qr } from "../../linalg/qr.ts";
import { svd } from "../../linalg/svd.ts";
import { type Ritz, ritzOf } from "../dmd/ritz.ts";
import { numericalRank, type Truncation } from "../dmd/truncation.ts";

/** Functions of the state, ψ(x) [K]. Include a constant and the state itself. */
export type Dictionary = (state: Float64Array) => ArrayLike<number>;

/** Eigenfunctions of the Koopman operator in the span of a dictionary. */
export interface Eigenfunctions {
  readonly eigenvalues: ComplexNumbers; // λ [k]: φ_j(F(x)) = λ_j φ_j(x), nearly
  readonly coefficients: ComplexMatrix; // [K × k]: φ_j(x) = ψ(x) v_j, of mean square 1 over the data
  readonly modes: ComplexMatrix; // [n × k]: x ≈ Σ_j m_j φ_j(x)
  readonly residuals: Float64Array; // [k], ‖φ_j ∘ F − λ_j φ_j‖ / ‖φ_j‖ in the mean square over the data
  readonly refined: Ritz["refined"]; // the best function of the span for each λ
  readonly warnings: readonly string[];
  readonly triangle: { readonly own: Matrix; readonly mapped: Matrix }; // of [Ψ_X Ψ_Y], reduced
}

/**
 * Extended DMD with the residuals of residual DMD: the operator g ↦ g ∘ F restricted to the span of a
 * dictionary, K = Ψ_X⁺ Ψ_Y over pairs y_i = F(x_i). The residual of (λ, g) is
 * ‖Ψ_Y g − λ Ψ_X g‖/‖Ψ_X g‖: as the data grow, that of the operator itself, so that spurious
 * eigenvalues (the dictionary need not be closed) give themselves away.
 *
 * Williams, Kevrekidis & Rowley (2015), J. Nonlinear Sci. 25, 1307–1346; Colbrook, Ayton & Szőke (2023),
 * "Residual dynamic mode decomposition", J. Fluid Mech. 955, A21.
 *
 * @param X  states as columns [n × m]
 * @param Y  their images [n × m]
 * @throws ShapeError, DataError  for shapes that differ, numbers that are not finite, a dictionary that
 *   gives another count from state to state, or nothing but zeros
 * @throws UsageError  for an unknown option
 */
export function edmd(
  X: Matrix,
  Y: Matrix,
  dictionary: Dictionary,
  options: { truncation?: Truncation } = {},
): Eigenfunctions {
  refuseUnknown("edmd", options, ["truncation"]);
  requirePairs(X, Y);
  const truncation = options.truncation ?? numericalRank(1e-10);
  return eigenfunctionsOf(lifted(X, dictionary), lifted(Y, dictionary), X, truncation);
}

/** `edmd` of the dictionary's values [m × K] on both sides of the map. */
export function eigenfunctionsOf(
  PsiX: Matrix,
  PsiY: Matrix,
  X: Matrix,
  truncation: Truncation,
): Eigenfunctions {
  const m = X.cols;
  const { U, s, V } = svd(PsiX);
  const k = truncation(s, m, PsiX.cols);
  if (!(k >= 1))
    throw new DataError("the dictionary is zero on the data, or nothing of it is kept");
  const basis = columns(U, 0, k);
  const back = scaleColumns(
    columns(V, 0, k),
    s.slice(0, k).map((value) => 1 / value),
  );
  const image = product(PsiY, back);
  const pairs = ritzOf(basis, image, s);
  const { R } = qr(beside([basis, image]));

  // x_i ≈ Σ_j m_j φ_j(x_i), with φ = √m U W of mean square 1: W c = Uᵀ x / √m, coordinate by coordinate.
  const root = Math.sqrt(m);
  const targets = product(transpose(basis), transpose(X));
  const modes = complexZeros(k, X.rows);
  for (let i = 0; i < X.rows; i++) {
    const re = Float64Array.from({ length: k }, (_, j) => targets.data[j * X.rows + i] / root);
    setColumn(modes, i, complexLeastSquares(pairs.vectors, { re, im: new Float64Array(k) }).x);
  }
  const scaled = { ...back, data: back.data.map((v) => v * root) };
  return {
    eigenvalues: pairs.values,
    coefficients: realTimesComplex(scaled, pairs.vectors),
    modes: { re: transpose(modes.re), im: transpose(modes.im) },
    residuals: pairs.residuals,
    refined: pairs.refined,
    warnings:
      k >= m
        ? [
            `${k} functions of ${m} states: residuals vanish for whatever data; take more states, or ` +
              "other pairs to judge by (heldOutResiduals)",
          ]
        : [],
    triangle: { own: columns(R, 0, k), mapped: columns(R, k, 2 * k) },
  };
}

/** φ_1(x) … φ_k(x) at a state. */
export function evaluate(
  { coefficients: { re, im } }: Eigenfunctions,
  dictionary: Dictionary,
  state: Float64Array,
): ComplexNumbers {
  const psi: Matrix = { rows: 1, cols: re.rows, data: Float64Array.from(dictionary(state)) };
  return complexColumn({ re: transpose(product(psi, re)), im: transpose(product(psi, im)) }, 0);
}

/**
 * ‖φ_j ∘ F − λ_j φ_j‖/‖φ_j‖ [k] in the mean square over pairs that the functions were not fitted to. They
 * do not vanish with as many functions as states, and also show what was fitted to noise.
 *
 * @param X  states [n × m], from the distribution that the others came from
 * @param Y  their images [n × m]
 * @throws ShapeError, DataError  as `edmd`
 */
export function heldOutResiduals(
  { eigenvalues, coefficients }: Eigenfunctions,
  dictionary: Dictionary,
  X: Matrix,
  Y: Matrix,
): Float64Array {
  requirePairs(X, Y);
  const values = (A: Matrix): ComplexMatrix =>
    realTimesComplex(lifted(A, dictionary), coefficients);
  const [before, after] = [values(X), values(Y)];
  const k = eigenvalues.re.length;
  const left = after.re.data.map((_, at) => {
    const [x, y] = [eigenvalues.re[at % k], eigenvalues.im[at % k]];
    const [a, b] = [before.re.data[at], before.im.data[at]];
    return Math.hypot(after.re.data[at] - x * a + y * b, after.im.data[at] - x * b - y * a);
  });
  const total = columnNorms({ ...before.re, data: left });
  const [re, im] = [columnNorms(before.re), columnNorms(before.im)];
  return total.map((size, j) => size / Math.hypot(re[j], im[j]));
}

/**
 * τ(z) = min_g ‖g ∘ F − z g‖/‖g‖ over the span: where it is below ε, z belongs to the ε-pseudospectrum
 * as far as the dictionary can tell.
 */
export function pseudospectrum({ triangle }: Eigenfunctions, points: ComplexNumbers): Float64Array {
  const { own, mapped } = triangle;
  return points.re.map((x, i) => {
    const y = points.im[i];
    return smallestSingular({
      re: { ...mapped, data: mapped.data.map((b, k) => b - x * own.data[k]) },
      im: { ...mapped, data: own.data.map((u) => -y * u) },
    }).value;
  });
}

/** All monomials of n variables up to a degree, the constant first. @throws UsageError for a bad size */
export function monomials(n: number, degree: number): Dictionary {
  for (const [name, size] of [
    ["variables", n],
    ["degree", degree],
  ] as const) {
    if (!(Number.isInteger(size) && size >= 1))
      throw new UsageError(`monomials: ${name} ${size}`, "a whole number, at least 1");
  }
  const exponents: number[][] = [];
  const extend = (some: number[], left: number) => {
    if (some.length === n) {
      exponents.push(some);
      return;
    }
    for (let e = 0; e <= left; e++) extend([...some, e], left - e);
  };
  extend([], degree);
  const total = (e: readonly number[]) => e.reduce((sum, x) => sum + x, 0);
  exponents.sort((a, b) => total(a) - total(b));
  return (state) => exponents.map((e) => e.reduce((value, x, i) => value * state[i] ** x, 1));
}

/** @throws ShapeError, DataError  for shapes that differ, or numbers that are not finite */
export function requirePairs(X: Matrix, Y: Matrix): void {
  if (X.rows !== Y.rows || X.cols !== Y.cols)
    throw new ShapeError(`X is ${X.rows} × ${X.cols}, Y is ${Y.rows} × ${Y.cols}`);
  for (const A of [X, Y]) requireFinite(A);
}

/** Ψ [m × K] */
function lifted({ rows, cols, data }: Matrix, dictionary: Dictionary): Matrix {
  const state = (j: number) => Float64Array.from({ length: rows }, (_, i) => data[i * cols + j]);
  const lines = Array.from({ length: cols }, (_, j) => dictionary(state(j)));
  const K = lines[0].length;
  const odd = lines.findIndex((line) => line.length !== K);
  if (odd >= 0)
    throw new ShapeError(
      `the dictionary gives ${K} numbers, but ${lines[odd].length} at state ${odd}`,
    );
  const out = new Float64Array(cols * K);
  lines.forEach((line, j) => {
    out.set(line, j * K);
  });
  const Psi = { rows: cols, cols: K, data: out };
  requireFinite(Psi);
  return Psi;
}
