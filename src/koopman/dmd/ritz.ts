import { DataError, ShapeError } from "../../errors.ts";
import { beside, columnNorms, columns, leadingColumns, scaleColumns } from "../../linalg/blocks.ts";
import {
  type ComplexMatrix,
  type ComplexNumbers,
  complexColumn,
  complexNumbers,
  complexZeros,
  embed,
  setColumn,
} from "../../linalg/complex.ts";
import { eigen } from "../../linalg/eigenvalues.ts";
import { smallestSingular } from "../../linalg/least-squares.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import { innerProduct, product } from "../../linalg/provider.ts";
import { qr } from "../../linalg/qr.ts";
import { singularValues as singularValuesOf, svd } from "../../linalg/svd.ts";
import type { Truncation } from "./truncation.ts";

/** "unit": columns of X brought to length 1, and those of Y by the same factors; "none": as given. */
export type Scaling = "unit" | "none";

/** Ritz pairs of the map that takes X to Y, in an orthonormal basis of the range of X. */
export interface Ritz {
  readonly singularValues: Float64Array; // of X, scaled
  readonly basis: Matrix; // U [n × k]
  readonly image: Matrix; // B = A U [n × k]
  readonly operator: Matrix; // S = Uᵀ A U [k × k]
  readonly values: ComplexNumbers; // λ [k], S W = W Λ, largest modulus first
  readonly vectors: ComplexMatrix; // W [k × k], unit columns
  readonly residuals: Float64Array; // ‖(A − λ_i) U w_i‖
  readonly refined: {
    readonly vectors: ComplexMatrix; // argmin ‖(A − λ_i) U w‖ over unit w
    readonly residuals: Float64Array; // that minimum
    readonly values: ComplexNumbers; // ρ_i = w*Sw, the best value for that vector
  };
  readonly condition: number; // of W in the 2-norm
}

/**
 * Data-driven Rayleigh–Ritz: the eigenvalues of a linear map A known by Y = A X alone, each with the
 * residual that it leaves, and refined vectors.
 *
 *   X D = U Σ V*,  k by the rule,  B = Y D V_k Σ_k⁻¹ = A U_k,  S = U_k* B,  S w = λ w,
 *   r = ‖B w − λ U_k w‖,  r_ref = σ_min(B − λ U_k),  ρ = w_ref* S w_ref
 *
 * Residuals come from the triangle of [U B], in which the height n has dropped out. They are zero
 * for whatever data when k = n: the basis is then the whole space.
 *
 * Drmač, Mezić & Mohr (2018), "Data driven modal decompositions: analysis and enhancements", SIAM J.
 * Sci. Comput. 40, A2253, arXiv:1708.02685.
 *
 * @param X  [n × m]
 * @param Y  [n × m]
 * @param rows  the height that the rule is told, n when left out: for data that were compressed
 * @throws ShapeError  when X and Y differ in shape
 * @throws DataError  for a NaN or infinite entry, X of zeros, or a rule that keeps nothing
 */
export function ritz(
  X: Matrix,
  Y: Matrix,
  truncation: Truncation,
  scaling: Scaling,
  rows = X.rows,
): Ritz {
  if (X.rows !== Y.rows || X.cols !== Y.cols)
    throw new ShapeError(`X is ${X.rows} × ${X.cols}, Y is ${Y.rows} × ${Y.cols}`);
  const d = scaling === "unit" ? columnNorms(X).map((norm) => (norm === 0 ? 0 : 1 / norm)) : null;
  const { U, s, V } = svd(d === null ? X : scaleColumns(X, d));
  if (s[0] === 0) throw new DataError("the snapshots are all zero");
  const k = truncation(s, rows, X.cols);
  if (!(k >= 1)) throw new DataError(`the truncation keeps none of ${s.length} singular values`);

  const basis = leadingColumns(U, k);
  const inverse = s.slice(0, k).map((value) => 1 / value);
  const image = scaleColumns(
    product(d === null ? Y : scaleColumns(Y, d), leadingColumns(V, k)),
    inverse,
  );
  return ritzOf(basis, image, s);
}

