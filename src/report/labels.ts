import { textWidth } from "./style.ts";
import type { Label } from "./svg.ts";

/** Positions moved so that neighbours are at least `gap` apart and none lies outside [top, bottom]. */
export function apart(
  positions: readonly number[],
  gap: number,
  [top, bottom]: readonly [number, number],
): number[] {
  const order = positions.map((_, i) => i).sort((a, b) => positions[a] - positions[b]);
  const moved = [...positions];
  let least = top;
  for (const i of order) {
    moved[i] = Math.max(moved[i], least);
    least = moved[i] + gap;
  }
  let most = bottom;
  for (const i of order.toReversed()) {
    moved[i] = Math.min(moved[i], most);
    most = moved[i] - gap;
  }
  return moved;
}

/** A legend in one row: colour and name of each, from x rightward. */
export function legend(
  entries: readonly { readonly name: string; readonly fill: string }[],
  x: number,
  y: number,
): Label[] {
  let at = x;
  return entries.map(({ name, fill }) => {
    const label = { x: at, y, text: name, key: { fill } };
    at += 13 + textWidth(name, 11.5) + 14;
    return label;
  });
}
