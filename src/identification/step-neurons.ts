import { NumericError } from "../errors.ts";
import { identity, type Matrix, matrixOf, scale, subtract } from "../linalg/matrix.ts";
import { solve } from "../linalg/solve.ts";

/** What w = σ(D11 w + v) is solved by, one step after another: v [q] → w [q], valid until the next call. */
export type NeuronSolver = (v: Float64Array) => Float64Array;

/** Strictly lower triangular D11: neurons before this one are known. */
export const acyclicNeurons =
  (D11: Float64Array, q: number, sigma: (v: number) => number) => (): NeuronSolver => {
    const w = new Float64Array(q);
    return (v) => {
      for (let i = 0; i < q; i++) {
        let sum = v[i];
        for (let k = 0; k < i; k++) sum += D11[i * q + k] * w[k];
        w[i] = sigma(sum);
      }
      return w;
    };
  };

/** R = 2(2I − D11)⁻¹ − I, of Peaceman–Rachford splitting with the step 1. */
export const reflected = (D11: Float64Array, q: number): Matrix => {
  const unit = identity(q);
  return subtract(scale(solve(subtract(scale(unit, 2), matrixOf(q, q, D11)), unit), 2), unit);
};

/** Relative change of the iterate at which a solve is done, and how many steps one may take. */
const [tolerance, limit] = [1e-12, 100_000];

/**
 * Any D11 with 2Λ − ΛD11 − D11ᵀΛ ≻ 0, by Peaceman–Rachford splitting from where the step before ended:
 * d ← R(2σ(d) − d) + (R + I)v, w = σ(d), as `splitNeurons` of the models, for the step 1.
 *
 * @throws NumericError  from the solver, where it does not converge: such a D11 has no certificate
 */
export const fullNeurons = (D11: Float64Array, q: number, sigma: (v: number) => number) => {
  const R = reflected(D11, q).data;
  return (): NeuronSolver => {
    const [d, w, given, shift] = Array.from({ length: 4 }, () => new Float64Array(q));
    return (v) => {
      for (let i = 0; i < q; i++) shift[i] = v[i] + dot(R, i, v, q);
      let size = 0;
      for (let step = 0; step < limit && size < Infinity; step++) {
        for (let i = 0; i < q; i++) given[i] = 2 * sigma(d[i]) - d[i];
        let change = 0;
        size = 1;
        for (let i = 0; i < q; i++) {
          const next = shift[i] + dot(R, i, given, q);
          change = Math.max(change, Math.abs(next - d[i]));
          size = Math.max(size, Math.abs(next));
          d[i] = next;
        }
        if (size < Infinity && change <= tolerance * size) return w.map((_, i) => sigma(d[i]));
      }
      throw new NumericError(
        `w = σ(D11 w + v) is not solved after ${limit} steps`,
        "without a certificate it may have no solution; with one, D11 is too large for the iteration",
      );
    };
  };
};

/** Row i of a matrix with as many columns, times v. */
export function dot(M: Float64Array, i: number, v: Float64Array, cols: number): number {
  let sum = 0;
  for (let k = 0; k < cols; k++) sum += M[i * cols + k] * v[k];
  return sum;
}
