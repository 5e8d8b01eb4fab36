import { randomStream } from "../../data/random.ts";
import { UsageError } from "../../errors.ts";
import { tensorOf } from "../../graph/tensor.ts";
import { cholesky } from "../../linalg/cholesky.ts";
import {
  add,
  fromRows,
  identity,
  largestEntry,
  type Matrix,
  matrix,
  multiply,
  scale,
  shift,
  symmetricPart,
  transpose,
} from "../../linalg/matrix.ts";
import type { Parameters } from "../model.ts";
import { randomStart, withSize } from "./parameters.ts";
import type { RenForm } from "./parametrisation.ts";

/** x⁺ = A x + B u, y = C x + D u, by rows. */
export interface LinearSystem {
  readonly A: readonly (readonly number[])[];
  readonly B: readonly (readonly number[])[];
  readonly C: readonly (readonly number[])[];
  readonly D?: readonly (readonly number[])[];
}

/** What `RenOptions.start` takes. */
export type Start = (form: RenForm, seed: number) => Parameters;

/**
 * Starts a contracting network from a linear one, which it then is to the last digit of float32: the
 * neurons are driven (C1 small and random, D12 random), and nothing is taken from them yet (B1 = 0,
 * D21 = 0), so that their first gradient is not zero.
 *
 * With P from the Lyapunov equation ᾱ²P − AᵀPA = Q ≻ 0 and E = P/ᾱ²: H11 = P/ᾱ², H31 = EA, H33 = P,
 * H22 = 2I, of which X is a Cholesky factor.
 *
 * @throws UsageError  for a system of other sizes, one that does not contract at the rate ᾱ, and for a
 *   network with a supply rate, which a linear system need not have
 */
export const linearStart =
  (system: LinearSystem): Start =>
  (form, seed) => {
    const { states: n, neurons: q, inputs: m, outputs: p, rate } = form;
    if (form.supply !== null)
      throw new UsageError("linearStart: the network has a supply rate", "start it at random");
    const A = sized("A", system.A, n, n);
    const B = sized("B", system.B, n, m);
    const C = sized("C", system.C, p, n);
    const D = system.D
      ? sized("D", system.D, p, m)
      : scale(
          matrix(p, m, () => 1),
          0,
        );
    // What the neurons are driven by takes about 0.01 (1 + q/n) of Q.
    const P = lyapunov(scale(A, 1 / rate), 0.05 + 0.04 * (1 + q / n));
    const E = scale(P, rate ** -2);
    const F = multiply(E, A);

    const random = randomStream(seed, "initialise", "linear");
    const slight = matrix(q, n, () => (0.1 * random.normal()) / Math.sqrt(n));
    const H = matrix(2 * n + q, 2 * n + q, (i, j) => {
      const [row, col] = i >= j ? [i, j] : [j, i];
      if (row < n) return E.data[row * n + col];
      if (row < n + q) return col < n ? -slight.data[(row - n) * n + col] : 2 * +(row === col);
      if (col < n) return F.data[(row - n - q) * n + col];
      return col < n + q ? 0 : P.data[(row - n - q) * n + col - n - q];
    });
    const factor = cholesky(shift(symmetricPart(H), -form.epsilon));
    if (factor === null) {
      throw new UsageError(
        `linearStart: the system contracts at ${rate}, but by less than epsilon = ${form.epsilon}`,
        "take a larger rate or a smaller epsilon",
      );
    }
    const float32 = ({ rows, cols, data }: Matrix) =>
      tensorOf(Float32Array.from(data), [rows, cols]);
    const none = (shape: readonly number[]) =>
      tensorOf(new Float32Array(shape.reduce((count, size) => count * size, 1)), shape);
    return withSize({
      ...randomStart(form, seed),
      X: float32(transpose(factor)),
      Y1: none([n, n]),
      ...(form.feedback === "full" && { Y2: none([q, q]), g: none([q]) }),
      "B2.implicit": float32(multiply(E, B)),
      C2: float32(C),
      D21: none([p, q]),
      D22: float32(D),
    });
  };

/**
 * Starts from A = decay · ᾱ · I: states that keep what they were given for about 1/(1 − decay · ᾱ) steps,
 * with random inputs and outputs.
 */
export const longMemoryStart =
  (decay = 0.99): Start =>
  (form, seed) => {
    if (!(decay > 0 && decay < 1))
      throw new UsageError(`longMemoryStart: decay ${decay} is not in (0, 1)`);
    const random = randomStream(seed, "initialise", "memory");
    const { states: n, inputs: m, outputs: p, rate } = form;
    const drawn = (rows: number, cols: number, size: number) =>
      Array.from({ length: rows }, () =>
        Array.from({ length: cols }, () => size * random.normal()),
      );
    const A = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_, j) => (i === j ? decay * rate : 0)),
    );
    // Inputs as small as what they leave behind is long, so that states are of size 1.
    const into = Math.sqrt((1 - (decay * rate) ** 2) / m);
    return linearStart({ A, B: drawn(n, m, into), C: drawn(p, n, n ** -0.5) })(form, seed);
  };

/**
 * P with P − AᵀPA = Q, a multiple of the identity: such that the largest entry of P is 1, or `room` where
 * that is more, since P of a slow A is many times Q. Σ (Aᵀ)ᵏ Aᵏ by doubling, S ← S + MᵀSM, M ← M². Smith
 * (1968), "Matrix equation XA + BX = C".
 *
 * @throws UsageError  for a spectral radius of A that is not below 1
 */
function lyapunov(A: Matrix, room: number): Matrix {
  let [sum, power] = [identity(A.rows), A];
  for (let k = 0; k < 40; k++) {
    const more = multiply(transpose(power), multiply(sum, power));
    sum = add(sum, more);
    // Never so where numbers overflow.
    if (largestEntry(more) < 1e-17 * largestEntry(sum))
      return scale(symmetricPart(sum), Math.max(room, 1 / largestEntry(sum)));
    power = multiply(power, power);
  }
  throw new UsageError(
    "linearStart: the system does not contract at the rate asked for",
    "take a rate above its spectral radius",
  );
}

function sized(name: string, rows: readonly (readonly number[])[], m: number, n: number): Matrix {
  const M = fromRows(rows);
  if (M.rows !== m || M.cols !== n)
    throw new UsageError(
      `linearStart: ${name} is ${M.rows} × ${M.cols}, the network's ${m} × ${n}`,
    );
  return M;
}
