import { NumericError } from "../../errors.ts";
import {
  type ComplexMatrix,
  type ComplexNumbers,
  complexNumbers,
  complexZeros,
} from "../../linalg/complex.ts";
import { leastSquares } from "../../linalg/least-squares.ts";
import { gram, type Matrix, transpose } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";

/** What an expansion Σ_j z_j α_j λ_j^i of snapshots is fitted in. */
export interface Expansion {
  readonly values: ComplexNumbers; // λ [ℓ], pairs adjacent
  readonly vectors: ComplexMatrix; // w [k × ℓ]: the modes z = U w in an orthonormal basis U
  readonly coordinates: Matrix; // c_i = Uᵀ f_i [k × M]
  readonly weights: Float64Array; // ω [M]
}

/** "normal": the normal equations; "orthogonal": a tall least squares problem, for nearly equal modes. */
export type Route = "normal" | "orthogonal" | "auto";

// The normal equations lose as many digits as their condition number has; half of them may go.
const worstCondition = 1e8;

/**
 * Amplitudes α [ℓ] that minimise Σ_i ω_i² ‖f_i − Σ_j z_j α_j λ_j^i‖², i = 0 … M − 1; those of a pair
 * are conjugate to the last bit. "auto" takes the normal equations unless they are ill-conditioned.
 *
 * With the real and imaginary parts of α as unknowns all is real: snapshot i is P D_i a, where P has
 * the columns Re w, Im w and D_i is made of λ_j^i alone, in blocks of one and two.
 *
 * Drmač, Mezić & Mohr (2018), "On least squares problems with certain Vandermonde–Khatri–Rao
 * structure with applications to DMD", arXiv:1811.12562.
 *
 * @throws NumericError  where a power of an eigenvalue leaves the finite numbers
 */
export function fitAmplitudes(expansion: Expansion, route: Route = "auto"): ComplexNumbers {
  const { values, coordinates } = expansion;
  const P = packed(expansion);
  if (route !== "orthogonal") {
    const { G, g } = normalEquations(expansion, P);
    // Columns brought to one length, so that a mode of small weight does not look like a singular one.
    const lengths = Float64Array.from({ length: G.rows }, (_, j) =>
      Math.sqrt(G.data[j * G.rows + j]),
    );
    const scaled = G.data.map((x, k) => {
      return x / (lengths[Math.floor(k / G.rows)] * lengths[k % G.rows] || 1);
    });
    const right = g.map((x, j) => x / (lengths[j] || 1));
    const { X, singularValues: s } = leastSquares({ ...G, data: scaled }, column(right));
    if (route === "normal" || s[0] <= worstCondition * s[s.length - 1])
      return unpacked(
        values,
        X.data.map((x, j) => x / (lengths[j] || 1)),
      );
  }
  const { rows: k, cols: M } = coordinates;
  const ell = P.cols;
  const powers = powersOf(values);
  const tall = new Float64Array(k * M * ell);
  const right = new Float64Array(k * M);
  for (let i = 0; i < M; i++) {
    const D = blocks(values, powers, i);
    for (let row = 0; row < k; row++) {
      const at = i * k + row;
      right[at] = expansion.weights[i] * coordinates.data[row * M + i];
      const out = tall.subarray(at * ell, (at + 1) * ell);
      timesBlocks(P.data.subarray(row * ell, (row + 1) * ell), values, D, out);
      for (let j = 0; j < ell; j++) out[j] *= expansion.weights[i];
    }
  }
  const { X } = leastSquares({ rows: k * M, cols: ell, data: tall }, column(right));
  return unpacked(values, X.data);
}

const column = (data: Float64Array): Matrix => ({ rows: data.length, cols: 1, data });

/** Columns w of real eigenvalues, and Re w, Im w of pairs. */
export function packed({ values, vectors }: Pick<Expansion, "values" | "vectors">): Matrix {
  const { cols } = vectors.re;
  const data = vectors.re.data.map((x, k) => {
    return values.im[k % cols] < 0 ? vectors.im.data[k - 1] : x;
  });
  return { ...vectors.re, data };
}

/** A Z for a real A and columns that come in pairs, which stay conjugate to the last bit. */
export function realTimesPairs(
  A: Matrix,
  values: ComplexNumbers,
  vectors: ComplexMatrix,
): ComplexMatrix {
  const parts = product(A, packed({ values, vectors }));
  const out = complexZeros(A.rows, parts.cols);
  spread(parts.data, values, out, 0);
  return out;
}

