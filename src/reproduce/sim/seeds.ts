import type { Drawing } from "./drawing.ts";
import type { ImageRun } from "./images.ts";
import type { MemoryRun } from "./memory.ts";

/** All runs of the comparison. */
export interface Comparison {
  readonly images: readonly ImageRun[];
  readonly memory: readonly MemoryRun[];
  readonly drawings: readonly Drawing[];
}

/** Runs of the same plan but for the seed together, in the order in which the plans first come. */
export function bySeeds<R extends { readonly plan: { readonly seed: number } }>(
  runs: readonly R[],
): R[][] {
  const groups = new Map<string, R[]>();
  for (const run of runs) {
    const key = JSON.stringify({ ...run.plan, seed: null });
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()];
}
