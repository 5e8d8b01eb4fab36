import { NumericError } from "../errors.ts";
import { gamma, smallestEigenvalue } from "../linalg/bounds.ts";
import { embed } from "../linalg/complex.ts";
import { eigenvalues } from "../linalg/eigenvalues.ts";
import {
  add,
  identity,
  type Matrix,
  matrix,
  multiply,
  scale,
  shift,
  subtract,
  symmetricPart,
  transpose,
} from "../linalg/matrix.ts";
import { discreteRiccati } from "../linalg/riccati.ts";
import { solve } from "../linalg/solve.ts";
import { singularValues } from "../linalg/svd.ts";
import { type Balanced, balance } from "./balance.ts";
import { gainAt, stateResponse } from "./response.ts";
import { isStable, type StateSpace } from "./state-space.ts";

/** Where the largest gain over all frequencies lies. */
export interface HInfinityNorm {
  readonly lower: number; // attained at `theta`
  readonly upper: number; // ≥ the norm
  readonly theta: number; // radians a sample, 0 … π; the frequency is θ/(2π dt)
  /** Whether `upper` is proven, by P of the bounded real lemma and Cholesky with its rounding. */
  readonly proven: boolean;
  readonly P: Matrix | null;
}

/**
 * ‖G‖∞ = max over θ of σ_max(G(e^{iθ})) of a stable system: the largest gain in energy.
 *
 * The lower bound climbs by the two-step method on the imaginary eigenvalues of a Hamiltonian: Bruinsma
 * & Steinbuch (1990), "A fast algorithm to compute the H∞-norm of a transfer function matrix", Systems
 * & Control Letters 14. The bilinear map z = (1 + s)/(1 − s), which keeps all gains, makes the system
 * one of continuous time first. The upper bound comes apart from that, from the bounded real lemma: a
 * P ≻ 0 with
 *
 *     [ P − AᵀPA − CᵀC   −(AᵀPB + CᵀD)       ]
 *     [ ·                γ²I − DᵀD − BᵀPB    ]  ≻ 0   implies   ‖G‖∞ < γ.
 *
 * @throws NumericError  for a system that is not stable
 */
export function hInfinityNorm(system: StateSpace): HInfinityNorm {
  if (!isStable(system))
    throw new NumericError("the H∞ norm of an unstable system is infinite", "see its poles");
  const { A, D } = system;
  const { re, im } = eigenvalues(A);
  const guesses = [0, Math.PI, ...Array.from(re, (x, i) => Math.abs(Math.atan2(im[i], x)))];
  let [theta, lower] = [0, 0];
  const tryAt = (angle: number) => {
    const gain = gainAt(system, angle);
    if (gain > lower) [theta, lower] = [angle, gain];
  };
  guesses.forEach(tryAt);
  if (lower === 0) {
    // Zero at every pole's angle: a system without gain, or one that hides it from these.
    for (let k = 1; k < 64; k++) tryAt((k * Math.PI) / 64);
    if (lower === 0) return { lower, upper: 0, theta, proven: false, P: null };
  }
  const balanced = balance(system);
  const continuous = bilinear(balanced.system);
  for (let k = 0; k < 50; k++) {
    const level = lower * (1 + 1e-9);
    const crossings = anglesAt(continuous, Math.max(level, spectral(D) * (1 + 1e-9)));
    const before = lower;
    crossings.forEach((angle, i) => {
      tryAt(angle);
      if (i > 0) tryAt((angle + crossings[i - 1]) / 2);
    });
    if (lower <= before * (1 + 1e-9)) break;
  }
  for (let gap = 1e-6; gap < 0.2; gap *= 10) {
    const upper = Math.max(lower, spectral(D)) * (1 + gap);
    const P = proofOf(system, balanced, upper, lower, theta);
    if (P !== null) return { lower, upper, theta, proven: true, P };
  }
  return { lower, upper: lower * (1 + 1e-6), theta, proven: false, P: null };
}

const spectral = (D: Matrix) => singularValues(D)[0];

/** The system of continuous time with G_c(s) = G((1 + s)/(1 − s)). */
function bilinear({ A, B, C, D, dt }: StateSpace): StateSpace {
  const n = A.rows;
  const plus = shift(A, 1);
  const inverse = solve(plus, identity(n));
  const root = Math.SQRT2;
  return {
    A: multiply(inverse, shift(A, -1)),
    B: scale(multiply(inverse, B), root),
    C: scale(multiply(C, inverse), root),
    D: subtract(D, multiply(C, multiply(inverse, B))),
    dt,
  };
}

