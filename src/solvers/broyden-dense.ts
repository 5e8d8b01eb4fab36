import { abs, add, div, greater, mul, square, sub, where } from "../graph/ops/elementwise.ts";
import { matmul } from "../graph/ops/linear.ts";
import { reshape, zerosLike } from "../graph/ops/movement.ts";
import { constant } from "../graph/value.ts";
import type { BroydenOptions } from "./broyden.ts";
import { fromRow, perSample, products, toRow } from "./history.ts";
import type { Method } from "./iterate.ts";
import { sums } from "./rows.ts";

/** Broyden's good method with the matrix P = −H of each sample, [N, D, D]; nothing is forgotten. */
export function broydenDense({ smallest }: Pick<BroydenOptions, "smallest">): Method {
  return {
    start: (z0) => {
      const row = toRow(z0);
      const d = Number(row.shape[2]);
      const unit = Array.from({ length: d * d }, (_, i) => +(i % (d + 1) === 0));
      const P = mul(perSample(1, row), constant(unit, row.dtype, [1, d, d]));
      return [...z0, row, zerosLike(row), P];
    },
    step: (f, carry) => {
      const z = carry.slice(0, -3);
      const [row, last, P] = carry.slice(-3);
      const fz = f(...z);
      const p = products(sub(toRow(fz), row), P);
      const length = sums(square(last)); // ‖s‖²
      const divisor = sub(1, div(sums(mul(last, p)), length));
      // 0/0 before the first step, and of a sample at its solution: NaN is not greater.
      const usable = greater(abs(divisor), smallest);
      const s = div(p, where(usable, divisor, 1));
      const change = mul(matmul(last, P), where(usable, div(1, length), 0));
      const [n, , d] = s.shape;
      const moved = add(row, s);
      const next = add(P, matmul(reshape(s, [n, d, 1]), change));
      return { carry: [...fromRow(moved, z), moved, s, next], z, fz };
    },
  };
}
