import { refuseUnknown } from "../../errors/suggest.ts";
import { ShapeError, UsageError } from "../../errors.ts";
import { type Matrix, symmetricPart, transpose } from "../../linalg/matrix.ts";
import { product } from "../../linalg/provider.ts";
import { symmetricEigen } from "../../linalg/symmetric.ts";
import { dmdDefaults, dmdOfTrajectory } from "../dmd/dmd.ts";
import { displacements } from "./extrapolate.ts";
import { motionRank } from "./settling.ts";

export interface JumpOptions {
  /** How far ahead, in windows. */
  readonly horizons: readonly number[];
}

export const jumpDefaults: JumpOptions = { horizons: [0.5, 1, 2, 4, 8, 16] };

/** Weights that training may reach so many epochs from now. */
export interface Proposal {
  readonly horizon: number; // epochs
  readonly theta: Float32Array;
}

/** Directions below this share of the largest are lost in a Gram matrix. */
const gramRounding = 1e-7;

/**
 * Extrapolates weights, w_0 … w_M after M + 1 epochs of training: the increments D_t = w_{t+1} − w_t
 * are taken apart into exponentials and followed over each horizon (`displacements`, without modes that
 * grow). The rank is that of `motionRank`. Which proposal is any good, only the loss can tell: as many
 * epochs of the past as of the future are seldom enough, and too low a rank leads astray.
 *
 * D [P × M] is never decomposed: with DᵀD = V S² Vᵀ, S Vᵀ has the same dynamics in the coordinates of
 * Q = D V S⁻¹, and a displacement Q c is the combination V S⁻¹ c of the increments. O(P M²).
 *
 * Dogra & Redman (2020), "Optimizing neural networks via Koopman operator theory", NeurIPS; increments
 * instead of weights, and one operator for all, as in Tano, Portwood & Ragusa (2020), arXiv:2006.14371.
 *
 * @param history  at least 5 vectors of one length, the oldest first
 * @returns nothing where the weights did not move
 * @throws UsageError  for an unknown option, horizons that are not positive, or too short a history
 * @throws ShapeError  for vectors of different lengths
 */
export function proposeJumps(
  history: readonly Float32Array[],
  options: Partial<JumpOptions> = {},
): Proposal[] {
  refuseUnknown("proposeJumps", options, Object.keys(jumpDefaults));
  const { horizons } = { ...jumpDefaults, ...options };
  const M = history.length - 1;
  if (M < 4) throw new UsageError(`proposeJumps: ${M + 1} vectors`, "at least 5 are needed");
  const odd = horizons.find((h) => !(h > 0 && h < Infinity));
  if (odd !== undefined) throw new UsageError(`proposeJumps: a horizon of ${odd} windows`);
  const length = history[0].length;
  if (history.some((theta) => theta.length !== length))
    throw new ShapeError("proposeJumps: vectors of different lengths");

  const G = gramOf(history);
  if (!G.data.every(Number.isFinite)) return [];
  const { values, vectors } = symmetricEigen(symmetricPart(G));
  const largest = Math.sqrt(Math.max(0, values[M - 1]));
  const s = values.map((value) => Math.sqrt(Math.max(0, value)));
  const kept = Array.from(s.keys()).filter((i) => s[i] > gramRounding * largest);
  if (kept.length === 0) return [];

  // Rows of S Vᵀ, and V S⁻¹.
  const pick = (of: (i: number) => number): Matrix => ({
    rows: kept.length,
    cols: M,
    data: Float64Array.from(
      { length: kept.length * M },
      (_, k) => vectors.data[(k % M) * M + kept[Math.floor(k / M)]] * of(kept[Math.floor(k / M)]),
    ),
  });
  const R = pick((i) => s[i]);
  const spectrum = dmdOfTrajectory(
    R,
    { ...dmdDefaults, truncation: motionRank(R, length), scaling: "none" },
    length,
  );
  const epochs = [...new Set(horizons.map((h) => Math.max(1, Math.round(h * M))))];
  const ahead = displacements(spectrum, epochs);
  const parts = product(transpose(pick((i) => 1 / s[i])), ahead);
  return epochs.map((horizon, column) => ({
    horizon,
    theta: moved(
      history,
      Float64Array.from({ length: M }, (_, t) => parts.data[t * epochs.length + column]),
    ),
  }));
}

/** DᵀD of the increments, the pass over the weights in blocks that stay in the cache. */
function gramOf(history: readonly Float32Array[]): Matrix {
  const M = history.length - 1;
  const [length, block] = [history[0].length, 512];
  const data = new Float64Array(M * M);
  const D = Array.from({ length: M }, () => new Float64Array(block));
  for (let from = 0; from < length; from += block) {
    const count = Math.min(block, length - from);
    for (let t = 0; t < M; t++) {
      const [now, next, out] = [history[t], history[t + 1], D[t]];
      for (let i = 0; i < count; i++) out[i] = next[from + i] - now[from + i];
    }
    for (let t = 0; t < M; t++) {
      for (let u = t; u < M; u++) {
        const [a, b] = [D[t], D[u]];
        let sum = 0;
        for (let i = 0; i < count; i++) sum += a[i] * b[i];
        data[t * M + u] += sum;
      }
    }
  }
  for (let t = 0; t < M; t++) for (let u = 0; u < t; u++) data[t * M + u] = data[u * M + t];
  return { rows: M, cols: M, data };
}

/** w_M + Σ_t c_t (w_{t+1} − w_t) */
function moved(history: readonly Float32Array[], c: Float64Array): Float32Array {
  const last = history[history.length - 1];
  const sum = Float64Array.from(last);
  for (let t = 0; t < c.length; t++) {
    const [now, next, share] = [history[t], history[t + 1], c[t]];
    for (let i = 0; i < sum.length; i++) sum[i] += share * (next[i] - now[i]);
  }
  return Float32Array.from(sum);
}
