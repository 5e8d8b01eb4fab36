import { UsageError } from "../errors.ts";
import type { Metrics, TrainingState } from "./events.ts";

/** What a watcher sees after an epoch. */
export interface Seen {
  readonly epoch: number; // done since the start of this attempt, from 1
  readonly total: number; // done since the start of the run
  readonly attempt: number; // restarts before
  readonly train: Metrics;
  readonly test: Metrics;
  readonly theta: Float32Array; // parameters end to end; not to be written to
  readonly weightNorm?: number;
  readonly moved?: number; // ‖Δθ‖ of this epoch
}

/** One thing that a watcher found; what else it carries is for the log. */
export interface Finding {
  readonly of: string; // "loss", "val", …
  readonly decision: string;
  readonly sentence: string;
  readonly [more: string]: unknown;
}

/**
 * What a watcher wants done. "stop": the weights are worth having; "give-up": they are not. "restart":
 * begin anew from another seed, or give up where the restarts are used up.
 */
export interface Advice {
  readonly act: "continue" | "stop" | "restart" | "give-up";
  readonly reason: string;
  readonly findings?: readonly Finding[];
}

/** Called after every epoch, in order. A run that is resumed goes on from where it was. */
export type Observe = (seen: Seen) => Advice;

/** Weights that may lie ahead on the path of training. */
export interface Candidate {
  readonly horizon: number; // epochs ahead
  readonly theta: Float32Array;
}

/** Jumps between stretches of training. */
export interface Accelerate {
  /** Epochs of training before a jump is tried, w. */
  readonly window: number;
  /** Candidates from the weights after each epoch of the stretch, w + 1 of them, the oldest first. */
  readonly propose: (history: readonly Float32Array[]) => readonly Candidate[];
  /** What becomes of the optimiser's state at an accepted jump. */
  readonly optimiser: "keep" | "reset";
  /** Of a resumed run: the weights after each epoch of the stretch under way. */
  readonly history?: readonly Float32Array[];
}

/** Seeds of restarts lie far apart, so that runs with neighbouring seeds do not meet. */
export const attemptSeed = (seed: number, attempt: number): number => seed + 1_000_000 * attempt;

/**
 * The weights of the stretch under way that a run goes on with; none for a run from its start.
 *
 * @throws UsageError  for a window that is none, or a history that is not that of the stretch
 */
export function stretchOf(
  { window, optimiser, history = [] }: Accelerate,
  resume: TrainingState | undefined,
): readonly Float32Array[] {
  if (!(Number.isInteger(window) && window >= 4))
    throw new UsageError(`fit: accelerate.window = ${window}`, "a whole number, at least 4");
  if (optimiser !== "keep" && optimiser !== "reset")
    throw new UsageError(`fit: accelerate.optimiser = ${optimiser}`, "keep or reset");
  if (resume === undefined) return [];
  const done = resume.epoch - (resume.stretch ?? 0);
  if (history.length !== done + 1)
    throw new UsageError(
      `fit: ${history.length} weights of a stretch of ${done} epochs`,
      "a resumed run needs accelerate.history: the weights at its start and after each of its epochs",
    );
  return history;
}
