import { type RandomStream, randomStream } from "../data/random.ts";
import { refuseUnknown } from "../errors/suggest.ts";
import { NumericError } from "../errors.ts";
import { moduli } from "../linalg/complex.ts";
import { type ComplexNumbers, eigenvalues } from "../linalg/eigenvalues.ts";
import { type Matrix, matrixOf } from "../linalg/matrix.ts";
import { solve } from "../linalg/solve.ts";
import { spectralNorm } from "../linalg/svd.ts";
import { fullJacobian } from "./jacobian.ts";
import { commonRate } from "./network.ts";
import type { Reduction } from "./reduction.ts";
import { norm, plus, times } from "./vectors.ts";

export type Stability = "stable" | "unstable" | "marginal";

/** A state that rests. */
export interface FixedPoint {
  readonly y: Float64Array; // [r]
  /** x, or h of a cell. */
  readonly x: Float64Array; // [N]
  readonly residual: number; // ‖−μy + Cσ(v)‖₂, relative to 1 + ‖μy‖₂
  /**
   * Of the Jacobian on the r coordinates; the other N − r eigenvalues are −μ each (1 − a in steps).
   * All N of them where units decay at different rates.
   */
  readonly eigenvalues: ComplexNumbers;
  /** By linearisation; marginal where the leading eigenvalue is within 1e-6 of the border, and where there is none. */
  readonly stability: Stability;
  /**
   * Whether σ has a slope at all units. ReLU has none at 0, where a network without θ rests: its eigenvalues
   * are then those of the slope 0, and decide nothing.
   */
  readonly smooth: boolean;
  /** How many of the starts came here. */
  readonly found: number;
}

export interface FixedPointOptions {
  readonly starts?: number; // 100 unless given
  readonly seed?: number; // 0 unless given
}

export interface FixedPoints {
  readonly points: readonly FixedPoint[]; // those found most often first
  readonly starts: number;
  readonly unfinished: number; // starts from which Newton's method did not come to rest
  /** Whether ‖W‖₂ sup|σ′| < μ, so that there is one fixed point and it attracts all states. */
  readonly unique: boolean;
}

/** What Newton's method solves to, relative to the size of the terms. */
const resting = 1e-12;
const mostSteps = 60;

/**
 * Fixed points by Newton's method on the r equations μy = Cσ(centre + Py), from many starts: all that
 * attract or repel lie there, since w = 0 at rest. Many starts find many points; nothing says that they
 * are all. Only without input.
 */
export function fixedPoints(reduction: Reduction, options: FixedPointOptions = {}): FixedPoints {
  refuseUnknown("fixedPoints", options, ["starts", "seed"]);
  const { starts = 100, seed = 0 } = options;
  const draw = randomStream(seed, "fixed-points");
  const found: { y: Float64Array; residual: number; count: number }[] = [];
  let unfinished = 0;
  const [low, high] = reduction.network.activation.range;
  let start: Float64Array = new Float64Array(reduction.C.rows);
  for (let k = 0; k < starts; k++) {
    // 0 first. Of an odd σ every start is followed by its mirror image, since without θ points at rest come in pairs.
    const mirrored = low === -high && k > 0 && k % 2 === 0;
    if (k > 0) start = mirrored ? start.map((value) => -value) : startOf(reduction, k, draw);
    const rest = newton(reduction, start);
    if (rest === null) {
      unfinished++;
      continue;
    }
    const known = found.find((one) => norm(plus(one.y, -1, rest.y)) <= 1e-6 * (1 + norm(rest.y)));
    if (known === undefined) found.push({ ...rest, count: 1 });
    else known.count++;
  }
  found.sort((a, b) => b.count - a.count);
  return {
    points: found.map(({ y, residual, count }) => ({
      ...describe(reduction, y),
      residual,
      found: count,
    })),
    starts,
    unfinished,
    unique: gainOf(reduction) < reduction.rate,
  };
}

/** ‖W‖₂ sup|σ′|: of the pre-activation form in C, its basis being orthonormal, of cells in P. */
const gainOf = ({ C, P, network: { form, activation } }: Reduction): number =>
  spectralNorm(form === "cell" ? P : C) * activation.steepest;

