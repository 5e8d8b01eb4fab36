import { identity, type Matrix, scale, subtract } from "./matrix.ts";
import { product, provider } from "./provider.ts";
import { type Qr, qr } from "./qr.ts";
import { solveUpper } from "./triangular.ts";

/** Below so many rows a column Householder's reflections are as quick. */
const tall = 8;

/** Columns of length 1 whose least pivot is above this have a condition at which two passes suffice. */
const leastPivot = 1e-6;

/**
 * `qr` of a matrix much taller than wide, several times as quick: by Cholesky factors of AᵀA, twice, so
 * that Q is orthonormal to rounding; by reflections after all where A is too near to deficient.
 *
 * Yamamoto, Nakatsukasa, Yanagisawa & Fukaya (2015), "Roundoff error analysis of the CholeskyQR2
 * algorithm", ETNA 44, 306–326.
 *
 * @throws DataError  for a NaN or infinite entry
 */
export function tallQr(A: Matrix): Qr {
  if (A.rows < tall * A.cols) return qr(A);
  return choleskyTwice(A) ?? qr(A);
}

function choleskyTwice(A: Matrix): Qr | null {
  const m = A.cols;
  const G = provider().gram(A, "columns");
  const lengths = Float64Array.from({ length: m }, (_, i) => Math.sqrt(G.data[i * (m + 1)]));
  // Squares beyond these bounds have lost digits; a NaN fails as well.
  if (!lengths.every((length) => length > 1e-140 && length < 1e140)) return null;
  const unit = {
    ...G,
    data: G.data.map((g, k) => g / lengths[k % m] / lengths[Math.floor(k / m)]),
  };
  const first = provider().upperCholesky(unit);
  if (first === null || !pivots(first).every((pivot) => pivot > leastPivot)) return null;
  const Q1 = product(A, scaleRows(inverse(first), lengths));
  const near = provider().gram(Q1, "columns");
  if (!(Math.hypot(...subtract(near, identity(m)).data) < 0.1)) return null;
  const second = provider().upperCholesky(near);
  if (second === null) return null;
  const R = product(second, first);
  return {
    Q: product(Q1, inverse(second)),
    R: { ...R, data: R.data.map((r, k) => (k % m < Math.floor(k / m) ? 0 : r * lengths[k % m])) },
  };
}

const pivots = ({ rows, data }: Matrix) => data.filter((_, k) => k % (rows + 1) === 0);
const inverse = (R: Matrix): Matrix => solveUpper(R, identity(R.rows));

/** diag(1/lengths) A */
function scaleRows(A: Matrix, lengths: Float64Array): Matrix {
  const out = scale(A, 1);
  for (let k = 0; k < out.data.length; k++) out.data[k] /= lengths[Math.floor(k / A.cols)];
  return out;
}
