import { dmd } from "../../koopman/dmd/dmd.ts";
import { hankelDmd } from "../../koopman/dmd/hankel.ts";
import type { Spectrum } from "../../koopman/dmd/spectrum.ts";
import { capped, noiseFloor, numericalRank } from "../../koopman/dmd/truncation.ts";
import { increments } from "../../koopman/forecast/extrapolate.ts";
import { noiseOf } from "../../koopman/verdict/window.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import type { StartName } from "./plan.ts";
import type { Trajectory } from "./trajectory.ts";

/** What a spectrum was taken of: the training loss, the weights, or their change from epoch to epoch. */
export type Observable = "loss" | "weights" | "increments";

/** The spectrum of the first `range` snapshots of a run. */
export interface RangeSpectrum {
  readonly start: StartName;
  readonly of: Observable;
  readonly range: number;
  readonly re: readonly number[];
  readonly im: readonly number[];
  /** |α| of modes of length 1, as in Mohr et al.: how much the mode had to say at the first snapshot. */
  readonly importance: readonly number[];
  readonly residuals: readonly number[];
  /** Shares of the importance: of |λ| ≤ 1/2, and of |λ − 1| ≤ 1/20. */
  readonly nearZero: number;
  readonly nearOne: number;
  /** The latter of what the modes still do at the last snapshot, |α| |λ|^(M−1). */
  readonly nearOneNow: number;
}

/** Singular values of the weights below this share of the largest are left out. */
const leastShare = 1e-4;

/**
 * Spectra by DMD_RRR. The loss with range/2 delays, the rank by its noise; the weights, projected, by
 * singular values; at most a third of the range in both, so that residuals keep a meaning.
 */
export function rangeSpectrum(run: Trajectory, of: Observable, range: number): RangeSpectrum {
  const found = spectrumOfRange(run, of, range);
  const { eigenvalues, importance, residuals } = found;
  const share = (holds: (re: number, im: number) => boolean, weights = importance.amplitude) => {
    const total = weights.reduce((sum, x) => sum + x, 0);
    return (
      weights.reduce(
        (sum, x, j) => sum + (holds(eigenvalues.re[j], eigenvalues.im[j]) ? x : 0),
        0,
      ) / total
    );
  };
  return {
    start: run.plan.start,
    of,
    range,
    re: digits(eigenvalues.re),
    im: digits(eigenvalues.im),
    importance: digits(importance.amplitude),
    residuals: digits(residuals),
    nearZero: share((re, im) => Math.hypot(re, im) <= 0.5),
    nearOne: share(atOne),
    nearOneNow: share(atOne, importance.now),
  };
}

function spectrumOfRange(run: Trajectory, of: Observable, range: number): Spectrum {
  if (of === "loss") {
    const data = Float64Array.from(run.train.slice(0, range));
    const delays = Math.floor(range / 2);
    const truncation = capped(noiseFloor(noiseOf(data)), Math.floor(range / 6));
    // Unscaled, since the noise is measured in units of the loss.
    return hankelDmd({ rows: 1, cols: data.length, data }, delays, { truncation, scaling: "none" });
  }
  const states = matrixOf(run.weights.slice(0, range));
  const truncation = capped(numericalRank(leastShare), Math.floor(range / 3));
  return dmd(of === "weights" ? states : increments(states), { truncation });
}

const atOne = (re: number, im: number) => Math.hypot(re - 1, im) <= 0.05;

/** Vectors as columns. */
function matrixOf(vectors: readonly Float32Array[]): Matrix {
  const [rows, cols] = [vectors[0].length, vectors.length];
  const data = new Float64Array(rows * cols);
  vectors.forEach((vector, j) => {
    for (let i = 0; i < rows; i++) data[i * cols + j] = vector[i];
  });
  return { rows, cols, data };
}

const digits = (values: Float64Array): number[] =>
  Array.from(values, (x) => Number(x.toPrecision(6)));
