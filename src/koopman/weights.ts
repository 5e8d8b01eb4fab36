/** One exponential in the motion of the weights: increments are Σ_j z_j α_j λ_jⁿ. Pairs stand twice. */
export interface WeightMode {
  readonly re: number; // λ per snapshot
  readonly im: number;
  readonly modulus: number;
  readonly residual: number; // ‖A z − λ z‖, |z| = 1
  /** |α| |λ|^(M−1), its share of all: what of the present motion is this mode's. */
  readonly importance: number;
  /** Steps until it is half as large; null where it does not decay. */
  readonly halfLife: number | null;
  /** By its residual, at most 0.1. */
  readonly trusted: boolean;
}

/** The motion of some weights, all of them or those of one tensor. */
export interface WeightsMotion {
  readonly coordinates: number;
  readonly rank: number; // modes that rise above the rounding of the files and the noise
  readonly spectrum: readonly WeightMode[]; // the most important first
  /** ‖w‖ at each snapshot, ‖w_{i+1} − w_i‖ from each to the next. */
  readonly norms: readonly number[];
  readonly increments: readonly number[];
  /** ‖w_∞ − w_T‖ / ‖w_T‖ as predicted from the modes that decay; null where none can be told. */
  readonly remaining: number | null;
  /** ‖QᵀQ − I‖ of the basis that the spectrum was computed in. */
  readonly orthogonality: number;
  readonly warnings: readonly string[];
}

/** What snapshots of the weights say. */
export interface WeightsAnalysis extends WeightsMotion {
  readonly snapshots: number;
  readonly steps: readonly number[];
  readonly spacing: number; // steps from one snapshot to the next
  readonly tensors: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly layers: readonly (WeightsMotion & { readonly name: string })[]; // empty unless asked for
  /** "stop": little is left to move, and the loss says stop as well, where there is one. */
  readonly decision: "stop" | "continue" | "insufficient-data";
  readonly sentence: string;
  /** Whether the verdict on the loss is the same; null without one. */
  readonly lossAgrees: boolean | null;
}
