import { NumericError } from "../../errors.ts";
import { type ComplexMatrix, type ComplexNumbers, complexNumbers } from "../../linalg/complex.ts";
import { leastSquares } from "../../linalg/least-squares.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import { innerProduct, product, provider } from "../../linalg/provider.ts";

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
  const T = finitePowers(values, M);
  const terms = termsOf(values);
  const tall = new Float64Array(k * M * ell);
  const right = new Float64Array(k * M);
  for (let i = 0; i < M; i++) {
    const weight = expansion.weights[i];
    for (let row = 0; row < k; row++) {
      const at = i * k + row;
      right[at] = weight * coordinates.data[row * M + i];
      for (let j = 0; j < ell; j++) {
        for (const { factor, column, power } of terms[j]) {
          tall[at * ell + j] +=
            weight * factor * P.data[row * ell + column] * T.data[power * M + i];
        }
      }
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

/** Rows of packed columns to their places in a complex matrix, from row `first` on. */
export function spread(
  parts: Float64Array,
  { im: sign }: ComplexNumbers,
  { re, im }: ComplexMatrix,
  first: number,
): void {
  const k = re.cols;
  for (let row = 0; row < parts.length; row += k) {
    const to = first * k + row;
    for (let j = 0; j < k; j++) {
      re.data[to + j] = parts[row + j];
      if (!(sign[j] > 0)) continue;
      re.data[to + j + 1] = parts[row + j];
      im.data[to + j] = parts[row + j + 1];
      im.data[to + j + 1] = -parts[row + j + 1];
      j++;
    }
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
export const power = (values: ComplexNumbers, i: number): ComplexNumbers =>
  unpacked(values, powers(values, i, 1).data);

/** Between so many steps powers are products, since sines are slow; then they are taken anew. */
const stepsByProduct = 16;

/** λ_j^i for i = first, first + 1, … [ℓ × count]; of a pair the real and the imaginary parts of the first. */
export function powers({ re, im }: ComplexNumbers, first: number, count: number): Matrix {
  const data = new Float64Array(re.length * count);
  for (let j = 0; j < re.length; j++) {
    const at = j * count;
    const x = re[j];
    const y = im[j];
    const size = y === 0 ? x : Math.hypot(x, y);
    const angle = y === 0 ? 0 : Math.atan2(y, x);
    let cos = 1;
    let sin = 0;
    for (let i = 0; i < count; i++) {
      if (i % stepsByProduct === 0) {
        const modulus = size ** (first + i);
        cos = modulus * Math.cos(angle * (first + i));
        sin = modulus * Math.sin(angle * (first + i));
      } else {
        const before = cos;
        cos = before * x - sin * y;
        sin = before * y + sin * x;
      }
      data[at + i] = cos;
      if (y !== 0) data[at + count + i] = sin;
    }
    if (y !== 0) j++;
  }
  return { rows: re.length, cols: count, data };
}

/** @throws NumericError  where a power leaves the finite numbers */
function finitePowers(values: ComplexNumbers, count: number): Matrix {
  const T = powers(values, 0, count);
  const bad = T.data.findIndex((x) => !Number.isFinite(x));
  if (bad < 0) return T;
  const j = Math.floor(bad / count);
  throw new NumericError(
    `an eigenvalue of modulus ${Math.hypot(values.re[j], values.im[j])} to the power ${bad % count} ` +
      "overflows",
    "fit fewer snapshots, or drop that mode",
  );
}

/** One product in an entry of `row · D_i`: factor · row[column] · T[power, i], T of `powers`. */
interface Term {
  readonly factor: number;
  readonly column: number;
  readonly power: number;
}

/** Column by column what D_i is made of: λ^i itself, or for a pair 2 [[c, −s], [−s, −c]], λ^i = c + is. */
function termsOf({ im }: ComplexNumbers): Term[][] {
  return Array.from(im, (y, j) => {
    if (y === 0) return [{ factor: 1, column: j, power: j }];
    const first = y > 0 ? j : j - 1;
    return [
      { factor: y > 0 ? 2 : -2, column: first, power: j },
      { factor: -2, column: first + 1, power: y > 0 ? j + 1 : j - 1 },
    ];
  });
}

/** Σ_j w_j α_j λ_j^i for i = first, first + 1, … [k × count]: P D_i a. */
export function expanded(
  { values, vectors }: Pick<Expansion, "values" | "vectors">,
  { re, im }: ComplexNumbers,
  first: number,
  count: number,
): Matrix {
  const T = powers(values, first, count);
  const scaled = new Float64Array(T.data.length);
  for (let j = 0; j < re.length; j++) {
    const at = j * count;
    if (values.im[j] === 0) {
      for (let i = at; i < at + count; i++) scaled[i] = T.data[i] * re[j];
      continue;
    }
    // 2 Re(w z) = Re w · 2 Re z − Im w · 2 Im z for z = λ^i α
    for (let i = at; i < at + count; i++) {
      const [c, s] = [T.data[i], T.data[i + count]];
      scaled[i] = 2 * (c * re[j] - s * im[j]);
      scaled[i + count] = -2 * (c * im[j] + s * re[j]);
    }
    j++;
  }
  return product(packed({ values, vectors }), { ...T, data: scaled });
}

/**
 * G = Σ ω_i² D_iᵀ PᵀP D_i and g = Σ ω_i² D_iᵀ Pᵀ c_i. What depends on i are inner products of powers
 * alone, H = T Ω² Tᵀ: every entry of G is a sum of up to four products of PᵀP and H.
 */
export function normalEquations({ values, coordinates, weights }: Expansion, P: Matrix) {
  const [ell, M] = [P.cols, coordinates.cols];
  const K = provider().gram(P, "columns");
  const projected = innerProduct(P, coordinates);
  const T = finitePowers(values, M);
  const weighted = { ...T, data: T.data.map((x, k) => x * weights[k % M]) };
  const H = provider().gram(weighted, "rows");
  const terms = termsOf(values);
  const [G, g] = [new Float64Array(ell * ell), new Float64Array(ell)];
  for (let p = 0; p < ell; p++) {
    for (const own of terms[p]) {
      for (let q = 0; q <= p; q++) {
        for (const other of terms[q]) {
          G[p * ell + q] +=
            own.factor *
            other.factor *
            K.data[own.column * ell + other.column] *
            H.data[own.power * ell + other.power];
        }
      }
      const [row, powers] = [own.column * M, own.power * M];
      let sum = 0;
      for (let i = 0; i < M; i++) {
        sum += weighted.data[powers + i] * weights[i] * projected.data[row + i];
      }
      g[p] += own.factor * sum;
    }
    for (let q = 0; q < p; q++) G[q * ell + p] = G[p * ell + q];
  }
  return { G: { rows: ell, cols: ell, data: G }, g };
}
