import { NumericError } from "../errors.ts";
import { type ComplexMatrix, embed } from "../linalg/complex.ts";
import { add, type Matrix, matrix, multiply, shift } from "../linalg/matrix.ts";
import { solve } from "../linalg/solve.ts";
import { singularValues } from "../linalg/svd.ts";
import { type StateSpace, simulate } from "./state-space.ts";

/** (zI − A)⁻¹ B [n × m] at z = e^{iθ}. */
export function stateResponse({ A, B }: StateSpace, theta: number): ComplexMatrix {
  const n = A.rows;
  const re = shift(
    matrix(n, n, (i, j) => -A.data[i * n + j]),
    Math.cos(theta),
  );
  const im = matrix(n, n, (i, j) => (i === j ? Math.sin(theta) : 0));
  const right = matrix(2 * n, B.cols, (i, j) => (i < n ? B.data[i * B.cols + j] : 0));
  const { data } = solve(embed({ re, im }), right);
  const half = (from: number): Matrix => ({
    rows: n,
    cols: B.cols,
    data: data.slice(from * B.cols, (from + n) * B.cols),
  });
  return { re: half(0), im: half(n) };
}

/**
 * The transfer function G(e^{iθ}) = C (e^{iθ}I − A)⁻¹ B + D [l × m] at θ = 2π f dt radians a sample.
 *
 * @throws NumericError  for a pole at that very frequency
 */
export function frequencyResponse(system: StateSpace, theta: number): ComplexMatrix {
  try {
    const { re, im } = stateResponse(system, theta);
    return { re: add(multiply(system.C, re), system.D), im: multiply(system.C, im) };
  } catch (error) {
    if (!(error instanceof NumericError)) throw error;
    throw new NumericError(`the system has a pole on the unit circle, at θ = ${theta}`);
  }
}

/** σ_max(G(e^{iθ})): the largest gain of any sinusoid of that frequency. */
export function gainAt(system: StateSpace, theta: number): number {
  const G = frequencyResponse(system, theta);
  return G.re.data.length === 1
    ? Math.hypot(G.re.data[0], G.im.data[0])
    : singularValues(embed(G))[0];
}

/** G(1) = C (I − A)⁻¹ B + D [l × m]: what a constant input comes to. */
export const staticGain = (system: StateSpace): Matrix => frequencyResponse(system, 0).re;

/** The outputs [count × l] from rest to a unit step of input `input`, from sample 0 on. */
export function stepResponse(system: StateSpace, count: number, input = 0): Float64Array {
  const m = system.B.cols;
  return simulate(
    system,
    Float64Array.from({ length: count * m }, (_, k) => +(k % m === input)),
  ).y;
}