/** Rows of packed columns to their places in a complex matrix, from row `first` on. */
export function spread(
  parts: Float64Array,
  { im: sign }: ComplexNumbers,
  { re, im }: ComplexMatrix,
  first: number,
): void {
  const k = re.cols;
  for (let j = 0; j < k; j++) {
    const paired = sign[j] > 0;
    for (let at = j; at < parts.length; at += k) {
      const to = first * k + at;
      re.data[to] = parts[at];
      if (!paired) continue;
      re.data[to + 1] = parts[at];
      im.data[to] = parts[at + 1];
      im.data[to + 1] = -parts[at + 1];
    }
    if (paired) j++;
  }
}

export function unpacked({ im }: ComplexNumbers, a: Float64Array): ComplexNumbers {
  const alpha = complexNumbers(im.length);
  for (let j = 0; j < im.length; j++) {
    alpha.re[j] = im[j] < 0 ? a[j - 1] : a[j];
    if (im[j] !== 0) alpha.im[j] = im[j] > 0 ? a[j + 1] : -a[j];
  }
  return alpha;
}

/** λ_j^i of every eigenvalue. */
export const power = (values: ComplexNumbers, i: number): ComplexNumbers => powersOf(values)(i);

/** The same for many i: moduli and angles are taken once. */
export function powersOf({ re, im }: ComplexNumbers): (i: number) => ComplexNumbers {
  const moduli = re.map((x, j) => (im[j] === 0 ? x : Math.hypot(x, im[j])));
  const angles = re.map((x, j) => (im[j] === 0 ? 0 : Math.atan2(im[j], x)));
  return (i) => {
    const out = complexNumbers(re.length);
    for (let j = 0; j < re.length; j++) {
      const size = moduli[j] ** i;
      out.re[j] = im[j] === 0 ? size : size * Math.cos(angles[j] * i);
      if (im[j] !== 0) out.im[j] = size * Math.sin(angles[j] * i);
    }
    return out;
  };
}

function blocks(
  values: ComplexNumbers,
  powers: (i: number) => ComplexNumbers,
  i: number,
): ComplexNumbers {
  const D = powers(i);
  const bad = D.re.findIndex((x, j) => !Number.isFinite(x) || !Number.isFinite(D.im[j]));
  if (bad >= 0) {
    const size = Math.hypot(values.re[bad], values.im[bad]);
    throw new NumericError(
      `an eigenvalue of modulus ${size} to the power ${i} overflows`,
      "fit fewer snapshots, or drop that mode",
    );
  }
  return D;
}

/** out = row · D_i: for a pair the block 2 [[c, −s], [−s, −c]] of λ^i = c + is. */
function timesBlocks(
  row: Float64Array,
  { im }: ComplexNumbers,
  D: ComplexNumbers,
  out: Float64Array,
): void {
  for (let j = 0; j < row.length; j++) {
    if (im[j] === 0) {
      out[j] = row[j] * D.re[j];
    } else {
      const [x, y, c, s] = [row[j], row[j + 1], D.re[j], D.im[j]];
      out[j] = 2 * (x * c - y * s);
      out[j + 1] = -2 * (x * s + y * c);
      j++;
    }
  }
}

/** G = Σ ω_i² D_iᵀ PᵀP D_i and g = Σ ω_i² D_iᵀ Pᵀ c_i. */
export function normalEquations({ values, coordinates, weights }: Expansion, P: Matrix) {
  const ell = P.cols;
  const K = gram(transpose(P));
  const projected = product(transpose(P), coordinates);
  const M = coordinates.cols;
  const [G, g] = [new Float64Array(ell * ell), new Float64Array(ell)];
  const half = new Float64Array(ell * ell);
  const [line, out] = [new Float64Array(ell), new Float64Array(ell)];
  const powers = powersOf(values);
  for (let i = 0; i < M; i++) {
    const D = blocks(values, powers, i);
    const square = weights[i] ** 2;
    // K D, then its transpose times D: Dᵀ K D, since K is symmetric.
    for (let p = 0; p < ell; p++) {
      timesBlocks(K.data.subarray(p * ell, (p + 1) * ell), values, D, out);
      for (let q = 0; q < ell; q++) half[q * ell + p] = out[q];
    }
    for (let p = 0; p < ell; p++) {
      timesBlocks(half.subarray(p * ell, (p + 1) * ell), values, D, out);
      for (let q = 0; q < ell; q++) G[p * ell + q] += square * out[q];
      line[p] = projected.data[p * M + i];
    }
    timesBlocks(line, values, D, out);
    for (let q = 0; q < ell; q++) g[q] += square * out[q];
  }
  return { G: { rows: ell, cols: ell, data: G }, g };
}
