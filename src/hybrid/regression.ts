import { DataError, ShapeError, UsageError } from "../errors.ts";
import { type Matrix, requireFinite, transpose } from "../linalg/matrix.ts";
import { product, provider } from "../linalg/provider.ts";
import { symmetricEigen } from "../linalg/symmetric.ts";
import { solveUpper, solveUpperTransposed } from "../linalg/triangular.ts";

/** y ≈ W x + c for a row x. */
export interface Regression {
  readonly weights: Matrix; // W [outputs × inputs]
  readonly constant: Float64Array; // c [outputs]
  /** Directions of the centred inputs that were used. */
  readonly rank: number;
}

export interface RegressionOptions {
  /** λ, on inputs as they are; 1e-8 unless given. */
  readonly ridge?: number;
  /** Keeps so many principal directions of the inputs; all unless given. */
  readonly rank?: number;
}

/** Variances below this share of the largest are rounding errors of the products. */
const negligible = 1e-13;

/**
 * argmin over W, c of (1/n) Σᵢ ‖yᵢ − W xᵢ − c‖² + λ v ‖W‖², v the mean variance of an input: the constant is
 * not shrunk, and λ means the same for inputs of any unit. By normal equations of centred columns; where
 * these are too near singular, or a rank is asked for, by their eigenvectors.
 *
 * @param X  [samples × inputs]
 * @param Y  [samples × outputs]
 * @throws ShapeError  for other numbers of rows
 * @throws UsageError  for a ridge below 0 or a rank that is no positive whole number
 * @throws DataError  for a NaN or infinite entry
 */
export function regress(
  X: Matrix,
  Y: Matrix,
  { ridge = 1e-8, rank }: RegressionOptions = {},
): Regression {
  if (X.rows !== Y.rows)
    throw new ShapeError(`${X.rows} rows of inputs beside ${Y.rows} rows of outputs`);
  if (!(ridge >= 0 && Number.isFinite(ridge)))
    throw new UsageError(`ridge ${ridge}: a number from 0 is wanted`);
  if (rank !== undefined && !(Number.isInteger(rank) && rank > 0))
    throw new UsageError(`rank ${rank}: a positive whole number is wanted`);
  requireFinite(X);
  requireFinite(Y);
  const [x, y] = [centred(X), centred(Y)];
  const G = provider().gram(x.rows, "columns");
  const trace = diagonal(G).reduce((sum, g) => sum + g, 0);
  if (trace === 0) return constantOnly(X.cols, y.mean);
  const C = product(transpose(x.rows), y.rows);
  const penalty = (ridge * trace) / X.cols;
  const found =
    (rank === undefined ? byCholesky(G, C, penalty) : null) ??
    byEigenvectors(G, C, penalty, rank ?? X.cols);
  const weights = transpose(found.W);
  const constant = y.mean.map((value, i) => {
    let sum = value;
    for (let j = 0; j < X.cols; j++) sum -= weights.data[i * X.cols + j] * x.mean[j];
    return sum;
  });
  if (!constant.every(Number.isFinite))
    throw new DataError("regression: the numbers are too large");
  return { weights, constant, rank: found.rank };
}

/** W x + c for every row [samples × inputs] → [samples × outputs]. */
export function regressed({ weights, constant }: Regression, X: Matrix): Matrix {
  const Y = product(X, transpose(weights));
  for (let k = 0; k < Y.data.length; k++) Y.data[k] += constant[k % Y.cols];
  return Y;
}

const constantOnly = (inputs: number, mean: Float64Array): Regression => ({
  weights: { rows: mean.length, cols: inputs, data: new Float64Array(mean.length * inputs) },
  constant: mean,
  rank: 0,
});

function byCholesky(G: Matrix, C: Matrix, penalty: number) {
  const A = { ...G, data: G.data.slice() };
  for (let k = 0; k < A.data.length; k += A.cols + 1) A.data[k] += penalty;
  const R = provider().upperCholesky(A);
  if (R === null) return null;
  const pivots = diagonal(R).map((pivot) => pivot ** 2);
  // A pivot at the level of rounding carries no digit.
  if (Math.min(...pivots) < negligible * Math.max(...diagonal(A))) return null;
  return { W: solveUpper(R, solveUpperTransposed(R, C)), rank: G.rows };
}

function byEigenvectors(G: Matrix, C: Matrix, penalty: number, most: number) {
  const { values, vectors } = symmetricEigen(G);
  const n = values.length;
  const kept = values.filter((value) => value > negligible * values[n - 1]).length;
  const rank = Math.min(kept, most);
  const data = product(transpose(vectors), C).data.map((c, k) => {
    const i = Math.floor(k / C.cols);
    return i >= n - rank ? c / (values[i] + penalty) : 0;
  });
  return { W: product(vectors, { ...C, data }), rank };
}

const diagonal = ({ rows, data }: Matrix) =>
  Array.from({ length: rows }, (_, i) => data[i * rows + i]);

function centred({ rows, cols, data }: Matrix): { rows: Matrix; mean: Float64Array } {
  const mean = new Float64Array(cols);
  for (let k = 0; k < data.length; k++) mean[k % cols] += data[k] / rows;
  return { rows: { rows, cols, data: data.map((value, k) => value - mean[k % cols]) }, mean };
}
