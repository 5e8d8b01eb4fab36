import { median } from "../../data/quantiles.ts";
import type { Matrix } from "../../linalg/matrix.ts";
import { dmd } from "../dmd/dmd.ts";
import { noiseFloor, numericalRank, type Truncation } from "../dmd/truncation.ts";
import { displacements, increments } from "./extrapolate.ts";

/** How far the weights still have to go, as shares of their present length. */
export interface Settling {
  readonly next: number; // ‖w_{T+h} − w_T‖ / ‖w_T‖ as forecast for one more window of h epochs
  readonly remaining: number; // the same for h = ∞; of slow drift an overestimate
  readonly rank: number; // exponentials in the increments
}

/** Directions of the increments below this share of the largest are rounding of float32. */
const rounding = 1e-4;

/**
 * The rank of increments D [n × M]: directions that rise above rounding and above noise, at most M/4, so
 * that residuals keep a meaning. The noise of one entry is taken from second differences in time, whose
 * mean square over the rows is 6σ² for noise; the median over time keeps a fast beginning out of it.
 *
 * @param height  n, where D is given in orthonormal coordinates
 */
export function motionRank({ rows, cols, data }: Matrix, height = rows): Truncation {
  const squares = new Float64Array(Math.max(0, cols - 2));
  for (let i = 0; i < rows; i++) {
    const row = data.subarray(i * cols, (i + 1) * cols);
    for (let j = 0; j < squares.length; j++)
      squares[j] += (row[j] - 2 * row[j + 1] + row[j + 2]) ** 2;
  }
  const sigma = squares.length === 0 ? 0 : Math.sqrt(median(squares) / (6 * height));
  const cap = Math.max(1, Math.floor(cols / 4));
  return (s, n, m) => Math.min(cap, numericalRank(rounding)(s, n, m), noiseFloor(sigma)(s, n, m));
}

/** Fewer weights than this in a row say nothing of where they go. */
const fewest = 12;

/**
 * Forecast of the motion of weights, or of a projection of them, from the exponentials in their
 * increments over the window: `displacements`. It is evidence beside a verdict on the loss and no verdict
 * itself: eigenvalues outside the unit circle turn up in stable training too, as its fast beginning seen
 * from the other end, and are left out.
 *
 * @param states  one an epoch, all of one length
 * @returns null for fewer than 12, or weights that do not move
 */
export function settling(states: readonly Float64Array[], horizon: number): Settling | null {
  if (states.length < fewest) return null;
  const [rows, cols] = [states[0].length, states.length];
  const F: Matrix = { rows, cols, data: new Float64Array(rows * cols) };
  states.forEach((state, j) => {
    for (let i = 0; i < rows; i++) F.data[i * cols + j] = state[i];
  });
  const D = increments(F);
  if (D.data.every((x) => x === 0) || !D.data.every(Number.isFinite)) return null;
  const spectrum = dmd(D, { truncation: motionRank(D), scaling: "none" });
  const ahead = displacements(spectrum, [horizon, Infinity]);
  const length = Math.hypot(...states[cols - 1]);
  const share = (column: number) =>
    Math.hypot(...ahead.data.filter((_, k) => k % 2 === column)) / length;
  return { next: share(0), remaining: share(1), rank: spectrum.eigenvalues.re.length };
}
