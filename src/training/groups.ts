import type { Value } from "../graph/node.ts";
import type { Values } from "../graph/ops/control.ts";
import { concat, reshape, split } from "../graph/ops/movement.ts";
import { elementCount } from "../graph/shape.ts";
import { type Layout, pack, unpack } from "./flat.ts";

/**
 * How an optimiser's vectors [P] are carried through the steps: small parameters laid end to end, so
 * that the operators of an update count once for all of them, and each large one by itself, so that
 * it is not copied to and from a vector in every step.
 */
export interface Groups {
  /** A vector [P] → its parts by group. */
  readonly open: (vector: Value) => Values;
  /** Parts by group → values by parameter. */
  readonly parameters: (parts: Values) => Values;
  /** Values by parameter → parts by group. */
  readonly gather: (values: Values) => Values;
  /** Parts by group → the vector [P]. */
  readonly close: (parts: Values) => Value;
}

const together = "(small)";

/** @param limit  parameters of fewer numbers go together */
export function groupsOf(layout: Layout, limit: number): Groups {
  const all = layout.names.map((name, i) => ({
    name,
    shape: layout.shapes[i],
    count: layout.counts[i],
  }));
  const small = all.filter(({ count }) => count < limit);
  const large = all.filter(({ count }) => count >= limit);
  const pick = (values: Values): Values =>
    Object.fromEntries(large.map(({ name }) => [name, values[name]]));
  const flat = (value: Value) => reshape(value, [elementCount(value.shape)!]);

  const gather = (values: Values): Values => ({
    ...pick(values),
    ...(small.length > 0 && {
      [together]: concat(
        small.map(({ name }) => flat(values[name])),
        0,
      ),
    }),
  });
  const parameters = (parts: Values): Values => {
    if (small.length === 0) return parts;
    const counts = small.map(({ count }) => count);
    const pieces = split(parts[together], 0, counts);
    return {
      ...pick(parts),
      ...Object.fromEntries(small.map(({ name, shape }, i) => [name, reshape(pieces[i], shape)])),
    };
  };
  return {
    open: (vector) => gather(unpack(layout, vector)),
    parameters,
    gather,
    close: (parts) => pack(layout, parameters(parts)),
  };
}
