import { type Experiment, experimentOf } from "../../src/data/experiment/experiment.ts";
import { mulberryMatrix, randomStream } from "../../src/data/random.ts";
import { spectralRadius } from "../../src/linalg/eigenvalues.ts";
import { type Matrix, matrix, scale } from "../../src/linalg/matrix.ts";
import { markovParameters, type StateSpace, stateSpace } from "../../src/lti/state-space.ts";

/** A random system of the sizes and the spectral radius given, without direct feedthrough. */
export function randomSystem(seed: number, n: number, m: number, l: number, radius = 0.9) {
  const random = (k: number, rows: number, cols: number): Matrix => {
    const data = mulberryMatrix(seed + k, rows, cols);
    return { rows, cols, data };
  };
  const A = random(0, n, n);
  return stateSpace(
    scale(A, radius / spectralRadius(A)),
    random(1, n, m),
    random(2, l, n),
    undefined,
    0.1,
  );
}

/**
 * An experiment with x_{k+1} = A x + B u + K e, y = C x + D u + e + v, from a random start, with
 * inputs and noises standard normal times the deviations.
 */
export function experimentWith(
  { A, B, C, D, dt }: StateSpace,
  count: number,
  seed: number,
  {
    K = matrix(A.rows, C.rows, () => 0),
    innovation = 0,
    output = 0,
    input = 1,
  }: { K?: Matrix; innovation?: number; output?: number; input?: number } = {},
): Experiment {
  const random = randomStream(seed, "identification");
  const [n, m, l] = [A.rows, B.cols, C.rows];
  const apply = (M: Matrix, v: number[]) =>
    Array.from({ length: M.rows }, (_, i) =>
      v.reduce((sum, x, j) => sum + M.data[i * M.cols + j] * x, 0),
    );
  const sum = (...terms: number[][]) => terms[0].map((_, i) => terms.reduce((s, t) => s + t[i], 0));
  const draw = (size: number, deviation: number) =>
    Array.from({ length: size }, () => deviation * random.normal());
  let x = draw(n, 1);
  const [us, ys]: number[][] = [[], []];
  for (let t = 0; t < count; t++) {
    const [u, e, v] = [draw(m, input), draw(l, innovation), draw(l, output)];
    us.push(...u);
    ys.push(...sum(apply(C, x), apply(D, u), e, v));
    x = sum(apply(A, x), apply(B, u), apply(K, e));
  }
  const names = (what: string, size: number) =>
    Array.from({ length: size }, (_, i) => `${what}${i}`);
  return experimentOf({
    name: `made ${seed}`,
    sampleTime: dt,
    inputs: names("u", m),
    outputs: names("y", l),
    u: Float64Array.from(us),
    y: Float64Array.from(ys),
  });
}

/** The impulse response as one row of numbers: the same in all coordinates. */
export const impulse = (system: StateSpace, count = 12): number[] =>
  markovParameters(system, count).flatMap(({ data }) => [...data]);

/** ‖a − b‖/‖b‖ */
export const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.hypot(...a.map((x, i) => x - b[i])) / Math.hypot(...b);
