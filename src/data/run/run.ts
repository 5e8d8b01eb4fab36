import type { TensorFile } from "../tensors/tensor-file.ts";

/** One number a step: steps strictly increasing, values as logged (NaN and ±Infinity kept). */
export interface Series {
  readonly name: string;
  readonly source: string; // the file, or the folder of several
  readonly steps: Float64Array;
  readonly values: Float64Array;
  /** What the log, or putting it in order, may have done to the numbers. */
  readonly caveats: readonly string[];
  /** Steps from which on another learning rate lasted; left out where none is logged. */
  readonly rateSteps?: readonly number[];
}

/** A file of a run that was read, or a group of files of one kind. */
export interface RunSource {
  /**
   * "eigenflow-metrics", "csv", "lightning-csv", "keras-csv", "wandb-csv", "jsonl", "tensorboard",
   * "hf-trainer-state", "mlflow", "torch", "safetensors", "npy" or "npz"
   */
  readonly kind: string;
  readonly path: string;
  readonly summary: string;
  /** What this kind of log is known to distort, and what was wrong with this one. */
  readonly caveats: readonly string[];
}

/** Tensors of one step. */
export interface Snapshot {
  readonly step: number;
  readonly path: string;
  readonly files: readonly TensorFile[]; // several: a sharded checkpoint
}

export interface OpenedRun {
  readonly path: string;
  /** "eigenflow", "lightning", "hf", "snapshots", or the kind of the only source. */
  readonly kind: string;
  readonly sources: readonly RunSource[];
  readonly series: readonly Series[];
  readonly snapshots: readonly Snapshot[]; // steps strictly increasing
  readonly caveats: readonly string[];
}

/** What a reader makes of one source. */
export interface ReadLog {
  readonly source: RunSource;
  readonly series: readonly Series[];
  readonly snapshots?: readonly Snapshot[];
}

/** "1 file", "3 files". */
export const counted = (n: number, noun: string): string =>
  `${n.toLocaleString("en")} ${noun}${n === 1 || noun === "series" ? "" : "s"}`;
