import { identity } from "../autodiff/jacobian.ts";
import type { Value } from "../graph/node.ts";
import { scan } from "../graph/ops/control.ts";
import { add, div, less, mul, sub, where } from "../graph/ops/elementwise.ts";
import { inverse, matmul } from "../graph/ops/linear.ts";
import { expandTo, reshape, squeeze, transpose, unsqueeze } from "../graph/ops/movement.ts";
import type { Solve } from "./fixed-point.ts";
import { iterate, type Method, type StateMap } from "./iterate.ts";
import { type SolveOptions, solveOptions } from "./options.ts";
import { epsilon, fromRows, onRows, rowSquares, scaleOf, toRows } from "./rows.ts";

/**
 * For affine f(z) = Az + b, started at z₀ = b: (I − A)z = b with A of each sample assembled in full, n
 * products over the whole batch, and inverted once; for n up to some hundreds. One step, and more only
 * where rounding left the residual above the tolerance.
 */
export const dense =
  (solve: Partial<SolveOptions> = {}): Solve =>
  (f, z0) =>
    iterate(denseFor(f, z0), f, z0, solveOptions(solve));

/** The steps z ← z + (I − A)⁻¹(f(z) − z) for f(z) = Az + b; plain steps where I − A is singular. */
export function denseFor(f: StateMap, b: readonly Value[]): Method {
  const rows = toRows(b);
  const map = onRows(f, b);
  const scale = scaleOf(rows);
  const unit = identity(Number(rows.shape[1]), rows);
  const { outputs } = scan({}, { unit }, (_, row) => ({
    state: {},
    outputs: { column: div(sub(map(mul(expandTo(row.unit, rows), scale)), rows), scale) },
  }));
  const matrix = sub(unit, transpose(outputs.column, [1, 2, 0]));
  const resolvent = inverse(matrix);
  // Beyond this condition number nothing in the inverse is right. NaN is not less either.
  const condition = mul(squares(matrix), squares(resolvent));
  const regular = less(condition, (8 * epsilon[rows.dtype]) ** -2);
  return {
    start: (z0) => z0,
    step: (g, carry) => {
      const from = toRows(carry);
      const excess = sub(onRows(g, carry)(from), from);
      const step = squeeze(matmul(resolvent, unsqueeze(excess, [2])), [2]);
      const z = fromRows(add(from, where(regular, step, excess)), carry);
      return { carry: z, z, fz: g(...z) };
    },
  };
}

/** Σ a² of each matrix, [N, 1] */
const squares = (matrices: Value) => {
  const [samples, n] = matrices.shape;
  return rowSquares(reshape(matrices, [samples, Number(n) ** 2]));
};
