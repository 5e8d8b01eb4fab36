import type { Split } from "../../data/dataset.ts";
import { mnist } from "../../data/mnist.ts";
import type { Stored } from "../stored.ts";
import { networkOf, type RunPlan } from "./plan.ts";
import { type Images, imagesFor, type RunRecord, recordRun } from "./record.ts";

/** The records of all plans: those stored as they are, the others trained now and stored. */
export async function recordsOf(
  plans: readonly RunPlan[],
  { seed, stored, progress }: RecordsOptions,
): Promise<RunRecord[]> {
  let all: Split | null = null; // Read only where a run is missing.
  const sets = new Map<string, Images>();
  const records: RunRecord[] = [];
  for (const [i, plan] of plans.entries()) {
    const found = stored.read(plan.id, plan);
    if (found?.moved !== undefined) {
      records.push(found);
      continue;
    }
    progress(`run ${i + 1} of ${plans.length}: ${plan.id}, step ${plan.rate}`);
    all ??= await mnist();
    const { side, images } = networkOf(plan.network);
    const key = `${side} ${images}`;
    if (!sets.has(key)) sets.set(key, imagesFor(all, side, images, seed));
    const record = await recordRun(plan, sets.get(key)!);
    stored.write(plan.id, record);
    records.push(record);
  }
  return records;
}

export interface RecordsOptions {
  readonly seed: number;
  readonly stored: Stored<RunRecord>;
  readonly progress: (part: string) => void;
}
