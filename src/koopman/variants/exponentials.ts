import { type ComplexMatrix, type ComplexNumbers, complexZeros } from "../../linalg/complex.ts";
import { leastSquares } from "../../linalg/least-squares.ts";
import { type Matrix, subtract, transpose } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";
import { qr } from "../../linalg/qr.ts";

/**
 * Rates of the exponentials in a fit, all real numbers: a mode alone is sign^t e^{at}, a pair is
 * e^{at} cos bt and e^{at} sin bt. Signs and which belong together do not change during a fit.
 */
export interface Rates {
  readonly growth: Float64Array; // a of each column
  readonly turn: Float64Array; // b; > 0 for the first column of a pair, < 0 for its second, else 0
  readonly sign: Float64Array; // ±1
}

export interface ExponentialFit {
  readonly rates: Rates;
  readonly coefficients: Matrix; // B [r × k]: the data are Φ(rates) B
  readonly misfit: number; // ‖H − Φ B‖_F
  readonly iterations: number;
  readonly converged: boolean;
}

/** Rates whose λ are given, at steps of 1. An eigenvalue of 0 becomes a fast decay. */
export function ratesOf({ re, im }: ComplexNumbers): Rates {
  const size = re.map((x, j) => Math.max(1e-3, Math.hypot(x, im[j])));
  return {
    growth: size.map(Math.log),
    turn: re.map((x, j) => (im[j] === 0 ? 0 : Math.atan2(im[j], x))),
    sign: re.map((x, j) => (im[j] === 0 && x < 0 ? -1 : 1)),
  };
}

/** λ of rates: the inverse of `ratesOf`. */
export function valuesOf({ growth, turn, sign }: Rates): ComplexNumbers {
  return {
    re: growth.map((a, j) => sign[j] * Math.exp(a) * Math.cos(turn[j])),
    im: growth.map((a, j) => (turn[j] === 0 ? 0 : Math.exp(a) * Math.sin(turn[j]))),
  };
}

/** Modes of unit length, [k × r], from the coefficients of real columns. */
export function vectorsOf({ turn }: Rates, B: Matrix): ComplexMatrix {
  const W = complexZeros(B.cols, B.rows);
  for (let j = 0; j < B.rows; j++) {
    const pair = turn[j] > 0;
    // cos·x + sin·y = Re (e^{ibt} (x − iy))
    const x = B.data.subarray(j * B.cols, (j + 1) * B.cols);
    const y = pair ? B.data.subarray((j + 1) * B.cols, (j + 2) * B.cols) : new Float64Array(B.cols);
    const length = Math.hypot(...x, ...y) || 1;
    for (let i = 0; i < B.cols; i++) {
      W.re.data[i * B.rows + j] = x[i] / length;
      if (!pair) continue;
      W.im.data[i * B.rows + j] = -y[i] / length;
      W.re.data[i * B.rows + j + 1] = x[i] / length;
      W.im.data[i * B.rows + j + 1] = y[i] / length;
    }
    if (pair) j++;
  }
  return W;
}

export interface FitOptions {
  readonly maxIterations: number;
  /** Stops when an iteration gains less than this share of the misfit. */
  readonly tolerance: number;
  /** Keeps growth rates at 0 or below. */
  readonly stable: boolean;
}

/**
 * Exponentials in the least squares sense, min ‖H − Φ(rates) B‖_F over rates and B: B is eliminated
 * (variable projection), and Levenberg–Marquardt takes the rates with Kaufman's Jacobian
 * −(I − QQᵀ) ∂Φ B. Not convex: what is found is near `start`; the best iterate is kept.
 *
 * Askham & Kutz (2018), "Variable projection methods for an optimized dynamic mode decomposition",
 * SIAM J. Appl. Dyn. Syst. 17, 380–416; Golub & Pereyra (1973), SIAM J. Numer. Anal. 10, 413.
 *
 * @param H  [p × k], a row for each time
 * @param times  [p], in steps, not necessarily regular
 */
export function fitExponentials(
  H: Matrix,
  times: Float64Array,
  start: Rates,
  { maxIterations, tolerance, stable }: FitOptions,
): ExponentialFit {
  const limit = 600 / Math.max(1, ...times); // e^{at} stays finite
  const bounded = (rates: Rates): Rates => ({
    ...rates,
    growth: rates.growth.map((a) => Math.min(stable ? 0 : limit, Math.max(-limit, a))),
  });
  let here = project(H, times, bounded(start));
  let damping = 1e-3;
  for (let iterations = 0; iterations < maxIterations; iterations++) {
    const { normal, gradient } = linearised(times, here);
    let next = here;
    while (damping < 1e12) {
      const A = { ...normal, data: normal.data.slice() };
      for (let k = 0; k < A.data.length; k += A.cols + 1) A.data[k] *= 1 + damping;
      const { X } = leastSquares(A, gradient);
      next = project(H, times, bounded(moved(here.rates, X.data)));
      if (next.misfit < here.misfit) break;
      damping *= 4;
    }
    const gain = here.misfit - next.misfit;
    if (!(gain > tolerance * here.misfit)) {
      const best = next.misfit < here.misfit ? next : here;
      return { ...best, iterations, converged: true };
    }
    here = next;
    damping = Math.max(1e-12, damping / 8);
  }
  return { ...here, iterations: maxIterations, converged: false };
}

