import { createHash } from "node:crypto";
import { readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "../errors.ts";
import { tensorOf } from "../graph/tensor.ts";
import { writeAtomically } from "./atomic-file.ts";
import type { TrainingState } from "./events.ts";
import { formatSafetensors, parseSafetensors } from "./safetensors.ts";

/** A run at one step: the rest of it follows from this and the configuration, to the byte. */
export interface Checkpoint {
  readonly state: TrainingState;
  /** Lines of metrics.jsonl that were written by then; what comes after them is written anew. */
  readonly metricsLines: number;
}

/** θ and the optimiser's vectors as tensors, the rest as JSON, and the SHA-256 of both. */
export function formatCheckpoint({ state, metricsLines }: Checkpoint): Uint8Array {
  const { theta, slots, kept = {}, began, ...counts } = state;
  const tensors = Object.fromEntries([
    ["theta", tensorOf(theta, [theta.length])],
    ...(began ? [["began", tensorOf(began, [began.length])]] : []),
    ...slots.map((slot, i) => [`slot.${i}`, tensorOf(slot, [slot.length])]),
    ...Object.entries(kept).map(([name, tensor]) => [`kept.${name}`, tensor]),
  ]);
  const metadata = { state: JSON.stringify({ ...counts, slots: slots.length, metricsLines }) };
  const sha256 = digest(formatSafetensors({ tensors, metadata }));
  return formatSafetensors({ tensors, metadata: { ...metadata, sha256 } });
}

/** @throws DataError  for a file that is torn, or of which a single bit has changed */
export function parseCheckpoint(bytes: Uint8Array, source: string): Checkpoint {
  const { tensors, metadata } = parseSafetensors(bytes, source);
  const { sha256, ...rest } = metadata;
  if (sha256 !== digest(formatSafetensors({ tensors, metadata: rest })))
    throw new DataError(`${source}: the checksum does not match`);
  const { slots, metricsLines, ...counts } = JSON.parse(metadata.state);
  const vector = (name: string) => tensors[name].data as Float32Array;
  const vectors = Array.from({ length: slots }, (_, i) => vector(`slot.${i}`));
  const kept = Object.entries(tensors)
    .filter(([name]) => name.startsWith("kept."))
    .map(([name, tensor]) => [name.slice("kept.".length), tensor]);
  const state: TrainingState = {
    ...counts,
    theta: vector("theta"),
    slots: vectors,
    ...(tensors.began && { began: vector("began") }),
    ...(kept.length > 0 && { kept: Object.fromEntries(kept) }),
  };
  return { state, metricsLines };
}

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

const named = /^\d{8,}\.safetensors$/;
const newestFirst = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => named.test(name))
    .sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10));

/** Saves a checkpoint under its step. The one before stays, in case this one is damaged later. */
export function saveCheckpoint(folder: string, checkpoint: Checkpoint): void {
  const { step } = checkpoint.state;
  const name = `${String(step).padStart(8, "0")}.safetensors`;
  writeAtomically(join(folder, name), formatCheckpoint(checkpoint));
  const old = newestFirst(folder).filter((other) => Number.parseInt(other, 10) <= step);
  for (const other of old.slice(2)) rmSync(join(folder, other), { force: true });
}

/** The newest whole checkpoint, and why newer ones were passed over; they are set aside. */
export function loadCheckpoint(folder: string): {
  checkpoint: Checkpoint | null;
  damaged: string[];
} {
  const damaged: string[] = [];
  for (const name of newestFirst(folder)) {
    const path = join(folder, name);
    try {
      return { checkpoint: parseCheckpoint(readFileSync(path), name), damaged };
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      damaged.push(error.message);
      renameSync(path, `${path}.damaged`);
    }
  }
  return { checkpoint: null, damaged };
}
