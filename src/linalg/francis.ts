import { NumericError } from "../errors.ts";
import type { Matrix } from "./matrix.ts";

/**
 * The real Schur form A = Q T Qᵀ of a square matrix with entries of order 1: Q orthogonal, T upper
 * triangular but for blocks of 2 × 2 on the diagonal with complex eigenvalues. Backward stable.
 *
 * Householder's reduction to Hessenberg form, then Francis's implicit double shift. Golub & Van Loan
 * (2013), "Matrix Computations", 4th ed., algorithms 7.4.2 and 7.5.1.
 *
 * @throws NumericError  where 60 sweeps do not split off an eigenvalue
 */
export function realSchur(A: Matrix): { Q: Matrix; T: Matrix } {
  const n = A.rows;
  const T = A.data.slice();
  const Q = new Float64Array(n * n);
  for (let i = 0; i < n; i++) Q[i * (n + 1)] = 1;
  toHessenberg(n, T, Q);

  const scale = Math.sqrt(T.reduce((sum, t) => sum + t * t, 0));
  let high = n - 1;
  for (let sweeps = 0; high > 0; sweeps++) {
    const low = startOfBlock(n, T, high, scale);
    if (low === high) {
      high -= 1;
      sweeps = -1;
    } else if (low === high - 1) {
      splitPair(n, T, Q, low);
      high -= 2;
      sweeps = -1;
    } else {
      if (sweeps === 60) throw new NumericError(`QR did not converge on a matrix of ${n} × ${n}`);
      doubleShift(n, T, Q, low, high, sweeps);
    }
  }
  return { Q: { rows: n, cols: n, data: Q }, T: { rows: n, cols: n, data: T } };
}

function toHessenberg(n: number, T: Float64Array, Q: Float64Array): void {
  for (let k = 0; k < n - 2; k++) {
    const x = Float64Array.from({ length: n - k - 1 }, (_, i) => T[(k + 1 + i) * n + k]);
    if (x.subarray(1).every((entry) => entry === 0)) continue;
    const v = reflector(x);
    fromLeft(n, T, k + 1, v, k);
    fromRight(n, T, k + 1, v, n);
    fromRight(n, Q, k + 1, v, n);
    for (let i = k + 2; i < n; i++) T[i * n + k] = 0;
  }
}

/** v of unit length with (I − 2vvᵀ) x = ∓‖x‖ e₁; zero for a zero x. */
function reflector(x: Float64Array): Float64Array {
  const most = x.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  if (most === 0) return x;
  const v = x.map((entry) => entry / most);
  v[0] += Math.sign(v[0] || 1) * length(v); // the sign that does not cancel
  const norm = length(v);
  return v.map((entry) => entry / norm);
}

const length = (x: Float64Array) => Math.sqrt(x.reduce((sum, entry) => sum + entry * entry, 0));

/** M ← (I − 2vvᵀ) M, where v begins at row `top`, on the columns from `first`. */
function fromLeft(n: number, M: Float64Array, top: number, v: Float64Array, first: number): void {
  for (let j = first; j < n; j++) {
    let sum = 0;
    for (let i = 0; i < v.length; i++) sum += v[i] * M[(top + i) * n + j];
    for (let i = 0; i < v.length; i++) M[(top + i) * n + j] -= 2 * sum * v[i];
  }
}

/** M ← M (I − 2vvᵀ), where v begins at column `left`, on the rows before `last`. */
function fromRight(n: number, M: Float64Array, left: number, v: Float64Array, last: number): void {
  for (let i = 0; i < last; i++) {
    const row = M.subarray(i * n + left, i * n + left + v.length);
    let sum = 0;
    for (let j = 0; j < v.length; j++) sum += v[j] * row[j];
    for (let j = 0; j < v.length; j++) row[j] -= 2 * sum * v[j];
  }
}

/** The first row of the unreduced block that ends at `high`; what is negligible becomes zero. */
function startOfBlock(n: number, T: Float64Array, high: number, scale: number): number {
  for (let i = high; i > 0; i--) {
    const below = i * n + i - 1;
    const beside = Math.abs(T[below - n]) + Math.abs(T[below + 1]);
    if (Math.abs(T[below]) <= 2 ** -53 * (beside || scale)) {
      T[below] = 0;
      return i;
    }
  }
  return 0;
}

function doubleShift(
  n: number,
  T: Float64Array,
  Q: Float64Array,
  low: number,
  high: number,
  sweeps: number,
): void {
  const at = (i: number, j: number) => T[i * n + j];
  let trace = at(high - 1, high - 1) + at(high, high);
  let determinant =
    at(high - 1, high - 1) * at(high, high) - at(high - 1, high) * at(high, high - 1);
  if (sweeps % 10 === 9) {
    // Shifts out of the ordinary break the rare cycles.
    const size = Math.abs(at(high, high - 1)) + Math.abs(at(high - 1, high - 2));
    trace = 1.5 * size;
    determinant = size * size;
  }
  let x = Float64Array.of(
    at(low, low) * (at(low, low) - trace) + at(low, low + 1) * at(low + 1, low) + determinant,
    at(low + 1, low) * (at(low, low) + at(low + 1, low + 1) - trace),
    at(low + 1, low) * at(low + 2, low + 1),
  );
  for (let k = low; k < high; k++) {
    const v = reflector(x);
    fromLeft(n, T, k, v, Math.max(0, k - 1));
    fromRight(n, T, k, v, Math.min(k + 4, high + 1));
    fromRight(n, Q, k, v, n);
    if (k > low) for (let i = k + 1; i < k + v.length; i++) T[i * n + k - 1] = 0;
    x = Float64Array.from({ length: Math.min(3, high - k) }, (_, i) => at(k + 1 + i, k));
  }
}

/** Makes a block of 2 × 2 with real eigenvalues triangular by one rotation. */
function splitPair(n: number, T: Float64Array, Q: Float64Array, low: number): void {
  const [a, b] = [T[low * n + low], T[low * n + low + 1]];
  const [c, d] = [T[(low + 1) * n + low], T[(low + 1) * n + low + 1]];
  const half = (a - d) / 2;
  const discriminant = half * half + b * c;
  if (discriminant < 0) return;
  // λ − d, of the eigenvalue farther from d, so that nothing cancels; (λ − d, c) is its eigenvector.
  const away = half + Math.sign(half || 1) * Math.sqrt(discriminant);
  const norm = Math.hypot(away, c);
  const [cos, sin] = [away / norm, c / norm];
  for (let j = 0; j < n; j++) {
    const [x, y] = [T[low * n + j], T[(low + 1) * n + j]];
    T[low * n + j] = cos * x + sin * y;
    T[(low + 1) * n + j] = cos * y - sin * x;
  }
  for (const M of [T, Q]) {
    for (let i = 0; i < n; i++) {
      const [x, y] = [M[i * n + low], M[i * n + low + 1]];
      M[i * n + low] = cos * x + sin * y;
      M[i * n + low + 1] = cos * y - sin * x;
    }
  }
  T[(low + 1) * n + low] = 0;
}