/** Ritz pairs of an orthonormal basis U [n × k] and its image B = A U, with residuals; see `ritz`. */
export const ritzOf = (basis: Matrix, image: Matrix, singularValues: Float64Array): Ritz =>
  pairsAt(basis, image, singularValues, eigen);

/**
 * The same for eigenvalues and vectors [k × ℓ] from elsewhere: what residuals the data give them. Pairs
 * are adjacent, the positive imaginary part first.
 */
export function pairsAt(
  basis: Matrix,
  image: Matrix,
  singularValues: Float64Array,
  choose: (operator: Matrix) => { values: ComplexNumbers; vectors: ComplexMatrix },
): Ritz {
  const { R } = qr(beside([basis, image]));
  const triangle = {
    own: leadingColumns(R, basis.cols),
    mapped: columns(R, basis.cols, R.cols),
  };
  return { singularValues, basis, image, ...pairsWithin(triangle, choose) };
}

/** U and B = A U in few coordinates, with the same inner products: the triangle of [U B]. */
interface Within {
  readonly own: Matrix; // of U [p × k], k ≤ p ≤ 2k
  readonly mapped: Matrix; // of B [p × k]
}

/** Ritz pairs of U and its image in coordinates that have lost the height. */
export function pairsWithin(
  { own, mapped }: Within,
  choose: (operator: Matrix) => { values: ComplexNumbers; vectors: ComplexMatrix } = eigen,
): Omit<Ritz, "singularValues" | "basis" | "image"> {
  const operator = innerProduct(own, mapped);
  const { values, vectors } = choose(operator);
  const k = values.re.length;

  const residuals = new Float64Array(k);
  const refined = {
    vectors: complexZeros(own.cols, k),
    residuals: new Float64Array(k),
    values: complexNumbers(k),
  };
  for (let j = 0; j < k; j++) {
    const value = [values.re[j], values.im[j]] as const;
    const M = shifted(mapped, own, value);
    const { re, im } = apply(M, complexColumn(vectors, j));
    residuals[j] = Math.hypot(...re, ...im);
    const { value: least, vector } = smallestSingular(M);
    // What minimises cannot lie above what is merely a candidate, but for rounding.
    refined.residuals[j] = Math.min(least, residuals[j]);
    const rho = quotient(operator, vector);
    const members = value[1] > 0 ? [1, -1] : [1];
    members.forEach((sign, step) => {
      residuals[j + step] = residuals[j];
      refined.residuals[j + step] = refined.residuals[j];
      refined.values.re[j + step] = rho[0];
      refined.values.im[j + step] = sign * rho[1];
      setColumn(refined.vectors, j + step, { re: vector.re, im: vector.im.map((y) => sign * y) });
    });
    j += members.length - 1;
  }
  return {
    operator,
    values,
    vectors,
    residuals,
    refined,
    condition: conditionOf(vectors),
  };
}

/** B − λ U. */
function shifted(B: Matrix, U: Matrix, [re, im]: readonly [number, number]): ComplexMatrix {
  return {
    re: { ...B, data: B.data.map((b, k) => b - re * U.data[k]) },
    im: { ...B, data: U.data.map((u) => -im * u) },
  };
}

/** M w */
function apply(M: ComplexMatrix, w: ComplexNumbers): ComplexNumbers {
  const { rows, cols } = M.re;
  const out = complexNumbers(rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const [a, b] = [M.re.data[i * cols + j], M.im.data[i * cols + j]];
      out.re[i] += a * w.re[j] - b * w.im[j];
      out.im[i] += a * w.im[j] + b * w.re[j];
    }
  }
  return out;
}

/** w*Sw of a real S and a unit w. */
function quotient(S: Matrix, w: ComplexNumbers): [number, number] {
  const image = apply({ re: S, im: { ...S, data: new Float64Array(S.data.length) } }, w);
  let [re, im] = [0, 0];
  for (let i = 0; i < S.rows; i++) {
    re += w.re[i] * image.re[i] + w.im[i] * image.im[i];
    im += w.re[i] * image.im[i] - w.im[i] * image.re[i];
  }
  return [re, im];
}

function conditionOf(W: ComplexMatrix): number {
  const s = singularValuesOf(embed(W));
  return s[0] / s[s.length - 1];
}
