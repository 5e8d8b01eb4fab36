import { DataError } from "../errors.ts";
import { type Matrix, matrixOf, transpose } from "../linalg/matrix.ts";
import { qr } from "../linalg/qr.ts";
import { solveUpper } from "../linalg/triangular.ts";
import { ball, type Frequency, multiplicity } from "./shells.ts";
import { largestGap, type TorusPoints, voronoiWeights } from "./torus.ts";

/** How Fourier coefficients are estimated from samples. */
export const transformNames = ["voronoi", "least-squares", "monte-carlo"] as const;
export type TransformName = (typeof transformNames)[number];

/** The linear map ê = E e from values e [N] at the samples to coefficients, E complex [F × N]. */
export interface Transform {
  readonly frequencies: readonly Frequency[]; // [F]
  readonly re: Matrix;
  readonly im: Matrix;
}

/** Voronoi weights where there is one input; they have no cheap counterpart for more. */
export const usualTransform = (dimensions: number): TransformName =>
  dimensions === 1 ? "voronoi" : "least-squares";

/**
 * Coefficients ê(k) of a signal on the torus known at some points:
 *
 * - "voronoi": Σᵢ wᵢ eᵢ e^(−2πi k·tᵢ) with the weights of `voronoiWeights`;
 * - "monte-carlo": the same with wᵢ = 1/N, unbiased for uniform samples and exact on a grid, else leaky;
 * - "least-squares": those of the trigonometric polynomial of all ‖k‖₁ ≤ K, the largest asked for, that
 *   minimises Σᵢ wᵢ |eᵢ − p(tᵢ)|², with Voronoi weights for one input and equal ones for more.
 *
 * @throws DataError  where least squares have fewer samples than coefficients, or a gap so large that they do
 *   not tell them: 1/(2K) for one input
 */
export function fourierTransform(
  points: TorusPoints,
  frequencies: readonly Frequency[],
  method: TransformName = usualTransform(points.dimensions),
): Transform {
  if (method === "least-squares") return byLeastSquares(points, frequencies);
  const { count } = points;
  const weights =
    method === "voronoi" ? voronoiWeights(points) : new Float64Array(count).fill(1 / count);
  return filled(points, frequencies, (i, cos, sin) => [weights[i] * cos, -weights[i] * sin]);
}

const phase = ({ t, dimensions }: TorusPoints, k: Frequency, i: number): number =>
  2 * Math.PI * k.reduce((sum, x, d) => sum + x * t[i * dimensions + d], 0);

function filled(
  points: TorusPoints,
  frequencies: readonly Frequency[],
  entry: (i: number, cos: number, sin: number) => readonly [number, number],
): Transform {
  const { count } = points;
  const [re, im] = [0, 1].map(() => new Float64Array(frequencies.length * count));
  frequencies.forEach((k, f) => {
    for (let i = 0; i < count; i++) {
      const angle = phase(points, k, i);
      [re[f * count + i], im[f * count + i]] = entry(i, Math.cos(angle), Math.sin(angle));
    }
  });
  const shaped = (data: Float64Array) => matrixOf(frequencies.length, count, data);
  return { frequencies, re: shaped(re), im: shaped(im) };
}

/** Rows of P = (ΦᵀWΦ)⁻¹ΦᵀW over cosines and sines, by QR of W^½Φ; c_k = (a_k − i b_k)/2. */
function byLeastSquares(points: TorusPoints, wanted: readonly Frequency[]): Transform {
  const { count, dimensions } = points;
  const radius = Math.max(...wanted.map((k) => k.reduce((sum, x) => sum + Math.abs(x), 0)));
  const frequencies = ball(radius, dimensions);
  const columns = frequencies.flatMap((k) =>
    multiplicity(k) === 1
      ? [{ k, of: Math.cos }]
      : [
          { k, of: Math.cos },
          { k, of: Math.sin },
        ],
  );
  const p = columns.length;
  requireEnough(points, radius, p);
  const weights =
    dimensions === 1 ? voronoiWeights(points) : new Float64Array(count).fill(1 / count);
  const roots = weights.map(Math.sqrt);
  const data = new Float64Array(count * p);
  columns.forEach(({ k, of }, j) => {
    for (let i = 0; i < count; i++) data[i * p + j] = roots[i] * of(phase(points, k, i));
  });
  const { Q, R } = qr(matrixOf(count, p, data));
  const diagonal = Array.from({ length: p }, (_, j) => R.data[j * p + j]);
  if (Math.min(...diagonal) < 1e-6 * Math.max(...diagonal))
    throw new DataError(`the samples do not tell the ${p} coefficients of ‖k‖₁ ≤ ${radius} apart`, {
      hint: "take fewer shells, more samples, or the transform monte-carlo",
    });
  const weighted = transpose({ ...Q, data: Q.data.map((q, i) => q * roots[Math.floor(i / p)]) });
  const P = solveUpper(R, weighted).data; // [p × N]
  const place = new Map(columns.map(({ k, of }, j) => [`${of === Math.cos}:${k}`, j]));
  const [re, im] = [0, 1].map(() => new Float64Array(wanted.length * count));
  wanted.forEach((k, f) => {
    const share = 1 / multiplicity(k);
    const [a, b] = [place.get(`true:${k}`)!, place.get(`false:${k}`)];
    for (let i = 0; i < count; i++) {
      re[f * count + i] = share * P[a * count + i];
      if (b !== undefined) im[f * count + i] = -share * P[b * count + i];
    }
  });
  const shaped = (of: Float64Array) => matrixOf(wanted.length, count, of);
  return { frequencies: wanted, re: shaped(re), im: shaped(im) };
}

function requireEnough(points: TorusPoints, radius: number, coefficients: number): void {
  const { count, dimensions } = points;
  if (count < coefficients)
    throw new DataError(
      `${count} samples do not tell the ${coefficients} coefficients of ‖k‖₁ ≤ ${radius}`,
      { hint: "take fewer shells, more samples, or the transform monte-carlo" },
    );
  if (dimensions > 1) return;
  const { gap } = largestGap(points);
  if (gap > 1 / (2 * radius))
    throw new DataError(
      `the largest gap between samples is ${gap.toPrecision(3)} of the period, more than 1/(2K) = ${(1 / (2 * radius)).toPrecision(3)}`,
      { hint: `take shells up to ${Math.floor(1 / (2 * gap))}, or the transform voronoi` },
    );
}
