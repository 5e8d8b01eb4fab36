import { refuseUnknown } from "../../errors/suggest.ts";
import { DataError } from "../../errors.ts";
import { scaleColumns } from "../../linalg/blocks.ts";
import { complexColumn, moduli, realTimesComplex } from "../../linalg/complex.ts";
import { eigen } from "../../linalg/eigenvalues.ts";
import {
  type Matrix,
  matrix,
  requireFinite,
  symmetricPart,
  transpose,
} from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";
import { symmetricEigen } from "../../linalg/symmetric.ts";
import { assignment } from "../compare/assignment.ts";
import { numericalRank, type Truncation } from "../dmd/truncation.ts";
import { type Dictionary, type Eigenfunctions, eigenfunctionsOf, requirePairs } from "./edmd.ts";
import type { Kernel } from "./kernels.ts";

export interface KernelEigenfunctions extends Eigenfunctions {
  /** x ↦ κ(x, x_1) … κ(x, x_m): what `coefficients` [m × k] multiply; give it to `evaluate`. */
  readonly dictionary: Dictionary;
  /**
   * [k], ‖A u − λ u‖ in the space of features, where A takes ψ(x_i) to ψ(y_i) and u is its unit
   * eigenvector: says something also with as many functions as states. Below 1e-7 it is rounding.
   */
  readonly dualResiduals: Float64Array;
}

/**
 * Extended DMD in the features of a kernel, by inner products alone: with Ĝ = κ(x_i, x_j) = Q Σ² Qᵀ and
 * Â = κ(y_i, x_j) the matrix Σ⁻¹ Qᵀ Â Q Σ⁻¹ has the eigenvalues, and φ(x) = κ(x, X) Q Σ⁻¹ v. The cost is
 * O(m² n + m³) for m states, whatever the number of features. With a linear kernel it is DMD.
 *
 * Williams, Rowley & Kevrekidis (2015), "A kernel-based method for data-driven Koopman spectral analysis",
 * J. Comput. Dyn. 2, 247–265; dual residuals: Colbrook (2024), "Another look at residual dynamic mode
 * decomposition in the regime of fewer snapshots than dictionary size", arXiv:2403.05891.
 *
 * @param X  states as columns [n × m]
 * @param Y  their images [n × m]
 * @param options  truncation of Σ; its squares are computed, so that below 1e-7 Σ is rounding
 * @throws ShapeError, DataError  as `edmd`; DataError for a kernel that is not finite on the data, or
 *   zero
 * @throws UsageError  for an unknown option
 */
export function kernelEdmd(
  X: Matrix,
  Y: Matrix,
  kernel: Kernel,
  options: { truncation?: Truncation } = {},
): KernelEigenfunctions {
  refuseUnknown("kernelEdmd", options, ["truncation"]);
  requirePairs(X, Y);
  const [before, after] = [states(X), states(Y)];
  const between = (some: Float64Array[], others: Float64Array[]) => {
    const K = matrixOfKernel(some, others, kernel);
    requireFinite(K);
    return K;
  };
  const m = X.cols;
  const { values, vectors } = symmetricEigen(symmetricPart(between(before, before)));
  const s = values.toReversed().map((value) => Math.sqrt(Math.max(0, value)));
  const k = s[0] > 0 ? (options.truncation ?? numericalRank(1e-6))(s, m, m) : 0;
  if (!(k >= 1)) throw new DataError("the kernel is zero on the data, or nothing of it is kept");
  const kept = s.slice(0, k);
  const Q = matrix(m, k, (i, j) => vectors.data[i * m + m - 1 - j]);
  const cross = between(after, before);
  // Features in the k directions V of Ψ_X = Q Σ Vᵀ: Ψ_X V = Q Σ, Ψ_Y V = Â Q Σ⁻¹.
  const back = scaleColumns(
    Q,
    kept.map((value) => 1 / value),
  );
  const found = eigenfunctionsOf(scaleColumns(Q, kept), product(cross, back), X, numericalRank(0));
  const squares = product(transpose(back), product(between(after, after), back));
  const operator = product(transpose(back), product(transpose(cross), back));
  return {
    ...found,
    coefficients: realTimesComplex(back, found.coefficients),
    dictionary: (state) => before.map((x) => kernel(state, x)),
    dualResiduals: dual(found, operator, squares),
  };
}

/** √ w*(BᵀB − λ Sᵀ − λ̄ S + |λ|²) w for the eigenpairs of S, in the order of the eigenfunctions. */
function dual({ eigenvalues }: Eigenfunctions, S: Matrix, squares: Matrix): Float64Array {
  const { values, vectors } = eigen(S);
  const sizes = moduli(values);
  const residuals = Float64Array.from(values.re, (x, j) => {
    const y = values.im[j];
    const { re, im } = complexColumn(vectors, j);
    let sum = sizes[j] ** 2;
    for (let p = 0; p < re.length; p++) {
      for (let q = 0; q < re.length; q++) {
        // Re and Im of conj(w_p) w_q
        const [a, b] = [re[p] * re[q] + im[p] * im[q], re[p] * im[q] - im[p] * re[q]];
        // −λ̄ S and its adjoint make twice the real part.
        sum += squares.data[p * re.length + q] * a;
        sum -= 2 * S.data[p * re.length + q] * (x * a + y * b);
      }
    }
    return Math.sqrt(Math.max(0, sum));
  });
  const k = sizes.length;
  const partner = assignment(
    matrix(k, k, (i, j) =>
      Math.hypot(eigenvalues.re[i] - values.re[j], eigenvalues.im[i] - values.im[j]),
    ),
  );
  return Float64Array.from(partner, (j) => residuals[j]);
}

const states = ({ rows, cols, data }: Matrix) =>
  Array.from({ length: cols }, (_, j) =>
    Float64Array.from({ length: rows }, (_, i) => data[i * cols + j]),
  );

function matrixOfKernel(
  some: readonly Float64Array[],
  others: readonly Float64Array[],
  kernel: Kernel,
): Matrix {
  const cols = others.length;
  const data = new Float64Array(some.length * cols);
  some.forEach((x, i) => {
    others.forEach((y, j) => {
      data[i * cols + j] = kernel(x, y);
    });
  });
  return { rows: some.length, cols, data };
}