interface Projected {
  readonly rates: Rates;
  readonly coefficients: Matrix;
  readonly misfit: number;
  readonly Q: Matrix;
  readonly rest: Matrix; // H − Φ B
}

function project(H: Matrix, times: Float64Array, rates: Rates): Projected {
  const Phi = design(times, rates);
  const { Q } = qr(Phi);
  const rest = subtract(H, product(Q, product(transpose(Q), H)));
  const { X } = leastSquares(Phi, H);
  return { rates, coefficients: X, misfit: Math.hypot(...columnsSquared(rest)), Q, rest };
}

const columnsSquared = ({ cols, data }: Matrix) => {
  const sums = new Float64Array(cols);
  for (let k = 0; k < data.length; k++) sums[k % cols] += data[k] ** 2;
  return sums.map(Math.sqrt);
};

/** Φ [p × r] */
export function design(times: Float64Array, { growth, turn, sign }: Rates): Matrix {
  const r = growth.length;
  const data = new Float64Array(times.length * r);
  times.forEach((t, i) => {
    for (let j = 0; j < r; j++) {
      const size = sign[j] < 0 ? sign[j] ** t * Math.exp(growth[j] * t) : Math.exp(growth[j] * t);
      const angle = turn[j] * t;
      data[i * r + j] = size * (turn[j] < 0 ? -Math.sin(angle) : Math.cos(angle));
    }
  });
  return { rows: times.length, cols: r, data };
}

/** Growth rates by the first of the unknowns of each mode, turns of pairs by the second. */
function moved({ growth, turn, sign }: Rates, step: Float64Array): Rates {
  const [a, b] = [growth.slice(), turn.slice()];
  for (let j = 0; j < a.length; j++) {
    a[j] += step[j];
    if (turn[j] <= 0) continue;
    a[j + 1] = a[j];
    b[j] = Math.max(1e-12, b[j] + step[j + 1]);
    b[j + 1] = -b[j];
    j++;
  }
  return { growth: a, turn: b, sign };
}

/**
 * ∂Φ/∂θ_j B [p × n] for each unknown: t Φ_j by a growth rate (both columns of a pair); −t sin and
 * t cos by the turn of a pair, which stands at its second column.
 */
export function gradients(times: Float64Array, rates: Rates, B: Matrix): Matrix[] {
  const [r, p] = [rates.growth.length, times.length];
  const Phi = design(times, rates);
  return Array.from({ length: r }, (_, j): Matrix => {
    const turning = rates.turn[j] < 0;
    const pair = rates.turn[j] !== 0;
    const first = turning ? j - 1 : j;
    const D = new Float64Array(p * r);
    for (let i = 0; i < p; i++) {
      const [t, at] = [times[i], i * r + first];
      if (turning) {
        D[at] = -t * Phi.data[at + 1];
        D[at + 1] = t * Phi.data[at];
      } else {
        D[at] = t * Phi.data[at];
        if (pair) D[at + 1] = t * Phi.data[at + 1];
      }
    }
    return product({ rows: p, cols: r, data: D }, B);
  });
}

/** JᵀJ [r × r] and Jᵀ(H − Φ B) [r × 1] in Kaufman's approximation, J of Φ B. */
function linearised(times: Float64Array, { rates, coefficients: B, Q, rest }: Projected) {
  const r = rates.growth.length;
  const derivatives = gradients(times, rates, B).map((image) =>
    subtract(image, product(Q, product(transpose(Q), image))),
  );
  const inner = (x: Matrix, y: Matrix) =>
    x.data.reduce((sum, value, k) => sum + value * y.data[k], 0);
  const normal = new Float64Array(r * r);
  const gradient = new Float64Array(r);
  for (let i = 0; i < r; i++) {
    gradient[i] = inner(derivatives[i], rest);
    for (let j = 0; j <= i; j++) {
      normal[i * r + j] = normal[j * r + i] = inner(derivatives[i], derivatives[j]);
    }
  }
  return {
    normal: { rows: r, cols: r, data: normal },
    gradient: { rows: r, cols: 1, data: gradient },
  };
}

/** Largest modulus first, as every spectrum has it; pairs stay together. */
export function ordered(rates: Rates): number[] {
  return Array.from(rates.growth, (_, j) => j).sort(
    (i, j) => rates.growth[j] - rates.growth[i] || i - j,
  );
}
