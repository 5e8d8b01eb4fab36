import {
  add,
  identity,
  largestEntry,
  type Matrix,
  multiply,
  requireSquare,
  scale,
} from "./matrix.ts";

/**
 * e^A by scaling and squaring of the Taylor series: A/2^s of a norm below 1/2, of which 18 terms leave
 * less than 2⁻⁵³. For the small matrices of linear systems; the squarings make the error grow with
 * ‖A‖. Moler & Van Loan (2003), "Nineteen dubious ways to compute the exponential of a matrix,
 * twenty-five years later", SIAM Review 45(1), method 3.
 *
 * @throws ShapeError  for a matrix that is not square
 */
export function exponential(A: Matrix): Matrix {
  requireSquare(A);
  const bound = A.rows * largestEntry(A);
  const squarings = Math.max(0, Math.ceil(Math.log2(bound || 1)) + 1);
  const small = scale(A, 2 ** -squarings);
  let [sum, term] = [identity(A.rows), identity(A.rows)];
  for (let k = 1; k <= 18; k++) {
    term = scale(multiply(term, small), 1 / k);
    sum = add(sum, term);
  }
  for (let k = 0; k < squarings; k++) sum = multiply(sum, sum);
  return sum;
}
