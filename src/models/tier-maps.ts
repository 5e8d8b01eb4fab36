import type { Value } from "../graph/node.ts";
import type { Values } from "../graph/ops/control.ts";
import { add } from "../graph/ops/elementwise.ts";
import { gather } from "../graph/ops/indexing.ts";
import { concat, reshape, shapeVector, split } from "../graph/ops/movement.ts";
import { reduceMax, reduceMean } from "../graph/ops/reduction.ts";
import { apply, constant } from "../graph/value.ts";
import { pixelsOf, type TierLayout } from "./monotone-tiers.ts";

/*
 * What goes into the state of tiers [P·M, N] and what is read from it.
 */

/** c [P·M, N]: U x + b in the first tier, the biases alone in the others. */
export function injected({ torus, tiers, width }: TierLayout, first: Value, biases: Values): Value {
  const samples = first.shape[2];
  const parts = tiers.map(({ channels, fine, width: own }, i) => {
    const bias = reshape(biases[`b${i}`], [channels, 1]);
    if (i === 0) return reshape(add(first, bias), [torus.cells, own, samples]);
    const tiled = concat(Array<Value>(fine * fine).fill(bias), 0);
    return apply("Expand", [tiled, shapeVector([torus.cells, own, samples], first)]);
  });
  return reshape(concat(parts, 1), [torus.cells * width, samples]);
}

/** Each tier pooled over windows of `pool` cells, [P/pool², Σ n, N]. */
export function pooledTiers(
  { torus, tiers, width }: TierLayout,
  z: Value,
  pool: number,
  pooling: "max" | "mean",
): Value {
  const { side, cells, places } = torus;
  const samples = z.shape[1];
  const reduce = pooling === "max" ? reduceMax : reduceMean;
  const byCell = reshape(z, [cells, width, samples]);
  const parts =
    tiers.length === 1
      ? [byCell]
      : split(
          byCell,
          1,
          tiers.map((tier) => tier.width),
        );
  const overPhases = parts.map((part, i) => {
    const { fine, channels } = tiers[i];
    return fine === 1 ? part : reduce(reshape(part, [cells, fine * fine, channels, samples]), [1]);
  });
  const joined = concat(overPhases, 1);
  if (pool === 1) return joined;
  const channels = joined.shape[1];
  if (torus.split === pool) {
    const squares = cells / pool ** 2;
    return reduce(reshape(joined, [squares, pool ** 2, channels, samples]), [1]);
  }
  const rowByRow = places.map((_, at) =>
    places.findIndex(([row, column]) => row * side + column === at),
  );
  const rows = torus.split === 1 ? joined : gather(joined, constant(rowByRow, "int64"));
  // One axis after another: each is a reduction between two blocks, the quick case.
  const short = side / pool;
  const across = reduce(reshape(rows, [side * short, pool, channels, samples]), [1]);
  return reduce(reshape(across, [short, pool, short, channels, samples]), [1]);
}

/** 0 on the pixels within `border` of the edge of their tier, 1 inside; [P·M, 1] */
export function borderMask(layout: TierLayout, border: number, like: Value): Value {
  const { torus, tiers } = layout;
  const parts = tiers.map(({ channels, fine, width }, tier) => {
    const side = torus.side * fine;
    const inside = (at: number) => +(at >= border && at < side - border);
    const entries = pixelsOf(layout, tier).flatMap(([row, column]) =>
      Array<number>(channels).fill(inside(row) * inside(column)),
    );
    return constant(entries, like.dtype, [torus.cells, width]);
  });
  return reshape(concat(parts, 1), [torus.cells * layout.width, 1]);
}
