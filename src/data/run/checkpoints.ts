import { basename, dirname, join } from "node:path";
import { DataError, EigenflowError } from "../../errors.ts";
import { openTensors } from "../tensors/open.ts";
import type { TensorFile } from "../tensors/tensor-file.ts";
import { counted, type RunSource, type Snapshot } from "./run.ts";

export const isTensorFile = (name: string): boolean =>
  /\.(safetensors|pt|pth|ckpt|npy|npz|bin)$/i.test(name) && !isState(name);

/** What a Trainer saves beside the weights. */
const isState = (name: string) =>
  /^(optimizer|scheduler|scaler|rng_state\w*|training_args|trainer_state)\.|^adam_/i.test(name);

/** The step in the name of a checkpoint: that behind "step", else "checkpoint" or "epoch", else the first number. */
function stepInName(path: string): { readonly step: number; readonly unit: string } | null {
  const name = basename(path).replace(/-\d{5}-of-\d{5}/, "");
  const folder = basename(dirname(path));
  const patterns = [
    [name, /(?:global_?step|step|iter(?:ation)?)[=_-]?(\d+)/i, "step"],
    [folder, /^(?:checkpoint|global_?step|step)[=_-]?(\d+)$/i, "step"],
    [name, /(?:epoch|ep)[=_-]?(\d+)/i, "epoch"],
    [folder, /^epoch[=_-]?(\d+)$/i, "epoch"],
    [name, /(?:^|[^\d.])(\d+)(?![\d]*\.\d)/, "step"],
  ] as const;
  for (const [text, pattern, unit] of patterns) {
    const digits = pattern.exec(text)?.[1];
    if (digits !== undefined) return { step: Number(digits), unit };
  }
  return null;
}

/**
 * Snapshots from files of tensors, in the order of the steps in their names; shards of one checkpoint
 * (`model-00001-of-00003.safetensors`) together. What cannot be read or has no step is left out, with a
 * caveat. Of files that count epochs and others that count steps, the larger group is taken.
 */
export async function readCheckpoints(
  path: string,
  files: readonly string[],
): Promise<{ source: RunSource; snapshots: readonly Snapshot[] }> {
  const caveats: string[] = [];
  const named = files.flatMap((file) => {
    const found = stepInName(file);
    if (found !== null) return [{ file, ...found }];
    if (files.length === 1) return [{ file, step: 0, unit: "step" }];
    caveats.push(`${basename(file)} has no step in its name and is left out`);
    return [];
  });
  const units = grouped(named, ({ unit }) => unit);
  const [first, ...others] = [...units.values()].sort((a, b) => b.length - a.length);
  for (const group of others)
    caveats.push(
      `${counted(group.length, "file")} named by ${group[0].unit} left out: the rest are by ${first[0].unit}`,
    );
  const snapshots: Snapshot[] = [];
  const groups = grouped(first ?? [], ({ step }) => step);
  for (const [step, all] of [...groups].sort(([a], [b]) => a - b)) {
    const sharded = shardsAmong(all.map(({ file }) => file));
    const chosen = all.filter(
      ({ file }) => sharded?.files.includes(file) ?? file === all.at(-1)!.file,
    );
    if (chosen.length < all.length)
      caveats.push(
        `${counted(all.length, "file")} of step ${step}: ${basename(chosen[0].file)} is taken`,
      );
    try {
      if (sharded !== null && sharded.missing.length > 0)
        throw new DataError(
          `${dirname(sharded.files[0])}: step ${step} lacks ${sharded.missing.join(", ")}`,
          { hint: "a checkpoint in several files needs all of them" },
        );
      const opened: TensorFile[] = [];
      for (const { file } of chosen) opened.push(await openTensors(file));
      const at = chosen.length === 1 ? chosen[0].file : dirname(chosen[0].file);
      snapshots.push({ step, path: at, files: opened });
    } catch (error) {
      // One checkpoint of many may be half-written; a lone one must say why.
      if (!(error instanceof EigenflowError) || files.length === 1) throw error;
      caveats.push(`left out: ${error.message}`);
    }
  }
  if (snapshots.length === 0)
    throw new DataError(`${path}: no snapshot can be read`, {
      hint: caveats.slice(0, 3).join("; "),
    });
  const [{ files: tensors }] = snapshots;
  const entries = tensors.reduce((sum, file) => sum + file.tensors.length, 0);
  return {
    source: {
      kind: tensors[0].kind,
      path,
      summary: `${counted(snapshots.length, "snapshot")}, ${counted(entries, "tensor")} each`,
      caveats,
    },
    snapshots,
  };
}

/** Files of one checkpoint, by their number of how many; those of the set that lacks the fewest. */
function shardsAmong(files: readonly string[]): { files: string[]; missing: string[] } | null {
  const numbered = /^(.*)-(\d{5})-of-(\d{5})(\.[^./\\]+)$/;
  const sets = grouped(
    files.filter((file) => numbered.test(file)),
    (file) => file.replace(numbered, "$1-of-$3$4"),
  );
  const found = [...sets.values()].map((some) => {
    const [, stem, , total, end] = numbered.exec(some[0])!;
    const missing = Array.from({ length: Number(total) }, (_, i) => {
      const name = `${stem}-${String(i + 1).padStart(5, "0")}-of-${total}${end}`;
      return some.includes(name) ? [] : [basename(name)];
    }).flat();
    return { files: some, missing };
  });
  return found.sort((a, b) => a.missing.length - b.missing.length)[0] ?? null;
}

/** Files below a run's folder that are its snapshots; those of a checkpoint's folder count as one. */
export function checkpointsAmong(root: string, files: readonly string[]): string[] {
  return files
    .filter(
      (name) =>
        isTensorFile(basename(name)) &&
        /^([^/]+|snapshots\/[^/]+|checkpoints?\/[^/]+|(checkpoints\/)?(checkpoint|global_?step|step|epoch)[=_-]?\d+\/[^/]+)$/i.test(
          name,
        ),
    )
    .map((name) => join(root, name));
}

function grouped<T, K>(list: readonly T[], keyOf: (one: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const one of list) {
    const group = groups.get(keyOf(one));
    if (group === undefined) groups.set(keyOf(one), [one]);
    else group.push(one);
  }
  return groups;
}