/** The angles θ at which a singular value of G equals the level, ascending. */
function anglesAt({ A, B, C, D }: StateSpace, level: number): number[] {
  const n = A.rows;
  const R = shift(scale(multiply(transpose(D), D), -1), level ** 2);
  const DtC = multiply(transpose(D), C);
  const F = add(A, multiply(B, solve(R, DtC)));
  const upper = multiply(B, solve(R, transpose(B)));
  const lower = add(multiply(transpose(C), C), multiply(transpose(DtC), solve(R, DtC)));
  const hamiltonian = matrix(2 * n, 2 * n, (i, j) => {
    if (i < n) return j < n ? F.data[i * n + j] : upper.data[i * n + j - n];
    return j < n ? -lower.data[(i - n) * n + j] : -F.data[(j - n) * n + i - n];
  });
  const { re, im } = eigenvalues(hamiltonian);
  return Array.from(re.keys())
    .filter((i) => im[i] >= 0 && Math.abs(re[i]) <= 1e-6 * (1 + Math.hypot(re[i], im[i])))
    .map((i) => 2 * Math.atan(im[i]))
    .sort((a, b) => a - b);
}

/**
 * The P of the bounded real lemma for `upper`, or null where it cannot be shown to be one. It is found
 * in balanced coordinates, and shown to be one in those given.
 */
function proofOf(
  system: StateSpace,
  { system: { A, B, C, D, dt }, T }: Balanced,
  upper: number,
  lower: number,
  theta: number,
): Matrix | null {
  const [Ct, Dt] = [transpose(C), transpose(D)];
  // A little more than CᵀC, so that the inequality is strict and rounding cannot undo it; so little
  // that the gain from the input to √ε x stays within what `upper` has to spare.
  const response = stateResponse({ A, B, C, D, dt }, theta);
  const spare = singularValues(embed(response))[0] ** 2 || 1;
  const epsilon = (0.2 * (upper ** 2 - lower ** 2)) / spare;
  try {
    const R = shift(multiply(Dt, D), -(upper ** 2));
    const Q = shift(multiply(Ct, C), epsilon);
    const { X } = discreteRiccati(A, B, Q, symmetricPart(R), multiply(Ct, D));
    const P = symmetricPart(multiply(transpose(T), multiply(X, T)));
    const { value, margin } = smallestEigenvalue(scaledToUnit(P).scaled);
    return value > margin && realLemmaHolds(system, P, upper) ? P : null;
  } catch (error) {
    if (error instanceof NumericError) return null;
    throw error;
  }
}

/** S M S with a diagonal S of powers of 2, exactly, that brings the diagonal near 1. */
function scaledToUnit(M: Matrix): { scaled: Matrix; powers: Float64Array } {
  const n = M.rows;
  const powers = Float64Array.from({ length: n }, (_, i) => {
    const entry = M.data[i * (n + 1)];
    return entry > 0 ? 2 ** -Math.round(Math.log2(entry) / 2) : 1;
  });
  return { scaled: scaledBy(M, powers), powers };
}

const scaledBy = (M: Matrix, powers: Float64Array) =>
  matrix(M.rows, M.cols, (i, j) => M.data[i * M.cols + j] * powers[i] * powers[j]);

/** Whether the inequality of the bounded real lemma holds, its own rounding included. */
export function realLemmaHolds({ A, B, C, D }: StateSpace, P: Matrix, bound: number): boolean {
  const [n, m] = [A.rows, B.cols];
  // With [A B; C D] = T: diag(P, γ²I) − Tᵀ diag(P, I) T.
  const T = matrix(n + C.rows, n + m, (i, j) => {
    if (i < n) return j < n ? A.data[i * n + j] : B.data[i * m + j - n];
    return j < n ? C.data[(i - n) * n + j] : D.data[(i - n) * m + j - n];
  });
  const block = (corner: number, rest: number) =>
    matrix(n + rest, n + rest, (i, j) =>
      i < n && j < n ? P.data[i * n + j] : i === j ? corner : 0,
    );
  const product = (of: (M: Matrix) => Matrix) =>
    multiply(transpose(of(T)), multiply(of(block(1, C.rows)), of(T)));
  const inequality = symmetricPart(
    subtract(
      block(bound ** 2, m),
      product((M) => M),
    ),
  );
  // Higham (2002), section 3.5: |fl(XYZ) − XYZ| ≤ γ_{2k} |X||Y||Z|; and the subtraction.
  const modulus = (M: Matrix) => ({ ...M, data: M.data.map(Math.abs) });
  const { scaled, powers } = scaledToUnit(inequality);
  const sizes = scaledBy(add(modulus(block(bound ** 2, m)), product(modulus)), powers);
  const rowSums = Array.from({ length: n + m }, (_, i) =>
    sizes.data.subarray(i * (n + m), (i + 1) * (n + m)).reduce((sum, x) => sum + x, 0),
  );
  const uncertainty = 2 * gamma(2 * (n + C.rows) + 4) * Math.max(...rowSums);
  const { value, margin } = smallestEigenvalue(scaled, uncertainty);
  return value > margin;
}
