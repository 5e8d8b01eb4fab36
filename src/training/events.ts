import type { Kept } from "./supplies.ts";
import type { Advice, Finding } from "./watch.ts";

/** Sums over steps of one direction's solves; means are sums over `samples`. */
export interface SolverSummary {
  readonly meanIterations: number;
  readonly mostIterations: number;
  /** Share of samples whose solve did not converge. */
  readonly unconverged: number;
  /** Share of samples whose solve took a fixed number of steps, of a solver that claims no convergence. */
  readonly truncated?: number;
}

export interface Metrics {
  readonly loss: number; // mean over the samples seen
  readonly accuracy?: number; // of classes, in 0 … 1
  readonly gradientNorm?: number; // mean over the steps, where it was asked for or is clipped
  readonly forward?: SolverSummary;
  readonly backward?: SolverSummary;
}

/** Everything that decides the rest of a run; numbers that go to the checkpoint as they are. */
export interface TrainingState {
  readonly epoch: number; // counted from 0, the one under way
  readonly step: number; // steps done since the start
  readonly theta: Float32Array; // parameters end to end [P]
  readonly slots: readonly Float32Array[]; // the optimiser's state, each [P]
  readonly sums: EpochSums; // of the epoch under way
  /** θ at the start of the epoch under way, where it is observed. */
  readonly began?: Float32Array;
  readonly kept?: Kept; // what the model has training keep for it
  readonly attempt?: Attempt; // after a restart
  /** The step after which the optimiser's vectors were last all zero, if not the first. */
  readonly slotsSince?: number;
  /** The epoch since which the weights have been trained without a jump, where jumps are made. */
  readonly stretch?: number;
  /** A run that a watcher has ended; it stays so. */
  readonly ended?: { readonly status: FitStatus; readonly reason: string };
}

/** A run begun anew from other weights; epochs and steps count on. */
export interface Attempt {
  readonly number: number; // 1 after the first restart
  readonly epoch: number; // epochs and steps done before it
  readonly step: number;
}

/** Totals of the epoch under way, from which its metrics are made. */
export interface EpochSums {
  readonly samples: number;
  readonly loss: number;
  readonly correct: number;
  readonly gradientNorm?: number;
  readonly forward: SolverSums;
  readonly backward: SolverSums;
}
export interface SolverSums {
  readonly iterations: number;
  readonly most: number;
  readonly failed: number;
  readonly truncated?: number;
}

/** How a run ended. A watcher's verdict: "stopped-by-verdict" has weights worth having, "given-up" not. */
export type FitStatus =
  | "completed"
  | "stopped"
  | "stopped-by-verdict"
  | "given-up"
  | "non-finite"
  | "solver-failed";

export interface StepMetrics {
  readonly step: number;
  readonly epoch: number;
  readonly rate: number;
  readonly loss: number;
  readonly gradientNorm?: number;
  readonly forward?: SolverSummary;
  readonly backward?: SolverSummary;
}

export type TrainEvent =
  | {
      readonly type: "start";
      readonly parameters: number;
      readonly steps: number; // of the whole run
      readonly stepsPerEpoch: number;
      readonly epochs: number;
      readonly resumedAt: number; // steps done before
    }
  /** After each call of the runtime: many steps. `logged` are those that the log asks for. */
  | {
      readonly type: "step";
      readonly epoch: number;
      readonly step: number;
      readonly metrics: Metrics; // of the epoch so far
      readonly logged: readonly StepMetrics[];
      readonly secondsPerStep: number;
    }
  | { readonly type: "checkpoint"; readonly state: TrainingState }
  | {
      readonly type: "epoch";
      readonly epoch: number;
      readonly step: number;
      readonly train: Metrics;
      readonly test: Metrics;
      readonly weightNorm?: number; // ‖θ‖, where norms were asked for
      readonly moved?: number; // ‖Δθ‖ of the epoch, where it is observed
      readonly seconds: number;
    }
  /** What a watcher said after an epoch. */
  | {
      readonly type: "verdict";
      readonly epoch: number;
      readonly step: number;
      readonly act: Advice["act"];
      readonly reason: string;
      readonly findings: readonly Finding[];
    }
  /** Training begins anew; `epochs` and `steps` are those of the run if this attempt goes to its end. */
  | {
      readonly type: "restart";
      readonly epoch: number;
      readonly step: number;
      readonly attempt: number;
      readonly seed: number;
      readonly epochs: number;
      readonly steps: number;
      readonly reason: string;
    }
  /** Weights ahead of training were tried, by the training loss. */
  | {
      readonly type: "jump";
      readonly epoch: number;
      readonly step: number;
      readonly accepted: boolean;
      readonly before: number; // loss of the trained weights
      readonly after: number; // of those that training goes on with
      readonly tried: readonly { readonly horizon: number; readonly loss: number }[];
    }
  | {
      readonly type: "end";
      readonly status: FitStatus;
      readonly reason: string;
      readonly state: TrainingState; // the last good one
    };
