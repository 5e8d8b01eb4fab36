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
  /** Values by parameter → parts by group; those of a group of its own may be left out. */
  readonly gather: (values: Values) => Values;
  /** Parts by group → the vector [P]. */
  readonly close: (parts: Values) => Value;
}

const together = "(small)";

/**
 * @param limit  parameters of fewer numbers go together
 * @param alone  parameters that are groups of their own whatever their size
 */
export function groupsOf(layout: Layout, limit: number, alone: readonly string[] = []): Groups {
  const all = layout.names.map((name, i) => ({
    name,
    shape: layout.shapes[i],
    count: layout.counts[i],
  }));
  const isSmall = ({ name, count }: (typeof all)[number]) => count < limit && !alone.includes(name);
  const small = all.filter(isSmall);
  const large = all.filter((parameter) => !isSmall(parameter));
  const pick = (values: Values): Values =>
    Object.fromEntries(
      large.filter(({ name }) => name in values).map(({ name }) => [name, values[name]]),
    );
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
