import type { Body, Value } from "../../graph/node.ts";
import { less, where } from "../../graph/ops/elementwise.ts";
import { gatherElements } from "../../graph/ops/indexing.ts";
import { concat, transpose, unsqueeze } from "../../graph/ops/movement.ts";
import { inline } from "../../graph/substitute.ts";
import type { VectorField } from "./runge-kutta.ts";

/** The field of a body, with what it captures replaced. */
export const fieldOf =
  (body: Body, captures: ReadonlyMap<Value, Value> = new Map()): VectorField =>
  (t, y) =>
    inline(body, [t, y], captures)[0];

/**
 * y at the asked times [T, N, n], the first of them y0, from the states after all steps [S, N, n]
 * and the landings [N, T − 1]; NaN for those that were not reached.
 */
export function atTimes(after: Value, landing: Value, y0: Value): Value {
  const places = unsqueeze(transpose(landing, [1, 0]), [2]); // [T − 1, N, 1]
  const missing = less(places, 0);
  const wide = Array<Value>(Number(y0.shape[1])).fill(where(missing, 0, places));
  const found = gatherElements(after, concat(wide, 2), 0);
  return concat([unsqueeze(y0, [0]), where(missing, NaN, found)], 0);
}
