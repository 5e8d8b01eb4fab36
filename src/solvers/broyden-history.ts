import type { Value } from "../graph/node.ts";
import { abs, add, and, div, equal, greater, mul, sub, where } from "../graph/ops/elementwise.ts";
import { matmul } from "../graph/ops/linear.ts";
import { concat, pad, slice, zerosLike } from "../graph/ops/movement.ts";
import { constant } from "../graph/value.ts";
import type { BroydenOptions } from "./broyden.ts";
import { fromRow, perSample, products, toRow } from "./history.ts";
import type { Method } from "./iterate.ts";

/**
 * Broyden's good method from its last steps. Since each is the full one, −H = I + Σ sⱼ₊₁ rⱼᵀ/‖sⱼ‖² with
 * rⱼᵀ = −sⱼᵀ Hⱼ: the steps s and the rows r are all there is to keep. Without its oldest term the sum is not
 * what the later ones were made for, so after `window` steps a sample takes a plain one and starts
 * anew, as it does where the update would divide by next to nothing.
 */
export function broydenByHistory({ window, smallest }: BroydenOptions): Method {
  const kept = window - 1; // the newest step of a window needs no slot
  return {
    start: (z0) => {
      const row = toRow(z0);
      const none = constant(Array<number>(kept).fill(0), row.dtype, [1, 1, kept]);
      const slots = Array<Value>(kept).fill(zerosLike(row));
      return [...z0, row, mul(perSample(0, row), none), concat(slots, 1), ...slots, ...slots];
    },
    step: (f, carry) => {
      const z = carry.slice(0, -3 - 2 * kept);
      const [row, links, R] = carry.slice(z.length);
      const steps = carry.slice(-2 * kept, -kept);
      const fz = f(...z);
      const g = sub(toRow(fz), row);

      // r of the newest step, sᵀH, from those before it.
      const last = steps[kept - 1];
      const S = concat(steps, 1);
      const overlaps = products(last, S);
      const newest = add(last, matmul(mul(overlaps, links), R));
      const rows = [...carry.slice(carry.length + 1 - kept), newest];
      const next = concat(rows, 1);

      const y = products(g, next);
      const at = { start: kept - 1 };
      const square = slice(overlaps, 2, at); // ‖s‖², 0 before the first step
      const divisor = sub(1, div(slice(y, 2, at), square));
      // 0/0 before the first step, and of a sample at its solution: NaN is not greater.
      const room = equal(slice(links, 2, { end: 1 }), 0);
      const usable = and(greater(abs(divisor), smallest), room);
      const weights = where(usable, mul(pad(y, [0, 0, 1, 0, 0, -1]), links), 0);
      // A product with the reciprocal: division of whole rows takes three times as long.
      const s = mul(add(g, matmul(weights, S)), where(usable, div(1, divisor), 1));
      const moved = add(row, s);
      const linked = concat([slice(links, 2, { start: 1 }), div(1, square)], 2);
      return {
        carry: [
          ...fromRow(moved, z),
          moved,
          where(usable, linked, 0),
          next,
          ...steps.slice(1),
          s,
          ...rows,
        ],
        z,
        fz,
      };
    },
  };
}
