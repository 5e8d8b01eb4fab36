import { ShapeError, UsageError } from "../errors.ts";
import { type ComplexNumbers, eigenvalues, spectralRadius } from "../linalg/eigenvalues.ts";
import { exponential } from "../linalg/exponential.ts";
import { fromRows, type Matrix, matrix, multiply, requireSquare } from "../linalg/matrix.ts";
import { solve } from "../linalg/solve.ts";

/** A linear system in discrete time: x_{k+1} = A x_k + B u_k, y_k = C x_k + D u_k. */
export interface StateSpace {
  readonly A: Matrix; // [n × n]
  readonly B: Matrix; // [n × m]
  readonly C: Matrix; // [l × n]
  readonly D: Matrix; // [l × m]
  readonly dt: number; // s
}

export type Rows = Matrix | readonly ArrayLike<number>[];

/**
 * A system from matrices or their rows.
 *
 * @param D  zero when left out
 * @throws ShapeError  for shapes that do not fit
 * @throws UsageError  for a dt that is no positive number
 */
export function stateSpace(A: Rows, B: Rows, C: Rows, D: Rows | undefined, dt: number): StateSpace {
  const of = (rows: Rows) => ("rows" in rows ? rows : fromRows(rows));
  const [a, b, c] = [of(A), of(B), of(C)];
  const d = D === undefined ? matrix(c.rows, b.cols, () => 0) : of(D);
  requireSquare(a);
  const fits = b.rows === a.rows && c.cols === a.rows && d.rows === c.rows && d.cols === b.cols;
  if (!fits) {
    const sizes = [a, b, c, d].map(({ rows, cols }) => `${rows} × ${cols}`);
    throw new ShapeError(
      `A, B, C, D are ${sizes.join(", ")}; wanted n × n, n × inputs, outputs × n, outputs × inputs`,
    );
  }
  if (!(dt > 0 && Number.isFinite(dt)))
    throw new UsageError(`the sample time is ${dt}, wanted a positive number of seconds`);
  return { A: a, B: b, C: c, D: d, dt };
}

/** Outputs, and the state behind the last sample. */
export interface Response {
  readonly y: Float64Array; // [count × l]
  readonly x: Float64Array; // [n]
}

/**
 * The outputs [count × l] to inputs [count × m] from x0 (zero when left out).
 *
 * @throws ShapeError  for inputs or a start of another size
 */
export function simulate(
  { A, B, C, D }: StateSpace,
  u: Float64Array,
  x0: ArrayLike<number> = new Float64Array(A.rows),
): Response {
  const [n, m, l] = [A.rows, B.cols, C.rows];
  const count = stepsOf({ A, B }, u, x0);
  const y = new Float64Array(count * l);
  let [x, next] = [Float64Array.from(x0), new Float64Array(n)];
  for (let t = 0; t < count; t++) {
    const held = u.subarray(t * m, (t + 1) * m);
    accumulate(C, x, y.subarray(t * l, (t + 1) * l));
    accumulate(D, held, y.subarray(t * l, (t + 1) * l));
    next.fill(0);
    accumulate(A, x, next);
    accumulate(B, held, next);
    [x, next] = [next, x];
  }
  return { y, x };
}

/** Samples of the inputs [count × m] of a system. @throws ShapeError  for inputs or a start of another size */
export function stepsOf(
  { A, B }: Pick<StateSpace, "A" | "B">,
  u: Float64Array,
  x0: ArrayLike<number>,
): number {
  if (u.length % B.cols !== 0 || x0.length !== A.rows)
    throw new ShapeError(
      `${u.length} input values and ${x0.length} initial states; wanted a multiple of ${B.cols} and ${A.rows}`,
    );
  return u.length / B.cols;
}

/** out += M v. */
export function accumulate({ rows, cols, data }: Matrix, v: Float64Array, out: Float64Array): void {
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < cols; j++) sum += data[i * cols + j] * v[j];
    out[i] += sum;
  }
}

/** The eigenvalues of A, largest modulus first; stable where all lie inside the unit circle. */
export const poles = ({ A }: StateSpace): ComplexNumbers => eigenvalues(A);

/** Whether every pole is inside the unit circle. */
export const isStable = ({ A }: StateSpace): boolean => spectralRadius(A) < 1;

/** The Markov parameters D, CB, CAB, …, CA^{count−2}B: the impulse response, the same in all coordinates. */
export function markovParameters({ A, B, C, D }: StateSpace, count: number): Matrix[] {
  const out = [D];
  for (let power = B; out.length < count; power = multiply(A, power)) out.push(multiply(C, power));
  return out.slice(0, count);
}

/** The same system in the coordinates x̃ = T x. @throws NumericError  for a singular T */
export function transform({ A, B, C, D, dt }: StateSpace, T: Matrix): StateSpace {
  const inverse = solve(
    T,
    matrix(T.rows, T.rows, (i, j) => +(i === j)),
  );
  return {
    A: multiply(multiply(T, A), inverse),
    B: multiply(T, B),
    C: multiply(C, inverse),
    D,
    dt,
  };
}

/**
 * ẋ = A x + B u in discrete time, exactly for inputs that are held between samples:
 * [[A_d, B_d], [0, I]] = exp([[A, B], [0, 0]] dt).
 */
export function zeroOrderHold(A: Matrix, B: Matrix, dt: number): { A: Matrix; B: Matrix } {
  const [n, m] = [A.rows, B.cols];
  const at = (i: number, j: number) =>
    i >= n ? 0 : dt * (j < n ? A.data[i * n + j] : B.data[i * m + j - n]);
  const both = exponential(matrix(n + m, n + m, at));
  return {
    A: matrix(n, n, (i, j) => both.data[i * (n + m) + j]),
    B: matrix(n, m, (i, j) => both.data[i * (n + m) + n + j]),
  };
}