/** An image Cσ of a random σ within its range: a fixed point is such an image itself. */
function startOf(reduction: Reduction, k: number, draw: RandomStream): Float64Array {
  const { P, C, centre, rate, network } = reduction;
  const [low, high] = network.activation.range.map((end) => Math.max(-3, Math.min(3, end)));
  // Some deep inside, some at the corners, where saturated units rest.
  const corner = draw.uniform() < 0.5;
  const sigma = Float64Array.from({ length: C.cols }, () => {
    const u = draw.uniform();
    return low + (high - low) * (corner ? Math.round(u) : u);
  });
  const y = times(C, sigma);
  const length = draw.uniform();
  if (k % 3 === 0) return y.map((value) => (value * 2 * length) / rate);
  // Of many units the random ones cancel, which leaves all starts near 0. Where they go together, as P y has
  // them, the image is as large as that of a state in which the network may rest.
  const along = times(P, y);
  const size = norm(along) / Math.sqrt(along.length) || 1;
  const state = plus(centre, 10 ** (1.5 * length - 0.5) / size, along);
  return times(C, state.map(network.activation.value)).map((value) => value / rate);
}

/** g(y) = −μy + Cσ(centre + Py). */
function pull({ C, P, centre, rate, network }: Reduction, y: Float64Array): Float64Array {
  const v = plus(times(P, y), 1, centre).map(network.activation.value);
  return plus(times(C, v), -rate, y);
}

/** The Jacobian −μI + C diag(σ′) P [r × r]. */
function reducedJacobian({ C, P, centre, rate, network }: Reduction, y: Float64Array) {
  const slopes = plus(times(P, y), 1, centre).map(network.activation.slope);
  const r = C.rows;
  const data = new Float64Array(r * r);
  for (let i = 0; i < r; i++) {
    const row = data.subarray(i * r, (i + 1) * r);
    for (let n = 0; n < C.cols; n++) {
      const factor = C.data[i * C.cols + n] * slopes[n];
      if (factor !== 0) for (let j = 0; j < r; j++) row[j] += factor * P.data[n * r + j];
    }
    row[i] -= rate;
  }
  return matrixOf(r, r, data);
}

function newton(reduction: Reduction, start: Float64Array) {
  const sizeOf = (g: Float64Array, y: Float64Array) => norm(g) / (1 + reduction.rate * norm(y));
  let y = start;
  let g = pull(reduction, y);
  for (let k = 0; k < mostSteps; k++) {
    const size = sizeOf(g, y);
    const step = newtonStep(reducedJacobian(reduction, y), g);
    if (step === null) return size <= resting ? { y, residual: size } : null;
    // Half the step until the residual falls; the shortest is taken all the same.
    let length = 1;
    let next = plus(y, -length, step);
    let pulled = pull(reduction, next);
    if (size <= resting) {
      // One step more leaves rounding alone.
      const last = sizeOf(pulled, next);
      return last < size ? { y: next, residual: last } : { y, residual: size };
    }
    while (!(norm(pulled) < norm(g)) && length > 1e-3) {
      length /= 2;
      next = plus(y, -length, step);
      pulled = pull(reduction, next);
    }
    if (!pulled.every(Number.isFinite)) return null;
    [y, g] = [next, pulled];
  }
  return null;
}

function newtonStep(J: Matrix, g: Float64Array): Float64Array | null {
  try {
    return solve(J, matrixOf(g.length, 1, g)).data;
  } catch (error) {
    if (error instanceof NumericError) return null; // A singular Jacobian: another start.
    throw error;
  }
}

function describe(reduction: Reduction, y: Float64Array) {
  const { network, P, centre, rate } = reduction;
  const v = plus(times(P, y), 1, centre);
  const J = eigenvalues(
    commonRate(network) === null ? fullJacobian(network, v) : reducedJacobian(reduction, y),
  );
  const x = network.form === "cell" ? v.map(network.activation.value).map((h) => h / rate) : v;
  const { kink } = network.activation;
  const smooth = kink === null || v.every((value) => Math.abs(value - kink) > 1e-9);
  const judged = (beyond: number) => (smooth ? stabilityOf(beyond) : "marginal");
  if (network.time.kind === "continuous") {
    const leading = J.re.reduce((most, re) => Math.max(most, re), -Infinity);
    return { y, x, eigenvalues: J, stability: judged(leading / rate), smooth };
  }
  // λ′ = (1 − a) + aκ of an eigenvalue κ of CDP, and J has κ − 1.
  const { leak } = network.time;
  const values = { re: J.re.map((re) => 1 + leak * re), im: J.im.map((im) => leak * im) };
  const radius = moduli(values).reduce((most, size) => Math.max(most, size), 0);
  return { y, x, eigenvalues: values, stability: judged(radius - 1), smooth };
}

const stabilityOf = (beyond: number): Stability =>
  Math.abs(beyond) <= 1e-6 ? "marginal" : beyond < 0 ? "stable" : "unstable";
