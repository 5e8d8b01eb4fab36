import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Experiment } from "../../data/experiment/experiment.ts";
import { DataError, UsageError } from "../../errors.ts";
import { type Tensor, tensorOf } from "../../graph/tensor.ts";
import type { RenFitState } from "../../identification/ren-fit.ts";
import { writeFiles } from "../../training/atomic-file.ts";
import { formatSafetensors, parseSafetensors } from "../../training/safetensors.ts";

const stateFile = "training.safetensors";
const prefix = "best.";

/** What tells one training from another: its data and all that was asked for. */
export function trainingHash(work: readonly Experiment[], asked: object): string {
  const hash = createHash("sha256").update(JSON.stringify(asked));
  for (const { u, y, inputs, outputs, sampleTime } of work) {
    hash.update(JSON.stringify([inputs, outputs, sampleTime, u.length, y.length]));
    for (const { buffer, byteOffset, byteLength } of [u, y])
      hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest("hex");
}

/** Leaves the state of a training in the folder of its result, whole. @throws InputError */
export function keepState(folder: string, state: RenFitState, hash: string): void {
  const { sequences, history, best } = state;
  const line = (data: Float32Array | Float64Array): Tensor => tensorOf(data, [data.length]);
  const tensors: Record<string, Tensor> = {
    theta: line(sequences.theta),
    history: line(Float64Array.from(history)),
    ...Object.fromEntries(sequences.slots.map((slot, i) => [`slot.${i}`, line(slot)])),
    ...Object.fromEntries(
      Object.entries(best.parameters).map(([name, tensor]) => [prefix + name, tensor]),
    ),
  };
  const metadata = {
    training: hash,
    step: String(sequences.step),
    best: String(best.at),
    slots: String(sequences.slots.length),
  };
  writeFiles(folder, { [stateFile]: formatSafetensors({ tensors, metadata }) });
}

/**
 * The state that an interrupted training left.
 *
 * @throws UsageError  where there is none
 * @throws DataError  for that of other data or options, and a damaged file
 */
export function keptState(folder: string, hash: string): RenFitState {
  const path = join(folder, stateFile);
  if (!existsSync(path))
    throw new UsageError(
      `${path} is not there: no interrupted training to go on with`,
      "leave --resume out",
    );
  const { tensors, metadata } = parseSafetensors(readFileSync(path), path);
  if (metadata.training !== hash)
    throw new DataError(`${path} is of other data or options, or of another version`, {
      hint: "go on with the command that was interrupted and --resume; or begin anew with --force",
    });
  const { step, best, slots } = metadata;
  const numbers = (name: string) => tensors[name].data as Float32Array;
  return {
    sequences: {
      step: Number(step),
      theta: numbers("theta"),
      slots: Array.from({ length: Number(slots) }, (_, i) => numbers(`slot.${i}`)),
    },
    history: Array.from(tensors.history.data, Number),
    best: {
      at: Number(best),
      parameters: Object.fromEntries(
        Object.entries(tensors)
          .filter(([name]) => name.startsWith(prefix))
          .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
      ),
    },
  };
}

/** After a training that has ended. */
export const dropState = (folder: string): void => rmSync(join(folder, stateFile), { force: true });
